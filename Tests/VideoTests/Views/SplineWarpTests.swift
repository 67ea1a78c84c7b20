import Foundation
import Tensors
import Testing

@testable import Video

@Suite("A thin plate") struct SplineWarpTests {
  /// What `Tests/Fixtures/scipy/generate.py` writes.
  struct Case: Decodable {
    var side: Int
    var shifts: [[Float]]
    var sources: [[Double]]

    static func all() throws -> [Case] {
      let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Fixtures/scipy/splines.json")
      return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    }
  }

  /// Where each pixel comes from, kept inside: planes that hold their own places, warped.
  private func sources(_ warp: SplineWarp, side: Int) -> [SIMD2<Double>] {
    let count = side * side
    var clip = (0..<count).map { Float($0 % side) } + (0..<count).map { Float($0 / side) }
    unsafe clip.withUnsafeMutableBufferPointer { clip in
      unsafe PixelMap(warp, side: side).apply(to: clip)
    }
    return (0..<count).map { SIMD2(Double(clip[$0]), Double(clip[count + $0])) }
  }

  @Test("bends as SciPy's spline does") func matches() throws {
    let cases = try Case.all()
    #expect(cases.count == 2)
    for one in cases {
      let warp = SplineWarp(shifts: one.shifts.map { SIMD2($0[0], $0[1]) })
      let last = Double(one.side - 1)
      for (ours, theirs) in zip(sources(warp, side: one.side), one.sources) {
        #expect(abs(ours.x - min(max(theirs[0], 0), last)) < 2e-5)
        #expect(abs(ours.y - min(max(theirs[1], 0), last)) < 2e-5)
      }
    }
  }

  @Test("moves its grid's points where it is told to, and all the rest with them")
  func passesThrough() {
    var random = RandomStream(seed: 8, purpose: .test)
    let warp = SplineWarp.draw(using: &random)
    #expect(warp.shifts.allSatisfy { abs($0.x) <= 0.1 && abs($0.y) <= 0.1 })
    #expect(Set(warp.shifts.map(\.x)).count == 25)
    // Of 41 pixels every tenth is a point of the grid; the inner ones stay inside.
    let places = sources(warp, side: 41)
    for row in 1...3 {
      for column in 1...3 {
        let shift = SIMD2<Double>(warp.shifts[row * 5 + column]) * 20
        let place = places[row * 10 * 41 + column * 10]
        #expect(abs(place.x - Double(column * 10) - shift.x) < 1e-4)
        #expect(abs(place.y - Double(row * 10) - shift.y) < 1e-4)
      }
    }
  }

  @Test("bends nothing where all points move by an affine map") func affine() {
    let shifts = SplineWarp.grid.map { SIMD2<Float>($0 * SIMD2(-0.1, 0.05) + SIMD2(0.02, 0.01)) }
    let coefficients = SplineWarp(shifts: shifts).coefficients
    #expect(coefficients.prefix(25).allSatisfy { abs($0.x) < 1e-6 && abs($0.y) < 1e-6 })
    #expect(abs(coefficients[25].x - 0.02) < 1e-6 && abs(coefficients[26].x + 0.1) < 1e-6)
    #expect(abs(coefficients[27].x) < 1e-6 && abs(coefficients[27].y - 0.05) < 1e-6)
  }

  @Test("of one pixel is that pixel") func onePixel() {
    var random = RandomStream(seed: 8, purpose: .test)
    #expect(sources(.draw(using: &random), side: 1) == [.zero])
  }
}
