/// A convolution as a file of cases names it: what is timed is what is checked.
///
/// Padding is half the kernel, as everywhere in 3D-ResNets.
public struct ConvolutionShape: Codable, Sendable, Equatable {
  /// What the case is called.
  public var name: String
  /// N.
  public var clips: Int
  /// C, T, H, W of the input; three channels make it a stem: clips as loaded, without a gradient.
  public var input: [Int]
  /// Output channels.
  public var outputs: Int
  /// Extents in time, height and width.
  public var kernel: [Int]
  /// Steps in time, height and width.
  public var stride: [Int]

  /// Refuses what no network of ours has.
  ///
  /// - Throws: `ModelError` with the name and the value.
  public func validate() throws(ModelError) {
    func check(_ holds: Bool, _ what: String) throws(ModelError) {
      if !holds { throw ModelError("convolution '\(name)': \(what)") }
    }
    try check(clips > 0, "clips is \(clips); it must be positive")
    try check(
      input.count == 4 && input.allSatisfy { (1...1 << 16).contains($0) }
        && (input[0] == 3 || input[0] % 16 == 0),
      "input is \(input); it must be C, T, H, W with 3 channels or a multiple of 16")
    try check(
      outputs > 0 && outputs <= 1 << 16 && outputs % 16 == 0,
      "outputs is \(outputs); it must be a multiple of 16")
    try check(
      kernel.count == 3 && kernel.allSatisfy { [1, 3, 7].contains($0) },
      "kernel is \(kernel); extents are 1, 3 or 7")
    try check(
      stride.count == 3 && stride.allSatisfy { [1, 2].contains($0) },
      "stride is \(stride); steps are 1 or 2")
  }

  var unit: ConvolutionUnit {
    let extent = Extent(t: input[1], h: input[2], w: input[3])
    let padding = kernel.map { $0 / 2 }
    return ConvolutionUnit(
      name: name, input: extent,
      output: extent.after(kernel: kernel, stride: stride, padding: padding),
      inputChannels: input[0], outputChannels: outputs, kernel: kernel, stride: stride,
      padding: padding, isFirst: input[0] == 3, weights: 0..<0, scale: 0..<0, shift: 0..<0,
      mean: 0..<0, variance: 0..<0)
  }
}

extension ResNet3D {
  /// The number of its convolutions.
  public var unitCount: Int { units.count }

  /// The products of one clip's pass whose input is inside the clip, training with both gradients: what
  /// a direct method has to compute.
  public func productsInside(training: Bool) -> Int {
    units.reduce(0) { sum, unit in
      let passes = training ? (unit.isFirst ? 2 : 3) : 1
      return sum + passes * unit.inputChannels * unit.outputChannels * unit.tapsInside
    }
  }
}

extension ConvolutionUnit {
  /// N·C·T×H×W → outputs, kernel and stride.
  func summary(clips: Int) -> String {
    "\(clips)·\(inputChannels)·\(input.t)×\(input.h)×\(input.w) → \(outputChannels), "
      + "\(kernel.map(String.init).joined(separator: "×")) / \(stride[0])"
      + (stride[0] == stride[1] ? "" : ",\(stride[1])")
  }

  /// The passes that are needed: the first convolution's input needs no gradient.
  func directions(training: Bool) -> [KernelDirection] {
    KernelDirection.allCases.filter {
      $0 == .forward || training && !($0 == .backwardData && isFirst)
    }
  }

  /// The positions of output and kernel that meet an input position, not the padding.
  var tapsInside: Int {
    func inside(_ axis: Int, _ input: Int, _ output: Int) -> Int {
      (0..<output).reduce(0) { sum, position in
        let start = position * stride[axis] - padding[axis]
        return sum + min(start + kernel[axis], input) - max(start, 0)
      }
    }
    return inside(0, input.t, output.t) * inside(1, input.h, output.h)
      * inside(2, input.w, output.w)
  }
}
