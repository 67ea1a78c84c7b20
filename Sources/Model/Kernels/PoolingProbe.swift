// `unsafe` is sound here because every operand is sized from the same grid.
internal import CKernels

/// What a pool or a shortcut without parameters computes, by shape.
enum PoolingShape: Hashable {
  /// Windows of 3×3×3, stride 2, padding 1.
  case maximum(Extent, channels: Int)
  /// The mean of every clip.
  case average(Extent, channels: Int)
  /// Shortcut A: every so many positions, and channels of zeros.
  case subsample(Extent, channels: Int, stride: Int, outputs: Int)

  var input: Extent {
    switch self {
    case .maximum(let extent, _), .average(let extent, _), .subsample(let extent, _, _, _): extent
    }
  }

  var output: Extent {
    switch self {
    case .maximum(let extent, _):
      extent.after(kernel: [3, 3, 3], stride: [2, 2, 2], padding: [1, 1, 1])
    case .average: Extent(t: 1, h: 1, w: 1)
    case .subsample(let extent, _, let stride, _):
      extent.after(kernel: [1, 1, 1], stride: [stride, stride, stride], padding: [0, 0, 0])
    }
  }

  var channels: (input: Int, output: Int) {
    switch self {
    case .maximum(_, let channels), .average(_, let channels): (channels, channels)
    case .subsample(_, let channels, _, let outputs): (channels, outputs)
    }
  }
}

/// A pool or shortcut with operands of its own, forward and backward.
@safe
final class PoolingProbe: KernelProbe {
  let name: String
  let directions: [KernelDirection]
  private let sizes: PoolingShape
  private let clips: Int
  private let precision: Precision
  private let x, y, dx, dy: ProbeOperand
  /// The taps of the maximum, a byte each.
  private let winners: ProbeOperand

  init(
    _ name: String, _ sizes: PoolingShape, clips: Int, precision: Precision,
    for purpose: KernelCheck.Purpose
  ) {
    self.name = name
    (self.sizes, self.clips, self.precision) = (sizes, clips, precision)
    directions = purpose.directions.filter { $0 != .backwardWeights }
    let inputs = clips * sizes.input.positions * sizes.channels.input
    let outputs = clips * sizes.output.positions * sizes.channels.output
    var outer = precision
    if case .average = sizes { outer = .fp32 }
    (x, y) = (ProbeOperand(inputs, precision), ProbeOperand(outputs, outer))
    (dx, dy) = (ProbeOperand(inputs, precision), ProbeOperand(outputs, outer))
    winners = ProbeOperand((outputs + 3) / 4)
  }

  var shape: String {
    let (input, output) = (sizes.input, sizes.output)
    return "\(clips)·\(sizes.channels.input)·\(input.t)×\(input.h)×\(input.w) → "
      + "\(sizes.channels.output)·\(output.t)×\(output.h)×\(output.w)"
  }

  func implementation(_ direction: KernelDirection) -> String { "kindreel" }

  func bound(_ direction: KernelDirection) -> Double {
    let isFloat = precision == .fp32 || direction == .forward && y.precision == .fp32
    return isFloat ? 5e-5 : 0.02
  }

  func fill() {
    x.fill(0, mean: 0.1)
    dy.fill(1)
    dx.fill(2)
    for index in 0..<y.count { unsafe winners.bytes[index] = UInt8(index * 7 % 27) }
  }

  func result(_ direction: KernelDirection) -> ProbeOperand { direction == .forward ? y : dx }

  func written(by direction: KernelDirection) -> [ProbeOperand] {
    if direction == .forward { return [y, winners] }
    // The gradient of a shortcut is added.
    if case .subsample = sizes { return [] }
    return [dx]
  }

  func run(_ direction: KernelDirection) {
    let (input, output) = (sizes.input, sizes.output)
    var grid = ck_grid(
      n: Int32(clips), t: Int32(input.t), h: Int32(input.h), w: Int32(input.w),
      c: Int32(sizes.channels.input), ot: Int32(output.t), oh: Int32(output.h),
      ow: Int32(output.w))
    let isForward = direction == .forward
    let type = precision.type
    switch sizes {
    case .maximum where isForward: unsafe ck_max_pool(type, &grid, x.raw, y.raw, winners.bytes)
    case .maximum: unsafe ck_max_pool_backward(type, &grid, dy.raw, winners.bytes, dx.raw)
    case .average(let extent, let channels):
      let (positions, channels) = (Int64(extent.positions), Int64(channels))
      if isForward {
        unsafe ck_average_pool(type, x.raw, Int64(clips), positions, channels, y.floats)
      } else {
        unsafe ck_average_pool_backward(type, dy.floats, Int64(clips), positions, channels, dx.raw)
      }
    case .subsample(_, _, let stride, let outputs):
      if isForward {
        unsafe ck_subsample(type, &grid, Int32(stride), Int32(outputs), x.raw, y.raw)
      } else {
        unsafe ck_subsample_backward(type, &grid, Int32(stride), Int32(outputs), dy.raw, dx.raw)
      }
    }
  }

  func largestError(_ direction: KernelDirection) -> Double {
    let isForward = direction == .forward
    let extent = isForward ? sizes.output : sizes.input
    let all = isForward ? sizes.channels.output : sizes.channels.input
    var worst = 0.0
    for row in sampled(clips * extent.positions, most: 1024) {
      let (clip, position) = row.quotientAndRemainder(dividingBy: extent.positions)
      let at = Extent(
        t: position / (extent.h * extent.w), h: position / extent.w % extent.h,
        w: position % extent.w)
      for channel in sampled(all, most: 8) {
        let actual = (isForward ? y : dx)[row * all + channel]
        let expected = isForward ? output(clip, at, channel) : gradient(clip, at, channel)
        worst = max(worst, expected.error(of: actual))
      }
    }
    return worst
  }

  // MARK: - What belongs there

  private func row(_ clip: Int, _ at: Extent, _ extent: Extent) -> Int {
    ((clip * extent.t + at.t) * extent.h + at.h) * extent.w + at.w
  }

  private func output(_ clip: Int, _ at: Extent, _ channel: Int) -> ExpectedSum {
    let inputs = sizes.channels.input
    switch sizes {
    case .maximum:
      let met = taps(at).compactMap { tap, from in
        isInside(from, sizes.input)
          ? (tap: tap, value: x[row(clip, from, sizes.input) * inputs + channel]) : nil
      }
      let most = met.map(\.value).max() ?? 0
      let winner = met.first { $0.value == most }?.tap
      let index = row(clip, at, sizes.output) * inputs + channel
      // Whoever wins elsewhere is as wrong as another value.
      guard let winner, unsafe Int(winners.bytes[index]) == winner else {
        return ExpectedSum(.infinity)
      }
      return ExpectedSum(most)
    case .average:
      var sum = ExpectedSum()
      let positions = sizes.input.positions
      for position in clip * positions..<(clip + 1) * positions {
        sum.add(x[position * inputs + channel] / Double(positions))
      }
      return sum
    case .subsample(_, _, let stride, _):
      guard channel < inputs else { return ExpectedSum() }
      let from = Extent(t: at.t * stride, h: at.h * stride, w: at.w * stride)
      return ExpectedSum(x[row(clip, from, sizes.input) * inputs + channel])
    }
  }

  private func gradient(_ clip: Int, _ at: Extent, _ channel: Int) -> ExpectedSum {
    let (inputs, outputs) = sizes.channels
    switch sizes {
    case .maximum:
      var sum = ExpectedSum()
      for t in 0..<sizes.output.t where abs(2 * t - at.t) <= 1 {
        for h in 0..<sizes.output.h where abs(2 * h - at.h) <= 1 {
          for w in 0..<sizes.output.w where abs(2 * w - at.w) <= 1 {
            let to = Extent(t: t, h: h, w: w)
            let index = row(clip, to, sizes.output) * outputs + channel
            let winner = unsafe Int(winners.bytes[index])
            if taps(to).contains(where: { $0.tap == winner && $0.from == at }) {
              sum.add(dy[index])
            }
          }
        }
      }
      return sum
    case .average:
      return ExpectedSum(dy[clip * outputs + channel] / Double(sizes.input.positions))
    case .subsample(_, _, let stride, _):
      let old = Double(dx.given(row(clip, at, sizes.input) * inputs + channel))
      guard at.t % stride == 0, at.h % stride == 0, at.w % stride == 0 else {
        return ExpectedSum(old)
      }
      let to = Extent(t: at.t / stride, h: at.h / stride, w: at.w / stride)
      return ExpectedSum(old, dy[row(clip, to, sizes.output) * outputs + channel])
    }
  }

  /// The taps of a window, inside the clip or not.
  private func taps(_ at: Extent) -> [(tap: Int, from: Extent)] {
    (0..<27).map { tap in
      (
        tap,
        Extent(
          t: 2 * at.t - 1 + tap / 9, h: 2 * at.h - 1 + tap / 3 % 3, w: 2 * at.w - 1 + tap % 3)
      )
    }
  }

  private func isInside(_ at: Extent, _ extent: Extent) -> Bool {
    (0..<extent.t).contains(at.t) && (0..<extent.h).contains(at.h) && (0..<extent.w).contains(at.w)
  }
}
