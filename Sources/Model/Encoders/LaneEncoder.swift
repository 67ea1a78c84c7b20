// `unsafe` is sound here because every pointer is into the arena or a leaf that was sized from the same
// plan, and none is kept after the call.
public import Tensors

/// A 3D-ResNet on one lane: forward and backward passes over microbatches of N clips.
///
/// `@unchecked Sendable`: a lane encoder is used by one lane at a time; weights are only read.
@safe
public final class LaneEncoder: @unchecked Sendable {
  /// The plan of the network.
  public let network: ResNet3D
  /// The clips of a microbatch, N.
  public let clips: Int
  /// The length of a leaf: parameters' gradients, then the batch's means and unbiased variances.
  public var leafCount: Int {
    network.layout.parameterCount + network.layout.statisticsCount
  }

  let training: EncoderProgram?
  let evaluation: EncoderProgram
  let runner: InstructionRunner
  let arena: LaneArena

  /// The memory of an evaluated microbatch's activations, in bytes.
  public static func embeddingBytes(_ network: ResNet3D, clips: Int, precision: Precision) -> Int {
    EncoderProgram(
      network, clips: clips, precision: precision, mode: .evaluation,
      scratchBytes: network.units.map { _ in 0 }
    ).plan.laneBytes
  }

  /// Creates the primitives and the arena.
  ///
  /// - Parameter slots: the microbatches that are kept at once, or 0 for evaluation alone. Where the
  ///   weights were packed without backward passes, one slot is as good as several.
  public init(_ packed: PackedWeights, slots: Int) throws(ModelError) {
    network = packed.weights.network
    clips = packed.clips
    training = slots > 0 ? packed.program(.training) : nil
    evaluation = packed.program(.evaluation)
    runner = try InstructionRunner(packed)
    arena = LaneArena(training: training, evaluation: evaluation, slots: slots)
  }

  /// The place where a slot's clips are written, N·C·T·H·W floats, right before its forward pass.
  ///
  /// In evaluation there is one place, whatever the slot.
  public func input(slot: Int, mode: Mode) -> UnsafeMutableBufferPointer<Float> {
    unsafe UnsafeMutableBufferPointer(
      start: arena.places(mode, slot: slot).floats(program(mode).input),
      count: clips * network.clipElements)
  }

  /// Embeds a slot's clips: pooled features N·F and embeddings N·D, neither normalised.
  public func forward(slot: Int, mode: Mode) -> (features: Matrix, embeddings: Matrix) {
    let program = program(mode)
    unsafe run(program, program.forward, slot: slot, nil, nil)
    let places = arena.places(mode, slot: slot)
    let features = unsafe matrix(places.floats(program.features), network.features)
    guard network.head != nil else { return (features, features) }
    return (
      features, unsafe matrix(places.floats(program.embeddings), network.embeddingWidth)
    )
  }

  /// Back-propagates a slot's embedding gradients N·D into a leaf of `leafCount` floats.
  public func backward(
    slot: Int, gradient: Matrix, into leaf: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(
      gradient.rows == clips && gradient.columns == network.embeddingWidth
        && leaf.count == leafCount)
    let program = program(.training)
    precondition(program.hasBackward, "these weights are packed without backward passes")
    unsafe gradient.values.withUnsafeBufferPointer { values in
      unsafe run(program, program.backward, slot: slot, values.baseAddress, leaf.baseAddress)
    }
  }

  /// Runs a part of a program on a slot's places; allocates nothing.
  func run(
    _ program: EncoderProgram, _ part: Range<Int>, slot: Int, _ gradient: UnsafePointer<Float>?,
    _ leaf: UnsafeMutablePointer<Float>?
  ) {
    unsafe runner.run(
      program, part, arena.places(program.mode, slot: slot), gradient: gradient, leaf: leaf)
  }

  private func program(_ mode: Mode) -> EncoderProgram {
    guard mode == .training else { return evaluation }
    guard let training else { preconditionFailure("this encoder has no slot to train in") }
    return training
  }

  private func matrix(_ values: UnsafePointer<Float>, _ columns: Int) -> Matrix {
    Matrix(
      rows: clips, columns: columns,
      values: unsafe Array(UnsafeBufferPointer(start: values, count: clips * columns)))
  }
}
