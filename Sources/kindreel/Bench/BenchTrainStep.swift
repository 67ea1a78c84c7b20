public import ArgumentParser
import Collective
import Coordinator
import Foundation
public import Model
import Tensors
import Worker

/// The command `kindreel bench train-step`.
struct BenchTrainStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train-step",
    abstract: "A whole step on random clips: forward, loss, backward, reduction, update.",
    discussion: """
      gflops counts what a direct method computes, padding included, as others do. \
      fraction_of_limit counts only the taps inside the clip and is 1 where nothing but these \
      products takes time on all lanes, at the rate that registers alone reach; Winograd's method \
      goes above 1. arena_bytes is what the lanes' activations, gradients and scratch take, \
      update_seconds the optimiser and the packing of the weights. parts are shares of the step's \
      time; data is only the copying of clips here, kindreel train logs what making them takes. With \
      --json also: encoder, clip, batch, precision, convolutions, lanes, clips_per_second, \
      step_seconds, peak_rss_bytes and arena, which is arena_bytes in words.
      """)

  /// The networks that are timed.
  typealias Encoder = NamedEncoder

  @Option(help: "\(NamedEncoder.list).")
  var encoder = Encoder.actions

  @Option(help: "The clip, 3xTxSxS, for example 3x16x112x112.")
  var clip = "3x8x48x48"

  @Option(help: "Clips a lane; an even number but for --inference.")
  var batch = 16

  @Option(help: "fp32 or bf16.")
  var precision = Precision.fp32

  @Option(help: "auto, timed, direct, f2, f4x2 or f4.")
  var convolutions = ConvolutionMethod.auto

  @Option(help: "Lanes, each with its own microbatch.")
  var lanes = 2

  @Flag(help: "Time the embedding pass instead.")
  var inference = false

  @OptionGroup var options: BenchOptions

  func validate() throws {
    try BenchOptions.requirePositive([("batch", batch), ("lanes", lanes)])
    guard inference || batch % 2 == 0 else {
      throw ValidationError(
        "--batch is \(batch); a step has two views of each video, so it must be even")
    }
  }

  func run() throws {
    try reportingFailure {
      let network = try Self.network(encoder, clip: clip, batch: batch)
      let (batch, lanes, precision, convolutions) = (batch, lanes, precision, convolutions)
      let (options, inference) = (options, inference)
      let (timing, updates, times, memory) = try Launch.simulated(ranks: 1, deadline: .seconds(600))
      {
        communicator in
        let kernels = try KernelSource.standard.choices(
          convolutions,
          KernelTiming(
            network, clips: batch, precision: precision, isTraining: !inference), communicator)
        let replica = try Replica(
          EncoderWeights(network, seed: 0), precision: precision, kernels: kernels, clips: batch,
          lanes: LanePool(count: lanes),
          for: inference ? .embedding : .training(microbatches: lanes, memory: .max))
        var step = RandomStep(replica, communicator)
        let timing = try options.time { inference ? try step.embed() : try step.train() }
        return (timing, step.updates, step.times, replica.memory)
      }[0]
      let clips = Double(batch * lanes)
      let work = Double(network.multiplications) * 2 * (inference ? 1 : 3) * clips
      var figures: [String: BenchFigure] = [
        "encoder": .text(encoder.rawValue), "clip": .text(clip), "batch": .integer(batch),
        "lanes": .integer(lanes), "precision": .text(precision.rawValue),
        "convolutions": .text(convolutions.rawValue),
        "clips_per_second": .number(clips / timing.median), "step_seconds": .seconds(timing),
        "gflops": .number(work / timing.median / 1e9), "peak_rss_bytes": .integer(peakMemory),
        "arena_bytes": .integer(memory.byteCount), "arena": .text("\(memory)"),
      ]
      if !inference { figures["parts"] = .rows(Self.rows(times)) }
      if !updates.isEmpty { figures["update_seconds"] = .seconds(Seconds(updates)) }
      if let peak = Machine.peakProducts(precision) {
        let inside = Double(network.productsInside(training: !inference)) * clips
        figures["fraction_of_limit"] = .number(inside / timing.median / peak / Double(lanes))
      }
      try options.report(inference ? "inference" : "train-step", figures)
    }
  }
}

extension BenchTrainStep {
  /// What each part of a step takes of the whole; the first, untimed step counts, too.
  private static func rows(_ times: StepTimes) -> [[String: BenchFigure]] {
    times.parts.map {
      ["name": .text($0.name), "share": .number($0.seconds / max(times.total, 1e-9))]
    }
  }

  /// The network of an encoder for a batch of clips written as 3xTxSxS.
  static func network(_ encoder: Encoder, clip: String, batch: Int) throws -> ResNet3D {
    let extents = clip.split(separator: "x").compactMap { Int($0) }
    guard extents.count == 4, extents[0] == 3, extents[2] == extents[3] else {
      throw ValidationError("--clip is '\(clip)'; write 3xTxSxS, for example 3x16x112x112")
    }
    // Beyond that, not even one activation fits.
    guard extents[1] <= 1 << 12, extents[2] <= 1 << 12 else {
      throw ValidationError("--clip is '\(clip)'; T and S must be at most \(1 << 12)")
    }
    try BenchOptions.requireRoom(batch, 3 * extents[1] * extents[2] * extents[2])
    return try ResNet3D(encoder.architecture, frames: extents[1], size: extents[2])
  }
}

/// A step on random clips, in all its parts but the decoding.
private struct RandomStep {
  private let replica: Replica
  private let communicator: Communicator
  private let clips: [Float]
  private let optimizer: Optimizer
  private var objective: any Objective
  /// How long updating and packing the weights took, step after step.
  private(set) var updates: [Double] = []
  /// Where the time of all steps went.
  private(set) var times = StepTimes()

  init(_ replica: Replica, _ communicator: Communicator) {
    self.replica = replica
    self.communicator = communicator
    let layout = replica.weights.network.layout
    optimizer = Optimizer(OptimizerSettings(), layout: layout)
    objective = SimCLR()
    var random = RandomStream(seed: 0, purpose: .test)
    clips = random.normals(replica.clips * replica.weights.network.clipElements)
  }

  mutating func train() throws {
    let load: Replica.Load = { [clips] _, buffer in
      _ = unsafe buffer.update(fromContentsOf: clips)
    }
    let clock = ContinuousClock()
    let rows = try unsafe replica.forward(load).map(\.embeddings)
    let embedded = clock.now
    let half = replica.clips / 2
    let all = rows.flatMap(\.values)
    let views = Trainer.split(all, views: 2, perMicrobatch: half, width: rows[0].columns)
    let count = half * replica.microbatches
    let result = objective.evaluate(
      EmbeddedBatch(
        views: views, samples: [Array(0..<count), Array(0..<count)],
        fine: [Int32](repeating: -1, count: count),
        coarse: [Int32](repeating: -1, count: count)))
    let gradients = (0..<replica.microbatches).map { microbatch in
      Matrix(
        rows: 2 * half, columns: rows[0].columns,
        values: result.gradients.flatMap {
          $0.rows(microbatch * half..<(microbatch + 1) * half).values
        })
    }
    times.loss += (clock.now - embedded).inSeconds
    let sum = try unsafe replica.backward(gradients, load, reducing: communicator)
    updates.append(
      try clock.measure {
        try replica.update(by: optimizer, along: sum, learningRate: 1e-6)
      }.inSeconds)
    times.update += updates.last ?? 0
    times += replica.takeTimes()
  }

  func embed() throws {
    _ = try unsafe replica.embed(.pooled, 0..<replica.lanes.count) { [clips] _, buffer in
      _ = unsafe buffer.update(fromContentsOf: clips)
    }
  }
}

extension Precision: ExpressibleByArgument {}
extension ConvolutionMethod: ExpressibleByArgument {}
