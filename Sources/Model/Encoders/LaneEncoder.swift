// `unsafe` is sound here because every pointer is into a slot, a gradient buffer or a leaf that was
// sized from the same plan, and none is kept after the call.
internal import CKernels
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
  /// The microbatches that can be between forward and backward at once.
  public let slotCount: Int
  /// The length of a leaf: parameters' gradients, then the batch's means and unbiased variances.
  public var leafCount: Int {
    network.layout.parameterCount + network.layout.statisticsCount
  }

  private let packed: PackedWeights
  private let plan: ActivationPlan
  private let slots: [Slot]
  private let units: [UnitRunner]
  private let head: HeadRunner?
  private let gradients: [AlignedStorage]
  private let featureGradient: AlignedStorage
  private let halfInput: AlignedStorage
  private let scratchStorage: AlignedStorage
  private let vectors: AlignedStorage

  /// The memory of one microbatch between forward and backward, in bytes.
  public static func slotBytes(_ network: ResNet3D, clips: Int, precision: Precision) -> Int {
    ActivationPlan(network, clips: clips, precision: precision).byteCount
  }

  /// Creates the primitives and the arenas.
  public init(_ packed: PackedWeights, slots: Int) throws(ModelError) {
    self.packed = packed
    network = packed.weights.network
    clips = packed.clips
    slotCount = slots
    let plan = ActivationPlan(network, clips: packed.clips, precision: packed.precision)
    self.plan = plan
    self.slots = (0..<slots).map { _ in Slot(plan) }
    var units: [UnitRunner] = []
    for index in packed.units.indices { units.append(try UnitRunner(index, packed: packed)) }
    self.units = units
    head = network.head.map { HeadRunner($0, clips: packed.clips, weights: packed.weights) }
    gradients = (0..<3).map { _ in AlignedStorage(count: plan.largest / 4 + 16) }
    featureGradient = AlignedStorage(count: clips * network.features)
    halfInput = AlignedStorage(
      count: packed.precision == .bf16 ? clips * network.clipElements / 2 + 16 : 0)
    scratchStorage = AlignedStorage(
      count: (units.map(\.convolution.scratchBytes).max() ?? 0) / 4 + 16)
    let channels = (packed.units.map(\.outputChannels) + [network.head?.hidden ?? 0]).max() ?? 0
    vectors = AlignedStorage(count: 2 * channels)
  }

  /// The place where a slot's clips are written, N·C·T·H·W floats, before its forward pass.
  public func input(slot: Int) -> UnsafeMutableBufferPointer<Float> {
    unsafe UnsafeMutableBufferPointer(
      start: slots[slot].input, count: clips * network.clipElements)
  }

  /// Embeds a slot's clips: pooled features N·F and embeddings N·D, neither normalised.
  public func forward(slot index: Int, mode: Mode) -> (features: Matrix, embeddings: Matrix) {
    let slot = slots[index]
    let scratch = scratch
    var source = unsafe firstSource(slot)
    unsafe units[0].forward(
      source, residual: nil, rectify: true, slot: slot, mode: mode, scratch: scratch)
    unsafe source = UnsafeRawPointer(slot.result(0))
    if let grid = poolGrid {
      var grid = grid
      unsafe ck_max_pool(packed.precision.type, &grid, source, slot.pooled, slot.winners)
      unsafe source = UnsafeRawPointer(slot.pooled)
    }
    var first = 1
    for block in network.blocks {
      unsafe source = forward(block, first: &first, source, slot, mode, scratch)
    }
    unsafe ck_average_pool(
      packed.precision.type, source, Int64(clips), Int64(lastExtent.positions),
      Int64(network.features), slot.features)
    head?.forward(slot: slot, mode: mode, scratch: scratch)
    let features = unsafe matrix(slot.features, network.features)
    guard let head, let places = unsafe slot.head else { return (features, features) }
    return (features, unsafe matrix(places.embedding, head.plan.width))
  }

  /// Back-propagates a slot's embedding gradients N·D into a leaf of `leafCount` floats.
  public func backward(
    slot index: Int, gradient: Matrix, into leaf: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(
      gradient.rows == clips && gradient.columns == network.embeddingWidth
        && leaf.count == leafCount)
    guard let leafBase = leaf.baseAddress else { return }
    let slot = slots[index]
    unsafe gradient.values.withUnsafeBufferPointer { values in
      guard let values = values.baseAddress else { return }
      if let head {
        unsafe head.backward(values, into: featureGradient.base, slot: slot, leaf: leafBase)
      } else {
        unsafe featureGradient.base.update(from: values, count: gradient.values.count)
      }
    }
    unsafe backwardBlocks(slot, leafBase)
    unsafe writeStatistics(slot, leafBase + network.layout.parameterCount)
  }

  // MARK: - Blocks

  private func forward(
    _ block: ResidualBlock, first: inout Int, _ source: UnsafeRawPointer, _ slot: Slot,
    _ mode: Mode, _ scratch: LaneScratch
  ) -> UnsafeRawPointer {
    let last = first + block.units.count - 1
    var residual = unsafe source
    var next = last + 1
    switch block.shortcut {
    case .identity: break
    case .projection:
      unsafe units[next].forward(
        source, residual: nil, rectify: false, slot: slot, mode: mode, scratch: scratch)
      unsafe residual = UnsafeRawPointer(slot.result(next))
      next += 1
    case .subsample(let stride):
      var grid = grid(of: block)
      let copy = unsafe gradientBuffer(0)
      unsafe ck_subsample(
        packed.precision.type, &grid, Int32(stride), Int32(units[last].unit.outputChannels), source,
        copy)
      unsafe residual = UnsafeRawPointer(copy)
    }
    var input = unsafe source
    for index in first...last {
      unsafe units[index].forward(
        input, residual: index == last ? residual : nil, rectify: true, slot: slot, mode: mode,
        scratch: scratch)
      unsafe input = UnsafeRawPointer(slot.result(index))
    }
    first = next
    return unsafe input
  }

  /// Walks the blocks from the last to the first, turning three gradient buffers in a ring.
  private func backwardBlocks(_ slot: Slot, _ leaf: UnsafeMutablePointer<Float>) {
    let type = packed.precision.type
    let scratch = scratch
    var (a, b, c) = unsafe (gradientBuffer(0), gradientBuffer(1), gradientBuffer(2))
    unsafe ck_average_pool_backward(
      type, featureGradient.base, Int64(clips), Int64(lastExtent.positions),
      Int64(network.features), a)
    var end = units.count
    for (position, block) in network.blocks.enumerated().reversed() {
      let isProjected: Bool
      if case .projection = block.shortcut { isProjected = true } else { isProjected = false }
      let first = end - block.units.count - (isProjected ? 1 : 0)
      let last = first + block.units.count - 1
      let input = unsafe source(ofBlock: position, first: first, slot)
      for index in (first...last).reversed() {
        let from = unsafe index == first ? input : UnsafeRawPointer(slot.result(index - 1))
        let isLast = index == last
        unsafe units[index].backward(
          source: from, rectified: true, gradient: isLast ? a : c, through: isLast ? b : c,
          into: isLast ? c : b, slot: slot, leaf: leaf, scratch: scratch)
        if !isLast { unsafe swap(&b, &c) }
      }
      // The gradient of the block's input along the main path is in c; b is free.
      switch block.shortcut {
      case .identity:
        unsafe ck_add(type, a, elements(block.units[0]), c)
      case .projection:
        unsafe units[last + 1].backward(
          source: input, rectified: false, gradient: a, through: a, into: b, slot: slot, leaf: leaf,
          scratch: scratch)
        unsafe ck_add(type, b, elements(block.units[0]), c)
      case .subsample(let stride):
        var grid = grid(of: block)
        unsafe ck_subsample_backward(
          type, &grid, Int32(stride), Int32(units[last].unit.outputChannels), a, c)
      }
      unsafe swap(&a, &c)
      end = first
    }
    if var grid = poolGrid {
      unsafe ck_max_pool_backward(type, &grid, a, slot.winners, b)
      unsafe swap(&a, &b)
    }
    unsafe units[0].backward(
      source: firstSource(slot), rectified: true, gradient: a, through: a, into: nil, slot: slot,
      leaf: leaf, scratch: scratch)
  }

  /// The batch's means, and its variances made unbiased, in the statistics' layout.
  private func writeStatistics(_ slot: Slot, _ target: UnsafeMutablePointer<Float>) {
    unsafe target.update(from: slot.moments, count: network.layout.statisticsCount)
    func unbias(_ variance: Range<Int>, rows: Int) {
      let factor = Float(rows) / Float(max(rows - 1, 1))
      for index in variance { unsafe target[index] *= factor }
    }
    for unit in packed.units { unbias(unit.variance, rows: clips * unit.output.positions) }
    if let head { unbias(head.plan.variance, rows: clips) }
  }

  // MARK: - Places

  private var scratch: LaneScratch {
    unsafe LaneScratch(
      convolution: scratchStorage.base, scale: vectors.base,
      shift: vectors.base + vectors.count / 2)
  }

  private var lastExtent: Extent { units[units.count - 1].unit.output }

  private func gradientBuffer(_ index: Int) -> UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(gradients[index].base)
  }

  /// The stem's source: the clips, in bf16 where the primitives want it.
  private func firstSource(_ slot: Slot) -> UnsafeRawPointer {
    guard packed.precision == .bf16 else { return unsafe UnsafeRawPointer(slot.input) }
    let half = unsafe UnsafeMutableRawPointer(halfInput.base)
    unsafe ck_to_bf16(
      slot.input, Int64(clips * network.clipElements),
      half.assumingMemoryBound(to: UInt16.self))
    return UnsafeRawPointer(half)
  }

  private func source(ofBlock position: Int, first: Int, _ slot: Slot) -> UnsafeRawPointer {
    if position > 0 {
      let before = network.blocks[position - 1]
      var index = first - 1
      if case .projection = before.shortcut { index -= 1 }
      return unsafe UnsafeRawPointer(slot.result(index))
    }
    return unsafe UnsafeRawPointer(network.pooled == nil ? slot.result(0) : slot.pooled)
  }

  private func elements(_ unit: ConvolutionUnit) -> Int64 {
    Int64(clips * unit.input.positions * unit.inputChannels)
  }

  private var poolGrid: ck_grid? {
    network.pooled.map {
      grid(from: network.stem.output, channels: network.stem.outputChannels, to: $0)
    }
  }

  private func grid(of block: ResidualBlock) -> ck_grid {
    grid(
      from: block.units[0].input, channels: block.units[0].inputChannels,
      to: block.units[block.units.count - 1].output)
  }

  private func grid(from input: Extent, channels: Int, to output: Extent) -> ck_grid {
    ck_grid(
      n: Int32(clips), t: Int32(input.t), h: Int32(input.h), w: Int32(input.w), c: Int32(channels),
      ot: Int32(output.t), oh: Int32(output.h), ow: Int32(output.w))
  }

  private func matrix(_ values: UnsafePointer<Float>, _ columns: Int) -> Matrix {
    Matrix(
      rows: clips, columns: columns,
      values: unsafe Array(UnsafeBufferPointer(start: values, count: clips * columns)))
  }
}
