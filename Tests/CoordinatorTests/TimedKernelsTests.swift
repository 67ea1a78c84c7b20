import Collective
import Foundation
import Synchronization
import Testing

@testable import Coordinator
@testable import Model

/// `convolutions: timed`, with times that a test makes up: the choice is one for all ranks, and belongs
/// to the checkpoint.
@Suite(.serialized) struct TimedKernelsTests {
  /// A timer that takes one kind of implementation for the fastest, and counts how often it is asked.
  private final class Stopwatch: Sendable {
    private let asked = Atomic(0)
    let prefix: String

    init(_ prefix: String) { self.prefix = prefix }

    var count: Int { asked.load(ordering: .relaxed) }

    func source(_ cache: KernelCache? = nil) -> KernelSource {
      KernelSource(cache: cache) { [self] probe, direction in
        asked.add(1, ordering: .relaxed)
        return probe.implementation(direction).hasPrefix(prefix) ? 1 : 2
      }
    }
  }

  private let world: SampleWorld
  private let cacheFolder: TemporaryDirectory

  init() throws {
    let classes = ["Ape", "Bear", "Cat", "Dog"]
    world = try SampleWorld(
      train: (0..<16).map { "\(classes[$0 / 4])/\(100 + $0).mp4" }, test: [])
    cacheFolder = try TemporaryDirectory()
  }

  @discardableResult
  private func train(
    _ name: String, _ watch: Stopwatch, ranks: Int = 1, lanes: Int = 1,
    objective: ObjectiveSettings.Name = .simclr, stoppingAfter steps: Int = .max,
    resumes: Bool = false
  ) throws -> (summary: RunSummary, kernels: KernelChoices) {
    let configuration = try RunConfiguration.resolve(
      yaml: try world.configuration.yaml(), origin: "smoke",
      overrides: ["objective.name=\(objective.rawValue)", "convolutions=timed"])
    var request = TrainingRequest(
      configuration: configuration, data: world.data, output: world.path(name), lanes: lanes,
      ranksOfMachine: ranks)
    request.resumes = resumes
    let all = try Launch.simulated(ranks: ranks, deadline: .seconds(60)) { [request] communicator in
      let taken = Mutex(0)
      var run = try TrainingRun(
        request, communicator: communicator, kernelSource: watch.source(),
        shouldStop: {
          taken.withLock {
            $0 += 1; return $0 >= steps
          }
        })
      return (summary: try run.run(), kernels: run.kernels)
    }
    #expect(all.allSatisfy { $0 == all[0] })
    return all[0]
  }

  @Test(.timeLimit(.minutes(10)), arguments: [ObjectiveSettings.Name.simclr, .moco])
  func `one choice ends with the same bits on any ranks and lanes, and another with others`(
    objective: ObjectiveSettings.Name
  ) throws {
    let watch = Stopwatch("winograd F(2x2")
    let alone = try train("1x1", watch, objective: objective)
    guard winogradIsUsed(by: alone.kernels) else { return }  // This CPU has no AVX2.
    for (ranks, lanes) in [(1, 2), (2, 1), (4, 1)] {
      let other = try train(
        "\(ranks)x\(lanes)", watch, ranks: ranks, lanes: lanes, objective: objective)
      #expect(other == (withPath(alone.summary, other.summary.run), alone.kernels))
    }
    let direct = try train("direct", Stopwatch("no such thing, so all alike"), objective: objective)
    #expect(direct.kernels != alone.kernels)
    #expect(direct.summary.weights_hash != alone.summary.weights_hash)
  }

  @Test(.timeLimit(.minutes(10)))
  func `a resumed run keeps the checkpoint's choice and times nothing`() throws {
    let (watch, later) = (Stopwatch("winograd F(2x2"), Stopwatch("brgconv"))
    let whole = try train("whole", watch)
    let stopped = try train("stopped", watch, ranks: 2, stoppingAfter: 3)
    #expect(stopped.summary.stopped && stopped.kernels == whole.kernels)
    let resumed = try train("stopped", later, lanes: 2, resumes: true)
    #expect(later.count == 0)
    #expect(resumed.kernels == whole.kernels)
    #expect(resumed.summary.weights_hash == whole.summary.weights_hash)
    #expect(resumed.summary.loss.bitPattern == whole.summary.loss.bitPattern)

    // Whoever embeds with the run's weights takes its kernels as well, in the same precision.
    let loaded = try WeightsSource.run(world.path("stopped")).load(nil)
    #expect(loaded.trainedWith == whole.kernels)
    var other = loaded.configuration
    other.convolutions = .direct
    #expect(try WeightsSource.run(world.path("stopped")).load(other).trainedWith == nil)
  }

  @Test(.timeLimit(.minutes(10)))
  func `rank 0's times decide`() throws {
    let network = try ResNet3D(EncoderArchitecture(), frames: 4, size: 32)
    let timing = KernelTiming(network, clips: 2, precision: .fp32, isTraining: true)
    let watches = ["winograd F(2x2", "winograd F(4x2", ""].map(Stopwatch.init)
    let all = try Launch.simulated(ranks: 3, deadline: .seconds(30)) { communicator in
      try watches[communicator.rank].source().choices(.timed, timing, communicator)
    }
    #expect(all.allSatisfy { $0 == all[0] })
    #expect(try all[0] == watches[0].source().choices(.timed, timing))
    #expect(watches[1].count == 0 && watches[2].count == 0)
  }

  @Test(.timeLimit(.minutes(10)))
  func `the machine's cache saves the timing, and a damaged file counts for nothing`() throws {
    let network = try ResNet3D(EncoderArchitecture(), frames: 4, size: 32)
    func timing(_ clips: Int) -> KernelTiming {
      KernelTiming(network, clips: clips, precision: .fp32, isTraining: true)
    }
    let cache = KernelCache(directory: cacheFolder.file("kernels"))
    let watch = Stopwatch("winograd F(2x2")
    let first = try watch.source(cache).choices(.timed, timing(2))
    let count = watch.count
    guard count > 0 else { return }  // This CPU has no AVX2.

    let other = Stopwatch("winograd F(4x4")
    #expect(try other.source(cache).choices(.timed, timing(2)) == first)
    #expect(other.count == 0)
    #expect(try other.source(cache).choices(.timed, timing(1)) != first)
    #expect(other.count > 0)
    #expect(try other.source(cache).choices(.auto, timing(2)) == KernelChoices(.f4))

    let files = try FileManager.default.contentsOfDirectory(atPath: cacheFolder.file("kernels"))
    #expect(files.count == 2)
    for name in files {
      let path = cacheFolder.file("kernels/" + name)
      let whole = try String(contentsOfFile: path, encoding: .utf8)
      guard whole.contains(timing(2).summary.replacing("\n", with: "\\n")) else { continue }
      for text in ["", "{}", whole.replacing(#""0" : {"#, with: #""99" : {"#)] {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try watch.source(cache).choices(.timed, timing(2)) == first)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == whole)
      }
    }
    #expect(watch.count == 4 * count)
  }

  @Test func `A checkpoint's kernels are those it names`() throws {
    var configuration = RunConfiguration()
    let network = try configuration.network()
    func taken(_ saved: ConvolutionMethod, _ asked: ConvolutionMethod) throws -> ConvolutionMethod?
    {
      configuration.convolutions = asked
      let kernels = SavedKernels(
        precision: configuration.precision, choices: KernelChoices(saved))
      let contents = CheckpointContents(
        tensors: [:], epoch: 1, step: 1, text: [SavedKernels.fileName: try kernels.text()])
      return SavedKernels.choices(in: contents, for: configuration, network)?.method
    }
    for (precision, before) in [(Precision.fp32, ConvolutionMethod.f4), (.bf16, .f2)] {
      configuration.precision = precision
      // What builds before named forms meant by auto.
      #expect(try taken(.auto, .auto) == before)
      #expect(try taken(.f4x2, .auto) == .f4x2 && taken(.f4x2, .f4x2) == .f4x2)
      #expect(try taken(.f4x2, .direct) == nil && taken(.direct, .timed) == nil)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `what was timed is what is checked, and gives way where it is wrong`() throws {
    let network = try ResNet3D(EncoderArchitecture(), frames: 4, size: 32)
    let check = KernelCheck(network, clips: 2, precision: .fp32, for: .training)
    let timed = try Stopwatch("winograd F(2x2").source().choices(
      .timed, KernelTiming(network, clips: 2, precision: .fp32, isTraining: true))
    guard winogradIsUsed(by: timed) else { return }  // This CPU has no AVX2.
    let all = try Launch.simulated(ranks: 2, deadline: .seconds(30)) { communicator in
      var notes: [String] = []
      let trust = KernelTrust(check) { choices, _ in
        try check.rows(choices) { probe, direction in
          if communicator.rank == 1 && probe.name == "layer1.0.conv1.0" && direction == .forward
            && probe.implementation(direction).hasPrefix("winograd")
          {
            probe.forget(direction)
          }
        }
      }
      return (try trust.settle(timed, communicator) { notes.append($0) }, notes)
    }
    for (choices, notes) in all {
      #expect(choices == all[0].0 && notes.count == 1)
      #expect(notes[0].contains("winograd F(2x2,3x3)") && notes[0].contains("on rank 1"))
      #expect(choices[1] == ConvolutionChoice(.direct, isMeasured: true))
      #expect(choices[2] == choices[1], "layer 1 has two convolutions of this shape")
      #expect(choices.covers(units: network.unitCount) && choices.method == .timed)
    }
  }

  /// Law 7: a rank whose cache is empty may check for longer than the deadline, a shape at a time.
  @Test(.timeLimit(.minutes(10)))
  func `a rank that checks slowly is not given up`() throws {
    let network = try ResNet3D(EncoderArchitecture(), frames: 4, size: 32)
    let check = KernelCheck(network, clips: 1, precision: .fp32, for: .embedding)
    let rows = try check.rows(KernelChoices(.auto))
    let shapes = check.shapeCount(KernelChoices(.auto))
    let pause = 3 / Double(shapes)
    let all = try Launch.simulated(ranks: 2, deadline: .seconds(2)) { communicator in
      let trust = KernelTrust(check) { _, afterShape in
        guard communicator.rank == 1 else { return rows }
        for _ in 0..<shapes {
          Thread.sleep(forTimeInterval: pause)
          try afterShape()
        }
        return rows
      }
      return try trust.settle(KernelChoices(.auto), communicator) { _ in }
    }
    #expect(all.allSatisfy { $0.isPlain })
  }

  private func winogradIsUsed(by choices: KernelChoices) -> Bool {
    choices[1].methods.contains { $0 != .direct }
  }

  private func withPath(_ summary: RunSummary, _ run: String) -> RunSummary {
    var summary = summary
    summary.run = run
    return summary
  }
}
