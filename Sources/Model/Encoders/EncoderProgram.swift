/// A memory area of a program; its place is the memory plan's.
struct Tensor: Sendable, Hashable {
  let index: Int
}

/// One call of a kernel, with the tensors that it reads and writes.
///
/// "In place" is the same tensor twice. Grids, strides and weights follow from unit and block numbers.
enum Instruction: Sendable {
  /// Clips in fp32 to bf16.
  case round(Tensor, into: Tensor)
  case convolve(unit: Int, Tensor, into: Tensor, scratch: Tensor)
  /// Batch norm, plus a residual, rectified.
  case normalize(unit: Int, Tensor, residual: Tensor?, rectifies: Bool, into: Tensor)
  /// The rectified result of `normalize` once more, from the moments that it left.
  case normalizeAgain(unit: Int, Tensor, into: Tensor)
  case maxPool(Tensor, into: Tensor, winners: Tensor)
  case subsample(block: Int, Tensor, into: Tensor)
  case averagePool(Tensor, into: Tensor)
  case head(Tensor, hidden: Tensor, normalized: Tensor, into: Tensor)
  /// The caller reads these after the forward pass.
  case results(map: Tensor, features: Tensor, embeddings: Tensor)

  /// The caller's gradient, where there is no head.
  case receive(into: Tensor)
  case headBackward(
    features: Tensor, hidden: Tensor, normalized: Tensor, inner: Tensor, into: Tensor)
  case averagePoolBackward(Tensor, into: Tensor)
  case normalizeBackward(unit: Int, Tensor, mask: Mask, gradient: Tensor, into: Tensor)
  case weightsBackward(unit: Int, Tensor, gradient: Tensor, scratch: Tensor)
  case dataBackward(unit: Int, Tensor, into: Tensor, scratch: Tensor)
  case add(Tensor, into: Tensor)
  case subsampleBackward(block: Int, Tensor, into: Tensor)
  case maxPoolBackward(Tensor, winners: Tensor, into: Tensor)
  /// The caller reads the moments after the backward pass.
  case statistics

  /// Where the gradient of a rectified result is zero.
  enum Mask: Sendable {
    /// Nowhere: the result was not rectified.
    case none
    /// Where this result is zero; the gradient is masked in place.
    case result(Tensor)
    /// Where the rectified norm, computed again on the way, is zero; the gradient stays as it is.
    case recomputed
  }

  /// Everything that must lie somewhere while the instruction runs; moments and inverses aside.
  var operands: [Tensor] {
    switch self {
    case .round(let x, let y), .averagePool(let x, let y), .averagePoolBackward(let x, let y),
      .add(let x, let y), .normalizeAgain(_, let x, let y), .subsample(_, let x, let y),
      .subsampleBackward(_, let x, let y):
      [x, y]
    case .convolve(_, let x, let y, let z), .weightsBackward(_, let x, let y, let z),
      .dataBackward(_, let x, let y, let z), .maxPool(let x, let y, let z),
      .maxPoolBackward(let x, let y, let z):
      [x, y, z]
    case .normalize(_, let x, let residual, _, let y): [x, y] + (residual.map { [$0] } ?? [])
    case .head(let x, let hidden, let normalized, let y): [x, hidden, normalized, y]
    case .results(let map, let features, let embeddings): [map, features, embeddings]
    case .receive(let gradient): [gradient]
    case .headBackward(let features, let hidden, let normalized, let inner, let gradient):
      [features, hidden, normalized, inner, gradient]
    case .normalizeBackward(_, let x, let mask, let gradient, let dx):
      if case .result(let y) = mask { [x, y, gradient, dx] } else { [x, gradient, dx] }
    case .statistics: []
    }
  }

  /// Whether it reads or writes the moments of batch norms.
  var usesMoments: Bool {
    switch self {
    case .normalize, .normalizeAgain, .normalizeBackward, .head, .headBackward, .statistics: true
    default: false
    }
  }
}

/// What a lane computes for one microbatch, in order, and where everything lies meanwhile.
///
/// Between the passes only two things of a unit are kept: the output of its convolution, and the
/// result of a block. The results within a block are computed again from the former, to the same bits,
/// when the backward pass wants them (`EncoderProgram+Backward`). Evaluation keeps nothing, nor do
/// passes for keys, whose statistics are those of training and which no backward pass follows.
///
/// The program that is planned is the program that runs, so no lifetime can be wrong.
struct EncoderProgram: Sendable {
  /// What a tensor is, for reports.
  enum Kind: String, Sendable, CaseIterable {
    case activations, gradients, scratch
  }

  struct TensorShape: Sendable {
    let bytes: Int
    let kind: Kind
  }

  /// The scratch memory of every unit's convolution, in bytes.
  let scratchBytes: [Int]
  let network: ResNet3D
  let clips: Int
  let precision: Precision
  let mode: Mode
  /// Whether a backward pass follows; otherwise nothing is kept for one.
  let hasBackward: Bool
  private(set) var tensors: [TensorShape] = []
  private(set) var instructions: [Instruction] = []
  /// The first instruction of the backward pass.
  private(set) var boundary = 0
  /// Clips as loaded, N·C·T·H·W floats.
  private(set) var input = Tensor(index: 0)
  /// The results: the last map N·T·H·W·F, and as floats its pooled features N·F and embeddings N·D.
  private(set) var map = Tensor(index: 0)
  private(set) var features = Tensor(index: 0)
  private(set) var embeddings = Tensor(index: 0)
  /// Batch means and biased variances, and 1/√(variance + ε), in the statistics' layout.
  private(set) var moments = Tensor(index: 0)
  private(set) var inverses = Tensor(index: 0)
  private(set) var plan = MemoryPlan([], boundary: 0)

  /// Writes the program of a pass over N clips, and places its tensors.
  ///
  /// - Parameter hasBackward: whether a backward pass follows the forward one, in training.
  init(
    _ network: ResNet3D, clips: Int, precision: Precision, mode: Mode, hasBackward: Bool = true,
    scratchBytes: [Int]
  ) {
    self.network = network
    self.clips = clips
    self.precision = precision
    self.mode = mode
    self.hasBackward = hasBackward && mode == .training
    self.scratchBytes = scratchBytes
    moments = tensor(4 * network.layout.statisticsCount)
    inverses = tensor(4 * network.layout.statisticsCount)
    let kept = writeForward()
    boundary = instructions.count
    if self.hasBackward { writeBackward(kept) }
    plan = MemoryPlan(demands, boundary: boundary)
  }

  /// The instructions of a pass.
  var forward: Range<Int> { 0..<boundary }
  var backward: Range<Int> { boundary..<instructions.count }

  /// Bytes and lifetimes: from the first instruction that names a tensor to the last.
  var demands: [MemoryPlan.Demand] {
    var lives = [ClosedRange<Int>?](repeating: nil, count: tensors.count)
    for (step, instruction) in instructions.enumerated() {
      let momentsUsed = instruction.usesMoments ? [moments, inverses] : []
      for operand in instruction.operands + momentsUsed {
        lives[operand.index] = (lives[operand.index]?.lowerBound ?? step)...step
      }
    }
    return zip(tensors, lives).map { tensor, life in
      MemoryPlan.Demand(bytes: life == nil ? 0 : tensor.bytes, life: life ?? 0...0)
    }
  }

  mutating func emit(_ instruction: Instruction) { instructions.append(instruction) }

  mutating func tensor(_ bytes: Int, _ kind: Kind = .activations) -> Tensor {
    tensors.append(TensorShape(bytes: bytes, kind: kind))
    return Tensor(index: tensors.count - 1)
  }

  /// Room for an activation or its gradient.
  mutating func tensor(
    _ extent: Extent, _ channels: Int, _ kind: Kind = .activations
  ) -> Tensor {
    tensor(clips * extent.positions * channels * precision.width, kind)
  }

  mutating func scratch(_ unit: Int) -> Tensor { tensor(scratchBytes[unit], .scratch) }
}

extension EncoderProgram {
  /// What the forward pass leaves to the backward pass.
  struct Kept {
    /// The stem's source, and every convolution's output.
    var source = Tensor(index: 0)
    var outputs: [Tensor] = []
    /// What goes into every block; nil where it is the stem's result, which is not kept.
    var blockInputs: [Tensor?] = []
    /// What comes out of every block.
    var blockResults: [Tensor] = []
    var winners: Tensor?
    var hidden: Tensor?
    var normalized: Tensor?
  }

  private mutating func writeForward() -> Kept {
    var kept = Kept()
    input = tensor(4 * clips * network.clipElements)
    kept.source = input
    if precision == .bf16 {
      kept.source = tensor(2 * clips * network.clipElements)
      emit(.round(input, into: kept.source))
    }
    let (stem, stemOutput) = writeUnit(0, kept.source, residual: nil, rectifies: true)
    kept.outputs.append(stemOutput)
    var source = stem
    if let extent = network.pooled {
      source = tensor(extent, network.stem.outputChannels)
      let winners = tensor(clips * extent.positions * network.stem.outputChannels)
      emit(.maxPool(stem, into: source, winners: winners))
      kept.winners = winners
    }
    for block in network.blocks.indices {
      kept.blockInputs.append(block == 0 && network.pooled == nil ? nil : source)
      source = writeBlock(block, source, &kept)
      kept.blockResults.append(source)
    }
    map = source
    features = tensor(4 * clips * network.features)
    emit(.averagePool(source, into: features))
    embeddings = features
    if let head = network.head {
      let hidden = tensor(4 * clips * head.hidden)
      let normalized = tensor(4 * clips * head.hidden)
      embeddings = tensor(4 * clips * head.width)
      emit(.head(features, hidden: hidden, normalized: normalized, into: embeddings))
      (kept.hidden, kept.normalized) = (hidden, normalized)
    }
    emit(.results(map: map, features: features, embeddings: embeddings))
    return kept
  }

  private mutating func writeBlock(
    _ index: Int, _ source: Tensor, _ kept: inout Kept
  ) -> Tensor {
    let block = network.blocks[index]
    let units = network.unitNumbers(ofBlock: index)
    var residual = source
    var projected: Tensor?
    switch block.shortcut {
    case .identity: break
    case .projection:
      (residual, projected) = writeUnit(
        units.upperBound, source, residual: nil, rectifies: false)
    case .subsample:
      let last = block.units[block.units.count - 1]
      residual = tensor(last.output, last.outputChannels)
      emit(.subsample(block: index, source, into: residual))
    }
    var result = source
    for unit in units {
      let isLast = unit == units.upperBound - 1
      let (next, output) = writeUnit(
        unit, result, residual: isLast ? residual : nil, rectifies: true)
      kept.outputs.append(output)
      result = next
    }
    if let projected { kept.outputs.append(projected) }
    return result
  }

  /// A convolution and its norm; without a backward pass the output is needed no more, and normalised
  /// in place.
  private mutating func writeUnit(
    _ index: Int, _ source: Tensor, residual: Tensor?, rectifies: Bool
  ) -> (result: Tensor, output: Tensor) {
    let unit = network.units[index]
    let output = tensor(unit.output, unit.outputChannels)
    emit(.convolve(unit: index, source, into: output, scratch: scratch(index)))
    let result = hasBackward ? tensor(unit.output, unit.outputChannels) : output
    emit(
      .normalize(
        unit: index, output, residual: residual, rectifies: rectifies, into: result))
    return (result, output)
  }
}

extension ResNet3D {
  /// The numbers of the units on a block's main path; its projection, if any, comes right after.
  func unitNumbers(ofBlock index: Int) -> Range<Int> {
    let first = blocks[..<index].reduce(1) { $0 + $1.unitCount }
    return first..<first + blocks[index].units.count
  }
}

extension ResidualBlock {
  /// The units of the main path and the projection.
  var unitCount: Int {
    if case .projection = shortcut { units.count + 1 } else { units.count }
  }
}
