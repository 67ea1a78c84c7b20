// `unsafe` is sound here because every address comes from the plan that sized the arena, all ranges
// from the layout that sized the flat buffers, and counts from the shapes that both were made of.
internal import CKernels
internal import Tensors

/// Runs the instructions of a program: one kernel each.
///
/// Nothing is allocated here, except by oneDNN for its arguments.
@safe
final class InstructionRunner {
  private let packed: PackedWeights
  private let network: ResNet3D
  private let type: ck_type
  private let clips: Int64
  private let units: [UnitRunner]
  private let head: HeadRunner?
  private let vectors: AlignedStorage
  private let poolGrid: ck_grid?
  private let blockGrids: [ck_grid]

  /// Creates the primitives of one lane.
  init(_ packed: PackedWeights) throws(ModelError) {
    self.packed = packed
    let network = packed.weights.network
    self.network = network
    type = packed.precision.type
    clips = Int64(packed.clips)
    var units: [UnitRunner] = []
    for index in network.units.indices { units.append(try UnitRunner(index, packed: packed)) }
    self.units = units
    head = network.head.map { HeadRunner($0, clips: packed.clips, weights: packed.weights) }
    let channels = (network.units.map(\.outputChannels) + [network.head?.hidden ?? 0]).max() ?? 0
    vectors = AlignedStorage(count: 2 * channels)
    func grid(_ input: Extent, _ channels: Int, _ output: Extent) -> ck_grid {
      ck_grid(
        n: Int32(packed.clips), t: Int32(input.t), h: Int32(input.h), w: Int32(input.w),
        c: Int32(channels), ot: Int32(output.t), oh: Int32(output.h), ow: Int32(output.w))
    }
    poolGrid = network.pooled.map { grid(network.stem.output, network.stem.outputChannels, $0) }
    blockGrids = network.blocks.map { block in
      let (first, last) = (block.units[0], block.units[block.units.count - 1])
      return grid(first.input, first.inputChannels, last.output)
    }
  }

  /// Runs a part of a program.
  ///
  /// - Parameters:
  ///   - gradient: of the embeddings, N·D, for the backward pass.
  ///   - leaf: where the backward pass writes parameters' gradients and the batch's statistics.
  func run(
    _ program: EncoderProgram, _ part: Range<Int>, _ places: LaneArena.Places,
    gradient: UnsafePointer<Float>?, leaf: UnsafeMutablePointer<Float>?
  ) {
    let state = unsafe NormalizationState(
      parameters: packed.weights.values.base, running: packed.weights.statistics.base,
      moments: places.floats(program.moments), inverses: places.floats(program.inverses),
      scale: vectors.base, shift: vectors.base + vectors.count / 2, mode: program.mode)
    for step in part {
      let instruction = program.instructions[step]
      if step < program.boundary {
        runForward(instruction, program, places, state)
      } else if let gradient = unsafe gradient, let leaf = unsafe leaf {
        unsafe runBackward(instruction, program, places, state, gradient, leaf)
      }
    }
  }

  private func runForward(
    _ instruction: Instruction, _ program: EncoderProgram, _ places: LaneArena.Places,
    _ state: NormalizationState
  ) {
    switch instruction {
    case .round(let x, let y):
      unsafe ck_to_bf16(
        places.floats(x), clips * Int64(network.clipElements),
        places[y].assumingMemoryBound(to: UInt16.self))
    case .convolve(let unit, let x, let y, let scratch):
      unsafe units[unit].convolve(places[x], into: places[y], scratch: places[scratch])
    case .normalize(let unit, let x, let residual, let rectifies, let y):
      let other = unsafe residual.map { unsafe UnsafeRawPointer(places[$0]) }
      unsafe units[unit].normalization.forward(
        places[x], residual: other, rectify: rectifies, into: places[y], state)
    case .maxPool(let x, let y, let winners):
      guard var grid = poolGrid else { return }
      unsafe ck_max_pool(type, &grid, places[x], places[y], places.bytes(winners))
    case .subsample(let block, let x, let y):
      var grid = blockGrids[block]
      unsafe ck_subsample(type, &grid, stride(of: block), channels(of: block), places[x], places[y])
    case .averagePool(let x, let y):
      unsafe ck_average_pool(
        type, places[x], clips, lastPositions, Int64(network.features), places.floats(y))
    case .head(let x, let hidden, let normalized, let y):
      unsafe head?.forward(
        places.floats(x), hidden: places.floats(hidden), normalized: places.floats(normalized),
        into: places.floats(y), state)
    case .results: break
    default: preconditionFailure("\(instruction) has no place in a forward pass")
    }
  }

  private func runBackward(
    _ instruction: Instruction, _ program: EncoderProgram, _ places: LaneArena.Places,
    _ state: NormalizationState, _ gradient: UnsafePointer<Float>,
    _ leaf: UnsafeMutablePointer<Float>
  ) {
    switch instruction {
    case .receive(let dx):
      unsafe places.floats(dx).update(from: gradient, count: Int(clips) * network.embeddingWidth)
    case .headBackward(let features, let hidden, let normalized, let inner, let dx):
      unsafe head?.backward(
        gradient, features: places.floats(features), hidden: places.floats(hidden),
        normalized: places.floats(normalized), inner: places.floats(inner),
        into: places.floats(dx), state, leaf: leaf)
    case .averagePoolBackward(let dy, let dx):
      unsafe ck_average_pool_backward(
        type, places.floats(dy), clips, lastPositions, Int64(network.features), places[dx])
    case .normalizeBackward(let unit, let x, let mask, let dy, let dx):
      var y: UnsafeRawPointer?
      var isRecomputed = false
      switch mask {
      case .none: break
      case .result(let result): unsafe y = UnsafeRawPointer(places[result])
      case .recomputed: isRecomputed = true
      }
      unsafe units[unit].normalization.backward(
        places[x], y: y, recomputesMask: isRecomputed, gradient: places[dy], into: places[dx],
        leaf: leaf, state)
    case .normalizeAgain(let unit, let x, let y):
      unsafe units[unit].normalization.again(places[x], into: places[y], state)
    case .weightsBackward(let unit, let x, let dy, let scratch):
      unsafe units[unit].weightsBackward(
        places[x], places[dy], leaf: leaf, scratch: places[scratch])
    case .dataBackward(let unit, let dy, let dx, let scratch):
      unsafe units[unit].dataBackward(places[dy], into: places[dx], scratch: places[scratch])
    case .add(let x, let y):
      unsafe ck_add(
        type, places[x], Int64(program.tensors[y.index].bytes / packed.precision.width), places[y])
    case .subsampleBackward(let block, let dy, let dx):
      var grid = blockGrids[block]
      unsafe ck_subsample_backward(
        type, &grid, stride(of: block), channels(of: block), places[dy], places[dx])
    case .maxPoolBackward(let dy, let winners, let dx):
      guard var grid = poolGrid else { return }
      unsafe ck_max_pool_backward(type, &grid, places[dy], places.bytes(winners), places[dx])
    case .statistics:
      unsafe writeStatistics(state.moments, leaf + network.layout.parameterCount)
    default: preconditionFailure("\(instruction) has no place in a backward pass")
    }
  }

  /// The name of oneDNN's code where that runs an instruction; nil where it is ours.
  func library(of instruction: Instruction) -> String? {
    let (unit, direction): (Int, ck_direction)
    switch instruction {
    case .convolve(let index, _, _, _): (unit, direction) = (index, CK_FORWARD)
    case .dataBackward(let index, _, _, _): (unit, direction) = (index, CK_BACKWARD_DATA)
    case .weightsBackward(let index, _, _, _): (unit, direction) = (index, CK_BACKWARD_WEIGHTS)
    default: return nil
    }
    let name = units[unit].implementation(direction)
    return name.hasPrefix("winograd") ? nil : name
  }

  /// The batch's means, and its variances made unbiased, in the statistics' layout.
  private func writeStatistics(
    _ moments: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    unsafe target.update(from: moments, count: network.layout.statisticsCount)
    func unbias(_ variance: Range<Int>, rows: Int) {
      let factor = Float(rows) / Float(max(rows - 1, 1))
      for index in variance { unsafe target[index] *= factor }
    }
    for unit in units { unbias(unit.unit.variance, rows: unit.normalization.rows) }
    if let head { unbias(head.plan.variance, rows: Int(clips)) }
  }

  private var lastPositions: Int64 { Int64(units[units.count - 1].unit.output.positions) }

  private func stride(of block: Int) -> Int32 {
    if case .subsample(let stride) = network.blocks[block].shortcut { Int32(stride) } else { 1 }
  }

  /// The channels that a block puts out.
  private func channels(of block: Int) -> Int32 {
    let units = network.blocks[block].units
    return Int32(units[units.count - 1].outputChannels)
  }
}
