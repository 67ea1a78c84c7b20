import CPanels
import Tensors
import Testing

@testable import Clustering

@Suite("Means side by side")
struct PackedMeansTests {
  @Test(
    "Packing equals a plain loop, and touches nothing else",
    arguments: [1, 7, 8, 127, 128, 129, 300], [1, 14, 32])
  func packing(_ width: Int, stride: Int) {
    var random = RandomStream(seed: UInt64(width), purpose: .test)
    let rows = LaneArray(random.normals(stride * width))
    let sums = LaneArray(random.normals(stride * width).map { Double($0) * 1e3 })
    let (highs, lows) = (Self.words(of: sums, shift: 32), Self.words(of: sums, shift: 0))
    let centre = LaneArray(random.normals(width).map(Double.init))
    let noCentre = LaneArray([Double](repeating: 0, count: width))
    for isCentred in [true, false] {
      let taken = isCentred ? centre : noCentre
      // The second has a factor that single precision has not.
      let factors = (0..<stride).map { $0 == 1 ? 1e-42 : 0.3 + Double($0) }
      let vectors = unsafe LaneArray<cpanels_vector>(count: stride)
      for index in 0..<stride {
        unsafe vectors[index] =
          unsafe (index + width) % 3 < 2
          ? cpanels_vector(
            row: rows.base + index * width, centre: taken.base, high: nil, low: nil,
            factor: factors[index])
          : cpanels_vector(
            row: nil, centre: nil, high: highs.base + index * width,
            low: lows.base + index * width, factor: factors[index])
      }
      for count in Set([0, 1, stride / 2, stride - 1, stride]) {
        let out = LaneArray([Float](repeating: -7, count: stride * width + 16))
        unsafe cpanels_pack(
          vectors.base, Int64(count), Int64(width), Int64(stride), isCentred ? 1 : 0, out.base)
        for k in 0..<width {
          for index in 0..<stride {
            let value =
              (index + width) % 3 < 2
              ? Double(rows[index * width + k]) - taken[k] : sums[index * width + k]
            let expected = index < count ? value * factors[index] : 0
            let error = abs(Double(out[k * stride + index]) - expected)
            let bound = isCentred || (index + width) % 3 == 2 ? 0x1p-24 : 0x1p-23
            #expect(error <= bound * abs(expected) + 0x1p-149, "\(index), \(k)")
          }
        }
        #expect((0..<16).allSatisfy { out[stride * width + $0] == -7 })
      }
    }
  }

  @Test(
    "Packing less a centre equals a plain loop, and sums what is taken off",
    arguments: [1, 8, 130],
    [14, 32])
  func packingApart(_ width: Int, stride: Int) {
    var random = RandomStream(seed: UInt64(width), purpose: .test)
    let rows = LaneArray(random.normals(stride * width))
    let centre = LaneArray(random.normals(width).map(Double.init))
    let none = LaneArray([Double](repeating: 0, count: width))
    let vectors = unsafe LaneArray<cpanels_vector>(count: stride)
    for index in 0..<stride {
      unsafe vectors[index] = unsafe cpanels_vector(
        row: rows.base + index * width, centre: none.base, high: nil, low: nil,
        factor: 0.3 + Double(index))
    }
    for count in [0, 1, stride - 1, stride] {
      let out = LaneArray([Float](repeating: -7, count: stride * width + 16))
      let (products, squares) = (LaneArray<Double>(count: stride), LaneArray<Double>(count: stride))
      unsafe cpanels_pack_apart(
        vectors.base, Int64(count), Int64(width), Int64(stride), centre.base, out.base,
        products.base, squares.base)
      for index in 0..<stride {
        var (product, square) = (0.0, 0.0)
        for k in 0..<width {
          let value = Double(rows[index * width + k]) * (0.3 + Double(index)) - centre[k]
          let expected = index < count ? value : 0
          #expect(abs(Double(out[k * stride + index]) - expected) <= 0x1p-24 * abs(expected))
          product += expected * centre[k]
          square += expected * expected
        }
        #expect(abs(products[index] - product) <= 1e-12 * (1 + square))
        #expect(abs(squares[index] - square) <= 1e-12 * (1 + square))
      }
      #expect((0..<16).allSatisfy { out[stride * width + $0] == -7 })
    }
  }

  @Test("One mean compared with others is what a plain loop says", arguments: [1, 15, 16, 130])
  func compareOne(_ width: Int) {
    var random = RandomStream(seed: UInt64(width), purpose: .test)
    let means = LaneArray(random.normals(5 * width))
    let squares = LaneArray(random.normals(5).map { abs($0) })
    let (others, values) = (LaneArray<Int32>([4, 0, 3]), LaneArray<Float>(count: 3))
    unsafe cpanels_compare_one(
      means.base, Int64(width), squares.base, 2, others.base, 3, 0.25, values.base)
    for (place, other) in [4, 0, 3].enumerated() {
      let product = (0..<width).reduce(0.0) {
        $0 + Double(means[2 * width + $1]) * Double(means[other * width + $1])
      }
      let expected = 0.25 - (Double(squares[2]) + Double(squares[other]) - 2 * product)
      #expect(abs(Double(values[place]) - expected) < 1e-4 * Double(width + 8))
    }
  }

  private static func words(of sums: LaneArray<Double>, shift: UInt64) -> LaneArray<Float> {
    LaneArray(
      (0..<sums.count).map {
        Float(bitPattern: UInt32(truncatingIfNeeded: sums[$0].bitPattern >> shift))
      })
  }
}
