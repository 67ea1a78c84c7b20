// `unsafe` is sound here because every operand is sized from the grid that the kernel walks.
import CKernels
import Testing

@testable import Model

@Suite("Pooling and shortcut kernels")
struct KernelsPoolingTests {
  /// Even, odd and single positions, in all three directions.
  static let extents = [
    Extent(t: 4, h: 8, w: 6), Extent(t: 3, h: 7, w: 5), Extent(t: 1, h: 1, w: 1),
    Extent(t: 2, h: 1, w: 9), Extent(t: 5, h: 2, w: 3),
  ]

  @Test(
    "take the maximum of every window, the first of equal ones", arguments: ck_type.both, extents)
  func maxPool(_ type: ck_type, extent: Extent) {
    let pool = MaxPool(extent)
    // Few different values, so that most windows have ties.
    let x = normals(pool.inputCount, seed: 1).map { ($0 * 1.5).rounded() / 2 }
    let expected = pool.forward(x)
    let (source, y) = (Operand(x, type), Operand(unwritten: pool.outputCount, type))
    let winners = Operand(unwritten: pool.outputCount)
    var grid = pool.grid
    unsafe ck_max_pool(
      type, &grid, source.raw, y.raw, winners.raw.assumingMemoryBound(to: UInt8.self))
    let taps = (0..<pool.outputCount).map {
      unsafe winners.raw.load(fromByteOffset: $0, as: UInt8.self)
    }
    #expect(y.values == expected.values && y.isGuarded)
    #expect(taps.map(Int.init) == expected.taps)

    // Small whole gradients, whose sums are exact in any order.
    let dy = normals(pool.outputCount, seed: 2).map { ($0 * 4).rounded() }
    let (gradient, dx) = (Operand(dy, type), Operand(unwritten: pool.inputCount, type))
    unsafe ck_max_pool_backward(
      type, &grid, gradient.raw, winners.raw.assumingMemoryBound(to: UInt8.self), dx.raw)
    #expect(dx.values == pool.backward(dy, expected.taps) && dx.isGuarded)
  }

  @Test("let a NaN through the maximum, and minus infinity where nothing is larger")
  func maxPoolSpecials() {
    let pool = MaxPool(Extent(t: 3, h: 3, w: 3))
    var x = [Float](repeating: -.infinity, count: pool.inputCount)
    for clip in 0..<2 { x[(27 * clip + 13) * 16] = .nan }
    let (source, y) = (Operand(x), Operand(unwritten: pool.outputCount))
    let winners = Operand(unwritten: pool.outputCount)
    var grid = pool.grid
    unsafe ck_max_pool(
      CK_F32, &grid, source.raw, y.raw, winners.raw.assumingMemoryBound(to: UInt8.self))
    for (index, value) in y.values.enumerated() {
      #expect(index % 16 == 0 ? value.isNaN : value == -.infinity)
    }
  }

  @Test("average every clip, and spread its gradient", arguments: ck_type.both, [1, 7, 98])
  func averagePool(_ type: ck_type, positions: Int) {
    let (clips, channels) = (3, 48)
    let x = normals(clips * positions * channels, seed: 5, as: type)
    let expected = (0..<clips * channels).map { index -> Double in
      let (clip, channel) = (index / channels, index % channels)
      let sum = (0..<positions).reduce(0.0) {
        $0 + Double(x[(clip * positions + $1) * channels + channel])
      }
      return sum / Double(positions)
    }
    let (source, y) = (Operand(x, type), Operand(unwritten: clips * channels))
    unsafe ck_average_pool(
      type, source.raw, Int64(clips), Int64(positions), Int64(channels), y.floats)
    #expect(relativeDeviation(y.values, from: expected) < 1e-7 && y.isGuarded)

    let dy = normals(clips * channels, seed: 6)
    let (gradient, dx) = (Operand(dy), Operand(unwritten: x.count, type))
    unsafe ck_average_pool_backward(
      type, gradient.floats, Int64(clips), Int64(positions), Int64(channels), dx.raw)
    let spread = x.indices.map { index -> Float in
      let (clip, channel) = (index / channels / positions, index % channels)
      return type.nearest(dy[clip * channels + channel] / Float(positions))
    }
    #expect(dx.values == spread && dx.isGuarded)
  }

  @Test(
    "subsample with channels of zeros, and add the gradient back", arguments: ck_type.both, extents)
  func subsample(_ type: ck_type, extent: Extent) {
    for (stride, outputs) in [(2, 48), (1, 64), (2, 32)] {
      let shortcut = Shortcut(extent, stride: stride, outputs: outputs)
      let x = normals(shortcut.inputCount, seed: 7, as: type)
      let (source, y) = (Operand(x, type), Operand(unwritten: shortcut.outputCount, type))
      var grid = shortcut.grid
      unsafe ck_subsample(type, &grid, Int32(stride), Int32(outputs), source.raw, y.raw)
      #expect(y.values == shortcut.places.map { $0.map { x[$0] } ?? 0 } && y.isGuarded)

      let dy = normals(shortcut.outputCount, seed: 8, as: type)
      let (gradient, dx) = (Operand(dy, type), Operand(x, type))
      unsafe ck_subsample_backward(
        type, &grid, Int32(stride), Int32(outputs), gradient.raw, dx.raw)
      var expected = x
      for (index, place) in shortcut.places.enumerated() {
        if let place { expected[place] = type.nearest(x[place] + dy[index]) }
      }
      #expect(dx.values == expected && dx.isGuarded)
    }
  }
}

/// A 3×3×3 pool with stride 2 over two clips of sixteen channels, as nested loops.
private struct MaxPool {
  let input, output: Extent
  private let clips = 2
  private let channels = 16

  init(_ input: Extent) {
    self.input = input
    output = input.after(kernel: [3, 3, 3], stride: [2, 2, 2], padding: [1, 1, 1])
  }

  var inputCount: Int { clips * input.positions * channels }
  var outputCount: Int { clips * output.positions * channels }
  var grid: ck_grid {
    ck_grid(
      n: Int32(clips), t: Int32(input.t), h: Int32(input.h), w: Int32(input.w),
      c: Int32(channels), ot: Int32(output.t), oh: Int32(output.h), ow: Int32(output.w))
  }

  /// The input element that a tap of an output element meets, unless it lies in the padding.
  private func place(of element: Int, tap: Int) -> Int? {
    let (channel, row) = (element % channels, element / channels)
    let (w, h) = (row % output.w, row / output.w % output.h)
    let (t, clip) = (row / output.w / output.h % output.t, row / output.positions)
    let (it, ih, iw) = (2 * t + tap / 9 - 1, 2 * h + tap / 3 % 3 - 1, 2 * w + tap % 3 - 1)
    guard (0..<input.t).contains(it), (0..<input.h).contains(ih), (0..<input.w).contains(iw)
    else { return nil }
    return (((clip * input.t + it) * input.h + ih) * input.w + iw) * channels + channel
  }

  func forward(_ x: [Float]) -> (values: [Float], taps: [Int]) {
    var (values, taps) = ([Float](), [Int]())
    for element in 0..<outputCount {
      let met = (0..<27).compactMap { tap in place(of: element, tap: tap).map { (tap, x[$0]) } }
      let largest = met.map(\.1).max() ?? 0
      values.append(largest)
      taps.append(met.first { $0.1 == largest }?.0 ?? 0)
    }
    return (values, taps)
  }

  func backward(_ dy: [Float], _ taps: [Int]) -> [Float] {
    var dx = [Float](repeating: 0, count: inputCount)
    for (element, tap) in taps.enumerated() {
      if let place = place(of: element, tap: tap) { dx[place] += dy[element] }
    }
    return dx
  }
}

/// Shortcut A over two clips of 32 channels: where every output element comes from.
private struct Shortcut {
  let grid: ck_grid
  /// The input element of every output element; none where the output is a filled zero.
  let places: [Int?]
  let inputCount: Int
  var outputCount: Int { places.count }

  init(_ input: Extent, stride: Int, outputs: Int) {
    let (clips, channels) = (2, 32)
    let output = input.after(
      kernel: [1, 1, 1], stride: [stride, stride, stride], padding: [0, 0, 0])
    grid = ck_grid(
      n: Int32(clips), t: Int32(input.t), h: Int32(input.h), w: Int32(input.w),
      c: Int32(channels), ot: Int32(output.t), oh: Int32(output.h), ow: Int32(output.w))
    inputCount = clips * input.positions * channels
    places = (0..<clips * output.positions * outputs).map { element in
      let (channel, row) = (element % outputs, element / outputs)
      guard channel < channels else { return nil }
      let (w, h) = (row % output.w, row / output.w % output.h)
      let (t, clip) = (row / output.w / output.h % output.t, row / output.positions)
      let position = ((clip * input.t + t * stride) * input.h + h * stride) * input.w + w * stride
      return position * channels + channel
    }
  }
}
