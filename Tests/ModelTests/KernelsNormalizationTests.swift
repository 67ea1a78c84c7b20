// `unsafe` is sound here because every operand has as many elements as rows times channels.
import CKernels
import Testing

@testable import Model

@Suite("Batch norm kernels")
struct KernelsNormalizationTests {
  /// Fewer rows than a block, several blocks with a rest, and the widest layers.
  static let shapes = [(1, 16), (7, 48), (257, 16), (1000, 32), (41, 512), (19, 2048)]

  @Test("find mean and biased variance of every channel", arguments: ck_type.both, shapes)
  func statistics(_ type: ck_type, shape: (rows: Int, channels: Int)) {
    let x = normals(shape.rows * shape.channels, seed: shape.rows, as: type)
    let (error, _) = statisticsErrors(x, type, shape)
    // The means are those of noise: near zero, and summed from numbers that are not.
    #expect(error.mean < 5e-6 && error.variance < 1e-6, "\(error)")
  }

  /// Deviations of 0.01 around 1000: squares minus squared mean would have no right digit in fp32.
  @Test("keep a tiny variance beside a large mean", arguments: [(257, 16), (5000, 32)])
  func cancellation(_ shape: (rows: Int, channels: Int)) {
    let x = normals(shape.rows * shape.channels, seed: 4, deviation: 0.01, mean: 1000)
    let (error, variances) = statisticsErrors(x, CK_F32, shape)
    #expect(error.mean < 1e-7 && error.variance < 1e-5, "\(error)")
    #expect(variances.allSatisfy { $0 > 0.5e-4 && $0 < 2e-4 })
  }

  @Test("find no variance in equal values", arguments: [Float(0), 3, 1e10, -0.1])
  func constant(_ value: Float) {
    let x = Operand([Float](repeating: value, count: 300 * 16))
    let (mean, variance) = (Operand(unwritten: 16), Operand(unwritten: 16))
    unsafe ck_channel_statistics(CK_F32, x.raw, 300, 16, mean.floats, variance.floats)
    #expect(mean.values.allSatisfy { abs($0 - value) <= abs(value) * 1e-7 })
    #expect(variance.values.allSatisfy { $0 >= 0 && $0 <= value * value * 1e-12 })
  }

  @Test(
    "scale, shift, add and rectify as separate roundings do", arguments: ck_type.both,
    [(false, false), (false, true), (true, false), (true, true)])
  func scaleShift(_ type: ck_type, options: (hasResidual: Bool, rectifies: Bool)) {
    let (rows, channels) = (37, 48)
    var x = normals(rows * channels, seed: 1, as: type)
    x[5] = .nan
    let other = normals(rows * channels, seed: 2, as: type)
    let (scale, shift) = (normals(channels, seed: 3), normals(channels, seed: 4))
    let expected = x.indices.map { index -> Float in
      var value = x[index] * scale[index % channels] + shift[index % channels]
      if options.hasResidual { value += other[index] }
      if options.rectifies && value < 0 { value = 0 }
      return type.nearest(value)
    }
    let (source, residual) = (Operand(x, type), Operand(other, type))
    let (factors, offsets) = (Operand(scale), Operand(shift))
    let apart = Operand(unwritten: x.count, type)
    for target in [apart, source] {
      unsafe ck_scale_shift(
        type, source.raw, Int64(rows), Int64(channels), factors.floats, offsets.floats,
        options.hasResidual ? residual.raw : nil, options.rectifies ? 1 : 0, target.raw)
      #expect(target.values[5].isNaN && target.isGuarded)
      #expect(
        target.values.enumerated().allSatisfy {
          $0.offset == 5 || $0.element == expected[$0.offset]
        })
    }
  }

  @Test("send gradients back as the formulas do", arguments: ck_type.both, shapes)
  func backward(_ type: ck_type, shape: (rows: Int, channels: Int)) {
    for isRectified in [false, true] {
      let run = BackwardCase(type, shape.rows, shape.channels, isRectified: isRectified)
      let error = run.errors()
      let rounding = type == CK_F32 ? 2e-6 : 2.5e-3
      #expect(error.shift < 1e-6 && error.scale < 2e-6 && error.x < rounding, "\(error)")
    }
  }

  /// What is recomputed instead of kept must be what was not kept, in every bit.
  @Test("mask again as the result that was not kept would", arguments: ck_type.both, shapes)
  func recomputedMask(_ type: ck_type, shape: (rows: Int, channels: Int)) {
    let (rows, channels) = (Int64(shape.rows), Int64(shape.channels))
    var x = normals(shape.rows * shape.channels, seed: 1, as: type)
    // Zeros, and what rounds to zero in bf16 alone.
    for index in stride(from: 0, to: x.count, by: 7) { x[index] = 0 }
    for index in stride(from: 3, to: x.count, by: 11) { x[index] = 0x1p-130 }
    let source = Operand(x, type)
    let dy = normals(x.count, seed: 2, as: type)
    func vector(_ seed: Int, _ deviation: Double, _ mean: Float) -> Operand {
      Operand(normals(shape.channels, seed: seed, deviation: deviation, mean: mean))
    }
    let (mean, inverse, weight) = (vector(3, 0.1, 0), vector(4, 0.1, 1), vector(5, 0.1, 1))
    let scale = Operand((0..<shape.channels).map { $0 % 3 == 0 ? 1e-2 : 1 - Float($0 % 2) * 2 })
    let shift = Operand((0..<shape.channels).map { $0 % 3 == 0 ? 0 : 0.1 })
    let y = Operand(unwritten: x.count, type)
    unsafe ck_scale_shift(
      type, source.raw, rows, channels, scale.floats, shift.floats, nil, 1, y.raw)
    var results: [[Float]] = []
    for isKept in [true, false] {
      let gradient = Operand(dy, type)
      let (dShift, dScale) = (vector(0, 1, 0), vector(0, 1, 0))
      var norm = unsafe ck_normalization(
        mean: mean.floats, inverse: inverse.floats, weight: weight.floats,
        scale: isKept ? nil : UnsafePointer(scale.floats),
        shift: isKept ? nil : UnsafePointer(shift.floats))
      unsafe ck_normalization_sums(
        type, source.raw, isKept ? y.raw : nil, gradient.raw, rows, channels, &norm, dShift.floats,
        dScale.floats)
      if !isKept { #expect(gradient.values == dy, "the gradient stays as it is") }
      // In place of x, as the last unit of a block has it, and in place of the gradient.
      let copy = Operand(x, type)
      unsafe ck_normalization_backward(
        type, copy.raw, gradient.raw, rows, channels, &norm, dShift.floats, dScale.floats, copy.raw)
      unsafe ck_normalization_backward(
        type, source.raw, gradient.raw, rows, channels, &norm, dShift.floats, dScale.floats,
        gradient.raw)
      #expect(copy.values == gradient.values)
      results.append(dShift.values + dScale.values + gradient.values)
    }
    #expect(results[0] == results[1])
  }

  private func statisticsErrors(
    _ x: [Float], _ type: ck_type, _ shape: (rows: Int, channels: Int)
  ) -> (error: (mean: Double, variance: Double), variances: [Float]) {
    let expected = Moments(x, shape.rows, shape.channels)
    let (mean, variance) = (
      Operand(unwritten: shape.channels), Operand(unwritten: shape.channels)
    )
    let source = Operand(x, type)
    unsafe ck_channel_statistics(
      type, source.raw, Int64(shape.rows), Int64(shape.channels), mean.floats, variance.floats)
    #expect(mean.isGuarded && variance.isGuarded)
    return (
      (
        relativeDeviation(mean.values, from: expected.means),
        relativeDeviation(variance.values, from: expected.variances)
      ), variance.values
    )
  }
}

/// Means and biased variances in two passes and double precision.
private struct Moments {
  let means, variances: [Double]

  init(_ x: [Float], _ rows: Int, _ channels: Int) {
    func average(_ value: (Int, Int) -> Double) -> [Double] {
      (0..<channels).map { channel in
        (0..<rows).reduce(0.0) { $0 + value($1, channel) } / Double(rows)
      }
    }
    let means = average { Double(x[$0 * channels + $1]) }
    self.means = means
    variances = average { row, channel in
      let distance = Double(x[row * channels + channel]) - means[channel]
      return distance * distance
    }
  }
}

/// Batch norm backward on normal numbers, beside its formulas in double precision.
private struct BackwardCase {
  let type: ck_type
  let rows, channels: Int
  let isRectified: Bool
  let x, y, dy, mean, inverse, weight: [Float]

  init(_ type: ck_type, _ rows: Int, _ channels: Int, isRectified: Bool) {
    (self.type, self.rows, self.channels) = (type, rows, channels)
    self.isRectified = isRectified
    let count = rows * channels
    x = normals(count, seed: 1, as: type)
    y = normals(count, seed: 2, as: type).map { max($0, 0) }
    dy = normals(count, seed: 3, as: type)
    mean = normals(channels, seed: 4, deviation: 0.1)
    inverse = normals(channels, seed: 5, deviation: 0.1, mean: 1)
    weight = normals(channels, seed: 6, deviation: 0.1, mean: 1)
  }

  func errors() -> (shift: Double, scale: Double, x: Double) {
    let (source, rectified, gradient) = (Operand(x, type), Operand(y, type), Operand(dy, type))
    let (centre, factor, gain) = (Operand(mean), Operand(inverse), Operand(weight))
    let (shift, scale) = (Operand(unwritten: channels), Operand(unwritten: channels))
    var norm = unsafe ck_normalization(
      mean: centre.floats, inverse: factor.floats, weight: gain.floats, scale: nil, shift: nil)
    unsafe ck_normalization_sums(
      type, source.raw, isRectified ? rectified.raw : nil, gradient.raw, Int64(rows),
      Int64(channels), &norm, shift.floats, scale.floats)
    let masked = dy.indices.map { isRectified && y[$0] == 0 ? 0 : dy[$0] }
    #expect(gradient.values == masked)
    // In place, as the encoder calls it.
    unsafe ck_normalization_backward(
      type, source.raw, gradient.raw, Int64(rows), Int64(channels), &norm, shift.floats,
      scale.floats, gradient.raw)
    #expect(gradient.isGuarded && shift.isGuarded && scale.isGuarded)
    let expected = expectation(masked)
    return (
      relativeDeviation(shift.values, from: expected.shift),
      relativeDeviation(scale.values, from: expected.scale),
      relativeDeviation(gradient.values, from: expected.x)
    )
  }

  private func expectation(_ masked: [Float]) -> (shift: [Double], scale: [Double], x: [Double]) {
    func normalized(_ index: Int) -> Double {
      let channel = index % channels
      return (Double(x[index]) - Double(mean[channel])) * Double(inverse[channel])
    }
    var shift = [Double](repeating: 0, count: channels)
    var scale = shift
    for index in masked.indices {
      shift[index % channels] += Double(masked[index])
      scale[index % channels] += Double(masked[index]) * normalized(index)
    }
    let dx = masked.indices.map { index in
      let channel = index % channels
      let mean = shift[channel] / Double(rows)
      let slope = scale[channel] / Double(rows)
      return Double(weight[channel]) * Double(inverse[channel])
        * (Double(masked[index]) - mean - normalized(index) * slope)
    }
    return (shift, scale, dx)
  }
}
