/// A position count in time, height and width.
struct Extent: Sendable, Hashable {
  var t, h, w: Int

  var positions: Int { t * h * w }

  /// The extent after a window of the given size, stride and padding has passed.
  func after(kernel: [Int], stride: [Int], padding: [Int]) -> Extent {
    func length(_ n: Int, _ axis: Int) -> Int {
      (n + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1
    }
    return Extent(t: length(t, 0), h: length(h, 1), w: length(w, 2))
  }
}

/// A convolution followed by batch norm: its shapes, and where its parameters lie.
struct ConvolutionUnit: Sendable {
  let name: String
  let input: Extent
  let output: Extent
  let inputChannels: Int
  let outputChannels: Int
  let kernel: [Int]
  let stride: [Int]
  let padding: [Int]
  /// The unit reads clips, and nobody needs the gradient of its input.
  let isFirst: Bool
  let weights: Range<Int>
  let scale: Range<Int>
  let shift: Range<Int>
  /// In the flat running statistics; the variance follows the mean.
  let mean: Range<Int>
  let variance: Range<Int>
}

/// A residual block: units in a row, and a way around them.
struct ResidualBlock: Sendable {
  enum Shortcut: Sendable {
    case identity
    case subsample(stride: Int)
    case projection(ConvolutionUnit)
  }

  let units: [ConvolutionUnit]
  let shortcut: Shortcut
}

/// A projection head: linear, batch norm, ReLU, linear.
struct HeadPlan: Sendable {
  let features: Int
  let hidden: Int
  let width: Int
  let firstWeights, firstBias, scale, shift, secondWeights, secondBias: Range<Int>
  let mean, variance: Range<Int>
}

/// The plan of a 3D-ResNet for clips of one size: all shapes, all names, all places.
///
/// Hara et al., CVPR 2018, and torchvision's `video.resnet`: blocks of two 3×3×3 convolutions
/// (depth 10, 18, 34) or of 1×1×1, 3×3×3, 1×1×1 with four times the channels (depth 50); the first
/// block of the second, third and fourth layer halves T, H and W.
public struct ResNet3D: Sendable {
  /// The architecture this plan was made from.
  public let architecture: EncoderArchitecture
  /// The frames, height and width of a clip.
  public let frames, height, width: Int
  /// The names and places of all parameters.
  public let layout: ParameterLayout
  /// The width of the pooled feature, F.
  public let features: Int
  let stem: ConvolutionUnit
  let pooled: Extent?
  let blocks: [ResidualBlock]
  let head: HeadPlan?

  /// The width of the head's output, D; of the pooled feature where there is no head.
  public var embeddingWidth: Int { head?.width ?? features }
  /// Whether a projection head follows the pooled feature.
  public var hasHead: Bool { head != nil }
  /// The number of floats of one clip, C·T·H·W.
  public var clipElements: Int { 3 * frames * height * width }
  /// The multiplications of one clip's forward pass, padding counted as others count it.
  public var multiplications: Int {
    units.reduce(0) { sum, unit in
      let taps = unit.kernel.reduce(1, *)
      return sum + unit.output.positions * unit.outputChannels * unit.inputChannels * taps
    }
  }
  /// The units in forward order, projections after the main path of their block.
  var units: [ConvolutionUnit] {
    [stem]
      + blocks.flatMap { block -> [ConvolutionUnit] in
        guard case .projection(let unit) = block.shortcut else { return block.units }
        return block.units + [unit]
      }
  }

  /// Plans a network.
  ///
  /// - Throws: where the depth is unknown, channels are no multiple of 16, or the clip vanishes.
  public init(_ architecture: EncoderArchitecture, frames: Int, size: Int) throws(ModelError) {
    try self.init(architecture, frames: frames, height: size, width: size)
  }

  /// Plans a network for clips of any height and width.
  ///
  /// - Throws: as for square clips.
  public init(
    _ architecture: EncoderArchitecture, frames: Int, height: Int, width: Int
  ) throws(ModelError) {
    let table: [Int: (blocks: [Int], isBottleneck: Bool)] = [
      10: ([1, 1, 1, 1], false), 18: ([2, 2, 2, 2], false), 34: ([3, 4, 6, 3], false),
      50: ([3, 4, 6, 3], true),
    ]
    guard let (counts, isBottleneck) = table[architecture.depth] else {
      throw ModelError("encoder.depth is \(architecture.depth); known are 10, 18, 34 and 50")
    }
    guard [3, 7].contains(architecture.stemTime) else {
      throw ModelError("encoder.stemTime is \(architecture.stemTime); known are 3 and 7")
    }
    guard frames >= 1, height >= 1, width >= 1 else {
      throw ModelError("a clip of \(frames) frames of \(height)×\(width) pixels is empty")
    }
    guard architecture.width > 0, architecture.width <= 64 else {
      throw ModelError("encoder.width is \(architecture.width); it must be above 0, at most 64")
    }
    let widths = [64.0, 128, 256, 512].map { Int(($0 * architecture.width).rounded()) }
    guard widths.allSatisfy({ $0 > 0 && $0 % 16 == 0 }) else {
      throw ModelError(
        "encoder.width \(architecture.width) gives \(widths) channels; they must be multiples of 16"
      )
    }
    var builder = Builder()
    stem = builder.unit(
      "stem.0", "stem.1", from: Extent(t: frames, h: height, w: width), channels: 3, to: widths[0],
      kernel: [architecture.stemTime, 7, 7], stride: [1, 2, 2], isFirst: true)
    var extent = stem.output
    if architecture.stemPool {
      extent = extent.after(kernel: [3, 3, 3], stride: [2, 2, 2], padding: [1, 1, 1])
    }
    pooled = architecture.stemPool ? extent : nil
    var channels = widths[0]
    var blocks: [ResidualBlock] = []
    for layer in 0..<4 {
      for index in 0..<counts[layer] {
        let block = builder.block(
          "layer\(layer + 1).\(index)", from: extent, channels: channels, to: widths[layer],
          stride: layer > 0 && index == 0 ? 2 : 1, isBottleneck: isBottleneck,
          shortcut: architecture.shortcut)
        blocks.append(block)
        extent = block.units[block.units.count - 1].output
        channels = block.units[block.units.count - 1].outputChannels
      }
    }
    self.blocks = blocks
    features = channels
    head = try builder.head(features: channels, architecture)
    layout = builder.layout
    self.architecture = architecture
    self.frames = frames
    self.height = height
    self.width = width
  }
}

extension ResNet3D {
  /// Lays out units one after the other.
  private struct Builder {
    var layout = ParameterLayout()

    mutating func unit(
      _ name: String, _ norm: String, from input: Extent, channels: Int, to outputChannels: Int,
      kernel: [Int], stride: [Int], isFirst: Bool = false
    ) -> ConvolutionUnit {
      let padding = kernel.map { $0 / 2 }
      return ConvolutionUnit(
        name: name, input: input,
        output: input.after(kernel: kernel, stride: stride, padding: padding),
        inputChannels: channels, outputChannels: outputChannels, kernel: kernel, stride: stride,
        padding: padding, isFirst: isFirst,
        weights: layout.addParameter(
          name + ".weight", [outputChannels, channels] + kernel, .convolution),
        scale: layout.addParameter(norm + ".weight", [outputChannels], .one),
        shift: layout.addParameter(norm + ".bias", [outputChannels], .zero),
        mean: layout.addStatistic(norm + ".running_mean", outputChannels, .zero),
        variance: layout.addStatistic(norm + ".running_var", outputChannels, .one))
    }

    mutating func block(
      _ name: String, from input: Extent, channels: Int, to width: Int, stride: Int,
      isBottleneck: Bool, shortcut: EncoderArchitecture.Shortcut
    ) -> ResidualBlock {
      let strides = [stride, stride, stride]
      let parts: [(kernel: Int, stride: [Int], width: Int)] =
        isBottleneck
        ? [(1, [1, 1, 1], width), (3, strides, width), (1, [1, 1, 1], 4 * width)]
        : [(3, strides, width), (3, [1, 1, 1], width)]
      var units: [ConvolutionUnit] = []
      for (index, part) in parts.enumerated() {
        units.append(
          unit(
            "\(name).conv\(index + 1).0", "\(name).conv\(index + 1).1",
            from: units.last?.output ?? input, channels: units.last?.outputChannels ?? channels,
            to: part.width, kernel: [part.kernel, part.kernel, part.kernel], stride: part.stride))
      }
      let outputChannels = parts[parts.count - 1].width
      if stride == 1 && channels == outputChannels {
        return ResidualBlock(units: units, shortcut: .identity)
      }
      switch shortcut {
      case .a:
        return ResidualBlock(units: units, shortcut: .subsample(stride: stride))
      case .b:
        let projection = unit(
          "\(name).downsample.0", "\(name).downsample.1", from: input, channels: channels,
          to: outputChannels, kernel: [1, 1, 1], stride: strides)
        return ResidualBlock(units: units, shortcut: .projection(projection))
      }
    }

    mutating func head(
      features: Int, _ architecture: EncoderArchitecture
    ) throws(ModelError) -> HeadPlan? {
      let (hidden, width) = (architecture.headHidden, architecture.headWidth)
      guard hidden != 0 else { return nil }
      guard hidden > 0, hidden % 16 == 0, width > 0 else {
        throw ModelError(
          "encoder.headHidden is \(hidden) and headWidth \(width); "
            + "the first must be a multiple of 16 (0: no head), the second positive")
      }
      return HeadPlan(
        features: features, hidden: hidden, width: width,
        firstWeights: layout.addParameter(
          "head.0.weight", [hidden, features], .linear(fanIn: features)),
        firstBias: layout.addParameter("head.0.bias", [hidden], .linear(fanIn: features)),
        scale: layout.addParameter("head.1.weight", [hidden], .one),
        shift: layout.addParameter("head.1.bias", [hidden], .zero),
        secondWeights: layout.addParameter(
          "head.3.weight", [width, hidden], .linear(fanIn: hidden)),
        secondBias: layout.addParameter("head.3.bias", [width], .linear(fanIn: hidden)),
        mean: layout.addStatistic("head.1.running_mean", hidden, .zero),
        variance: layout.addStatistic("head.1.running_var", hidden, .one))
    }
  }
}
