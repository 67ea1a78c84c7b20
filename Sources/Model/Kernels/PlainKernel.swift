/// A kernel of a pass that is no convolution, by shape.
enum PlainKernel: Hashable {
  case normalization(NormalizationShape)
  case pooling(PoolingShape)
  case linear(Linear)
  case elementwise(ElementwiseShape)

  /// The kernel with operands of its own.
  func probe(
    _ name: String, clips: Int, precision: Precision, for purpose: KernelCheck.Purpose
  ) -> any KernelProbe {
    switch self {
    case .normalization(let shape): NormalizationProbe(name, shape, for: purpose)
    case .pooling(let shape):
      PoolingProbe(name, shape, clips: clips, precision: precision, for: purpose)
    case .linear(let layer): LinearProbe(name, layer, for: purpose)
    case .elementwise(let shape): ElementwiseProbe(name, shape, precision: precision)
    }
  }
}

extension ResNet3D {
  /// The kernels of a pass over N clips that are no convolutions, each shape once, with the name of what
  /// runs it first.
  func plainKernels(
    clips: Int, precision: Precision, for purpose: KernelCheck.Purpose
  ) -> [(name: String, kernel: PlainKernel, purpose: KernelCheck.Purpose)] {
    var list = KernelList(purpose: purpose)
    if precision == .bf16 { list.add("input", .elementwise(.round(clips * clipElements))) }
    func norm(_ unit: ConvolutionUnit, hasResidual: Bool, _ mask: NormalizationShape.Mask) {
      list.add(
        unit.name + " norm",
        .normalization(
          NormalizationShape(
            rows: clips * unit.output.positions, channels: unit.outputChannels,
            precision: precision, hasResidual: hasResidual, mask: mask)))
    }
    norm(stem, hasResidual: false, .recomputed)
    if pooled != nil {
      list.add(
        "stem pool", .pooling(.maximum(stem.output, channels: stem.outputChannels)))
    }
    for block in blocks {
      let (first, last) = (block.units[0], block.units[block.units.count - 1])
      for unit in block.units.dropLast() { norm(unit, hasResidual: false, .recomputed) }
      norm(last, hasResidual: true, .kept)
      switch block.shortcut {
      case .identity: break
      case .projection(let unit): norm(unit, hasResidual: false, .none)
      case .subsample(let stride):
        list.add(
          last.name + " shortcut",
          .pooling(
            .subsample(
              first.input, channels: first.inputChannels, stride: stride,
              outputs: last.outputChannels)))
        continue
      }
      if purpose == .training {
        list.add(
          first.name + " gradients",
          .elementwise(.add(clips * first.input.positions * first.inputChannels)))
      }
    }
    let end = units[units.count - 1]
    list.add("average pool", .pooling(.average(end.output, channels: features)))
    if let head {
      list.add(
        "head.0", .linear(Linear(rows: clips, inputs: head.features, outputs: head.hidden)))
      list.add(
        "head.1",
        .normalization(
          NormalizationShape(
            rows: clips, channels: head.hidden, precision: .fp32, hasResidual: false, mask: .kept)))
      list.add("head.3", .linear(Linear(rows: clips, inputs: head.hidden, outputs: head.width)))
    }
    return list.kernels
  }
}

/// Kernels in order, each once; of batch norms also what embedding in between takes.
private struct KernelList {
  let purpose: KernelCheck.Purpose
  private(set) var kernels: [(name: String, kernel: PlainKernel, purpose: KernelCheck.Purpose)] = []
  private var seen: Set<PlainKernel> = []

  init(purpose: KernelCheck.Purpose) { self.purpose = purpose }

  mutating func add(_ name: String, _ kernel: PlainKernel) {
    guard seen.insert(kernel).inserted else { return }
    kernels.append((name, kernel, purpose))
    if case .normalization = kernel, purpose != .embedding {
      kernels.append((name + " (running statistics)", kernel, .embedding))
    }
  }
}
