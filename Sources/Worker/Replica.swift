// `unsafe` is sound here because buffers are lent for the time of one call, to one lane each.
public import Collective
public import Model
public import Tensors

/// One rank's copy of the encoder: lanes that compute this rank's microbatches.
public final class Replica {
  /// Writes a microbatch's clips, N·C·T·H·W floats; local microbatch numbers start at 0.
  public typealias Load =
    @Sendable (_ microbatch: Int, _ clips: UnsafeMutableBufferPointer<Float>) throws -> Void

  /// The weights in training.
  public let weights: EncoderWeights
  /// The lanes of this rank.
  public let lanes: LanePool
  /// The clips of a microbatch, N.
  public let clips: Int
  /// The microbatches of a step on this rank; 0 where it only embeds.
  public let microbatches: Int
  /// Whether activations stay in memory between forward and backward; otherwise they are
  /// recomputed.
  public let keepsActivations: Bool
  /// What the lanes' arenas take.
  public let memory: ArenaMemory
  private let stopwatch = Stopwatch()
  private let packed: PackedWeights
  private let workers: [Lane]

  /// What a replica is for.
  public enum Purpose: Sendable {
    /// Steps of `microbatches` on this rank, and embedding in between. Where keeping the activations
    /// of all of them takes more than `memory` bytes, they are recomputed.
    case training(microbatches: Int, memory: Int)
    /// Forward passes of `microbatches` with batch statistics, and embedding in between.
    case keys(microbatches: Int)
    /// Embedding alone: no backward pass, no gradients.
    case embedding
  }

  /// One lane's encoder, its share of the microbatches, and its part of the gradient sum.
  private struct Lane: Sendable {
    let encoder: LaneEncoder
    let microbatches: Range<Int>
    let sums: LaneSums
  }

  /// Creates the lanes' primitives and arenas.
  ///
  /// - Throws: where the CPU or oneDNN refuses, or the memory does not even hold one microbatch a lane.
  public init(
    _ weights: EncoderWeights, precision: Precision, kernels: KernelChoices, clips: Int,
    lanes: LanePool, for purpose: Purpose
  ) throws {
    self.weights = weights
    self.lanes = lanes
    self.clips = clips
    try lanes.run { _ in
      BLAS.useOneThread()
      Machine.useOneThread()
    }
    let slots: [Int]
    switch purpose {
    case .embedding:
      microbatches = 0
      packed = try PackedWeights(
        weights, clips: clips, precision: precision, choices: kernels, isTraining: false,
        lanes: lanes)
      memory = ArenaMemory(packed, slots: [Int](repeating: 0, count: lanes.count))
      keepsActivations = false
      slots = memory.slots
    case .keys(let count):
      microbatches = count
      packed = try PackedWeights(
        weights, clips: clips, precision: precision, choices: kernels, isTraining: false,
        lanes: lanes)
      memory = ArenaMemory(packed, slots: [Int](repeating: 1, count: lanes.count))
      keepsActivations = false
      slots = memory.slots
    case .training(let count, let budget):
      microbatches = count
      packed = try PackedWeights(
        weights, clips: clips, precision: precision, choices: kernels, lanes: lanes)
      memory = try ArenaMemory.fitting(
        packed, shares: (0..<lanes.count).map { Self.share($0, of: lanes.count, count).count },
        budget: budget)
      keepsActivations = memory.keepsActivations
      slots = memory.slots
    }
    var workers: [Lane] = []
    for lane in 0..<lanes.count {
      let encoder = try LaneEncoder(packed, slots: slots[lane])
      workers.append(
        Lane(
          encoder: encoder, microbatches: Self.share(lane, of: lanes.count, microbatches),
          sums: LaneSums(leafCount: encoder.leafCount, microbatches: microbatches)))
    }
    self.workers = workers
  }

  /// The microbatches that a lane computes.
  private static func share(_ lane: Int, of lanes: Int, _ microbatches: Int) -> Range<Int> {
    RankShare.range(of: microbatches, rank: lane, ranks: lanes)
  }

  /// The buffers of the gradient sum's length that a lane with so many microbatches fills, about.
  public static func gradientBuffers(microbatches: Int) -> Int {
    LaneSums.bufferCount(leaves: microbatches)
  }

  /// The length of the gradient sum: parameters, then batch means and variances.
  public var leafCount: Int { workers[0].encoder.leafCount }

  /// What a forward pass gives of a microbatch's clips, neither normalised: pooled features N·F, and
  /// embeddings N·D.
  public typealias Rows = (features: Matrix, embeddings: Matrix)

  /// Embeds this rank's microbatches; the rows of each, in order.
  ///
  /// - Parameter mode: with batch statistics, or with running ones, which nothing can be propagated back from.
  public func forward(_ load: Load, mode: Mode = .training) throws -> [Rows] {
    let none = Matrix(rows: 0, columns: 0)
    let results = Results<Rows>((none, none), count: microbatches)
    try run { [workers, keepsActivations] lane, times in
      let worker = workers[lane]
      for (place, microbatch) in worker.microbatches.enumerated() {
        let slot = keepsActivations ? place : 0
        try timing(&times.data) {
          try unsafe load(microbatch, worker.encoder.input(slot: slot, mode: mode))
        }
        results[microbatch] = timing(&times.forward) {
          worker.encoder.forward(slot: slot, mode: mode)
        }
      }
    }
    return results.values
  }

  /// Back-propagates the rows' gradients and sums them over all microbatches of all ranks.
  ///
  /// - Parameters:
  ///   - gradients: N·D for each of this rank's microbatches.
  ///   - load: as in `forward`; asked again where activations were not kept.
  /// - Returns: the sum, the same bits on every rank: parameters' gradients, then statistics.
  public func backward(
    _ gradients: [Matrix], _ load: Load, reducing communicator: Communicator
  ) throws -> AlignedStorage {
    try run { [workers, keepsActivations] lane, times in
      let worker = workers[lane]
      for (place, microbatch) in worker.microbatches.enumerated() {
        let slot = keepsActivations ? place : 0
        if !keepsActivations {
          try timing(&times.data) {
            try unsafe load(microbatch, worker.encoder.input(slot: slot, mode: .training))
          }
          timing(&times.forward) { _ = worker.encoder.forward(slot: slot, mode: .training) }
        }
        timing(&times.backward) {
          let leaf = worker.sums.buffer()
          unsafe worker.encoder.backward(
            slot: slot, gradient: gradients[microbatch], into: leaf.buffer)
          worker.sums.add(microbatch, leaf)
        }
      }
    }
    var times = StepTimes()
    defer { stopwatch.add(times) }
    return try timing(&times.reduction) { try reduce(communicator) }
  }

  /// Joins the lanes' sums, and adds them up over all ranks.
  private func reduce(_ communicator: Communicator) throws -> AlignedStorage {
    let (root, additions) = LaneSums.join(workers.map(\.sums))
    try unsafe communicator.sum(root.buffer) { markReady in
      // Joined bucket by bucket from the end, so that the first are on their way meanwhile.
      let bucket = 1 << 18
      for start in stride(from: 0, to: leafCount, by: bucket).reversed() {
        let range = start..<min(start + bucket, leafCount)
        let parts = lanes.count
        try lanes.forEach(parts) { part in
          let from = range.lowerBound + range.count * part / parts
          let to = range.lowerBound + range.count * (part + 1) / parts
          for addition in additions { accumulate(addition.from, into: addition.into, from..<to) }
        }
        markReady(range)
      }
    }
    return root
  }

  /// Runs work on every lane, and notes the lanes' times.
  private func run(
    _ work: @Sendable (_ lane: Int, _ times: inout StepTimes) throws -> Void
  ) throws {
    let times = Results(StepTimes(), count: lanes.count)
    var wall = 0.0
    try timing(&wall) {
      try lanes.run { lane in
        var mine = StepTimes()
        try work(lane, &mine)
        times[lane] = mine
      }
    }
    stopwatch.add(.mean(ofLanes: times.values, wall: wall))
  }

  /// The times of forward and backward passes and of reductions since this was last asked.
  public func takeTimes() -> StepTimes { stopwatch.take() }

  /// The Euclidean norm of the parameters' part of a gradient sum, in blocks of fixed size.
  public func gradientNorm(of sum: AlignedStorage) throws -> Double {
    let count = weights.network.layout.parameterCount
    let blocks = GradientNorm.blockCount(of: count)
    let squares = Results(0.0, count: blocks)
    try lanes.forEach(blocks) { block in
      let gradients = unsafe UnsafeBufferPointer(sum.buffer.extracting(0..<count))
      squares[block] = unsafe GradientNorm.squares(ofBlock: block, in: gradients)
    }
    return GradientNorm.norm(ofBlockSquares: squares.values)
  }

  /// Updates the weights along a gradient sum, for the passes that follow; running statistics stay.
  public func update(
    by optimizer: Optimizer, along sum: AlignedStorage, learningRate: Float,
    gradientScale: Float = 1
  ) throws {
    try packed.update(
      by: optimizer, along: sum, learningRate: learningRate, gradientScale: gradientScale,
      lanes: lanes)
  }

  /// Takes the weights as they are now, where somebody else changed them.
  public func refresh() { packed.refresh(lanes: lanes) }

  /// Embeds blocks of N clips with running statistics.
  ///
  /// - Parameters:
  ///   - feature: which output is wanted.
  ///   - blocks: the block numbers; lanes take them as they come.
  ///   - load: writes a block's clips, N·C·T·H·W floats.
  /// - Returns: the rows of every block, in the blocks' order, not normalised.
  public func embed(
    _ feature: Feature, _ blocks: Range<Int>,
    _ load: @Sendable (_ block: Int, _ clips: UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws -> [Matrix] {
    let rows = Results(Matrix(rows: 0, columns: 0), count: blocks.count)
    let tickets = LanePool.Ticket()
    try lanes.run { [workers] lane in
      let encoder = workers[lane].encoder
      while let place = tickets.take(below: blocks.count) {
        try unsafe load(blocks.lowerBound + place, encoder.input(slot: 0, mode: .evaluation))
        let result = encoder.forward(slot: 0, mode: .evaluation)
        rows[place] =
          switch feature {
          case .pooled: result.features
          case .head: result.embeddings
          case .map: encoder.featureMaps()
          }
      }
    }
    return rows.values
  }
}
