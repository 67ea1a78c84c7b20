internal import Tensors

/// Places of a convolution's results, computed once more by nested loops.
struct ConvolutionSamples {
  private let probe: ConvolutionProbe
  private let unit: ConvolutionUnit

  init(_ probe: ConvolutionProbe) {
    self.probe = probe
    unit = probe.unit
  }

  func largestError(_ direction: KernelDirection) -> Double {
    switch direction {
    case .forward:
      largest(places(unit.output, channels: unit.outputChannels)) { clip, position, channel in
        (
          probe.output[outputIndex(clip, position, channel)],
          output(clip, position, channel)
        )
      }
    case .backwardData:
      largest(places(unit.input, channels: unit.inputChannels)) { clip, position, channel in
        (
          probe.input[inputIndex(clip, position, channel)],
          inputGradient(clip, position, channel)
        )
      }
    case .backwardWeights: largestOfWeights()
    }
  }

  // MARK: - Which places

  /// Corners, edges and middle of the first and the last clip, and some at random.
  private func places(_ extent: Extent, channels: Int) -> [(clip: Int, at: Extent, channel: Int)] {
    var random = RandomStream(seed: 1, purpose: .test)
    var all: [(clip: Int, at: Extent, channel: Int)] = []
    func marks(_ count: Int) -> [Int] { Set([0, count / 2, count - 1]).sorted() }
    for clip in Set([0, probe.clips - 1]).sorted() {
      for t in marks(extent.t) {
        for h in marks(extent.h) {
          for w in marks(extent.w) {
            all.append((clip, Extent(t: t, h: h, w: w), random.integer(below: channels)))
          }
        }
      }
    }
    for _ in 0..<24 {
      let place = Extent(
        t: random.integer(below: extent.t), h: random.integer(below: extent.h),
        w: random.integer(below: extent.w))
      all.append((random.integer(below: probe.clips), place, random.integer(below: channels)))
    }
    let middle = Extent(t: extent.t / 2, h: extent.h / 2, w: extent.w / 2)
    return all + [(0, middle, 0), (0, middle, channels - 1)]
  }

  /// Every tap of some pairs of channels: the first and the last, and one at random for each tap.
  private func largestOfWeights() -> Double {
    var random = RandomStream(seed: 2, purpose: .test)
    let (inputs, outputs) = (unit.inputChannels, unit.outputChannels)
    let taps = unit.kernel.reduce(1, *)
    let chosen = taps > 60 ? stride(from: 0, to: taps, by: 7).map { $0 } : Array(0..<taps)
    var worst = 0.0
    for tap in chosen + [0, taps / 2, taps - 1] {
      let pair = (random.integer(below: outputs), random.integer(below: inputs))
      worst = max(worst, errorOfWeight(pair.0, pair.1, tap))
    }
    for (o, i) in [(0, 0), (outputs - 1, inputs - 1)] {
      worst = max(worst, errorOfWeight(o, i, taps - 1))
    }
    return worst
  }

  // MARK: - What belongs there

  private func largest(
    _ places: [(clip: Int, at: Extent, channel: Int)],
    _ compare: (Int, Extent, Int) -> (actual: Double, expected: ExpectedSum)
  ) -> Double {
    places.reduce(0) { worst, place in
      let (actual, expected) = compare(place.clip, place.at, place.channel)
      return max(worst, expected.error(of: actual))
    }
  }

  private func output(_ clip: Int, _ at: Extent, _ o: Int) -> ExpectedSum {
    var sum = ExpectedSum()
    forEachTap { tap, offset in
      let from = Extent(
        t: at.t * unit.stride[0] + offset.t, h: at.h * unit.stride[1] + offset.h,
        w: at.w * unit.stride[2] + offset.w)
      guard isInside(from, unit.input) else { return }
      for i in 0..<unit.inputChannels {
        sum.add(probe.input[inputIndex(clip, from, i)] * weight(o, i, tap))
      }
    }
    return sum
  }

  private func inputGradient(_ clip: Int, _ at: Extent, _ i: Int) -> ExpectedSum {
    var sum = ExpectedSum()
    forEachTap { tap, offset in
      let ahead = Extent(t: at.t - offset.t, h: at.h - offset.h, w: at.w - offset.w)
      guard ahead.t % unit.stride[0] == 0, ahead.h % unit.stride[1] == 0,
        ahead.w % unit.stride[2] == 0
      else { return }
      let to = Extent(
        t: ahead.t / unit.stride[0], h: ahead.h / unit.stride[1], w: ahead.w / unit.stride[2])
      guard isInside(ahead, nil), isInside(to, unit.output) else { return }
      for o in 0..<unit.outputChannels {
        sum.add(probe.output[outputIndex(clip, to, o)] * weight(o, i, tap))
      }
    }
    return sum
  }

  private func errorOfWeight(_ o: Int, _ i: Int, _ tap: Int) -> Double {
    var sum = ExpectedSum()
    let offset = offset(tap)
    for clip in 0..<probe.clips {
      for t in 0..<unit.output.t {
        for h in 0..<unit.output.h {
          for w in 0..<unit.output.w {
            let from = Extent(
              t: t * unit.stride[0] + offset.t, h: h * unit.stride[1] + offset.h,
              w: w * unit.stride[2] + offset.w)
            guard isInside(from, unit.input) else { continue }
            sum.add(
              probe.input[inputIndex(clip, from, i)]
                * probe.output[outputIndex(clip, Extent(t: t, h: h, w: w), o)])
          }
        }
      }
    }
    return sum.error(of: probe.weights[weightIndex(o, i, tap)])
  }

  // MARK: - Indices

  private func forEachTap(_ body: (_ tap: Int, _ offset: Extent) -> Void) {
    for tap in 0..<unit.kernel.reduce(1, *) { body(tap, offset(tap)) }
  }

  /// How far a tap's input is from the output position times the stride.
  private func offset(_ tap: Int) -> Extent {
    let (kh, kw) = (unit.kernel[1], unit.kernel[2])
    return Extent(
      t: tap / (kh * kw) - unit.padding[0], h: tap / kw % kh - unit.padding[1],
      w: tap % kw - unit.padding[2])
  }

  /// Inside an extent; with none, only not negative.
  private func isInside(_ at: Extent, _ extent: Extent?) -> Bool {
    guard at.t >= 0, at.h >= 0, at.w >= 0 else { return false }
    guard let extent else { return true }
    return at.t < extent.t && at.h < extent.h && at.w < extent.w
  }

  private func inputIndex(_ clip: Int, _ at: Extent, _ channel: Int) -> Int {
    let position = (at.t * unit.input.h + at.h) * unit.input.w + at.w
    return unit.isFirst
      ? (clip * unit.inputChannels + channel) * unit.input.positions + position
      : (clip * unit.input.positions + position) * unit.inputChannels + channel
  }

  private func outputIndex(_ clip: Int, _ at: Extent, _ channel: Int) -> Int {
    let position = (at.t * unit.output.h + at.h) * unit.output.w + at.w
    return (clip * unit.output.positions + position) * unit.outputChannels + channel
  }

  private func weightIndex(_ o: Int, _ i: Int, _ tap: Int) -> Int {
    (o * unit.inputChannels + i) * unit.kernel.reduce(1, *) + tap
  }

  /// A weight as the kernels multiply with it: in bf16, rounded.
  private func weight(_ o: Int, _ i: Int, _ tap: Int) -> Double {
    Double(probe.precision.rounded(Float(probe.weights[weightIndex(o, i, tap)])))
  }
}
