import Foundation
import Tensors
import Testing

@testable import Video

@Suite("A dent") struct LocalWarpTests {
  /// The plane with one dent after the other, traced back in double precision.
  private func naive(_ plane: [Float], side: Int, _ warps: [LocalWarp]) -> [Double] {
    func traced(_ x: Double, _ y: Double) -> (Double, Double) {
      warps.reversed().reduce((x, y)) { place, warp in
        let (cx, cy) = (Double(warp.centre.x), Double(warp.centre.y))
        let (dx, dy) = (Double(warp.shift.x), Double(warp.shift.y))
        let (px, py) = (place.0 / Double(side), place.1 / Double(side))
        let distance = hypot(px - cx - dx, py - cy - dy) / hypot(dx, dy)
        let weight = 0.5 / (3 * pow(distance, 4) + 1)
        return ((px - weight * dx) * Double(side), (py - weight * dy) * Double(side))
      }
    }
    func pixel(_ x: Int, _ y: Int) -> Double {
      Double(plane[min(max(y, 0), side - 1) * side + min(max(x, 0), side - 1)])
    }
    return (0..<side * side).map { index in
      var (x, y) = traced(Double(index % side), Double(index / side))
      (x, y) = (min(max(x, 0), Double(side - 1)), min(max(y, 0), Double(side - 1)))
      let (u, v) = (x - x.rounded(.down), y - y.rounded(.down))
      let (left, top) = (Int(x), Int(y))
      return (pixel(left, top) * (1 - u) + pixel(left + 1, top) * u) * (1 - v)
        + (pixel(left, top + 1) * (1 - u) + pixel(left + 1, top + 1) * u) * v
    }
  }

  @Test("shows at x what was at x − w·d, alike in all planes", arguments: 0..<6)
  func matches(sample: Int) {
    var random = RandomStream(seed: 8, purpose: .test, sample: sample)
    let warps = LocalWarp.draw(using: &random)
    let side = 32
    let plane = (0..<side * side).map { _ in random.uniform() }
    var clip = plane + plane.map { 1 - $0 }
    unsafe clip.withUnsafeMutableBufferPointer { clip in
      unsafe PixelMap(warps, side: side).apply(to: clip)
    }
    let expected = naive(plane, side: side, warps)
    for (index, value) in expected.enumerated() {
      #expect(abs(Double(clip[index]) - value) < 1e-4)
      #expect(abs(Double(clip[side * side + index]) - (1 - value)) < 1e-4)
    }
    #expect(clip != plane + plane.map { 1 - $0 })
  }

  @Test("lies where DSM's code puts it")
  func draws() {
    var counts: [Int: Int] = [:]
    for sample in 0..<600 {
      var random = RandomStream(seed: 8, purpose: .test, sample: sample)
      let warps = LocalWarp.draw(using: &random)
      counts[warps.count, default: 0] += 1
      for warp in warps {
        for axis in 0..<2 {
          #expect((60...140).contains(warp.centre[axis] * 224))
          #expect((9.999...20.001).contains(warp.shift[axis] * 224))
        }
      }
    }
    #expect(counts.count == 3 && counts.values.allSatisfy { abs($0 - 200) < 60 })
  }

  @Test("of no shift at all changes nothing far away")
  func identity() {
    let plane = (0..<64).map { Float($0) }
    var clip = plane
    unsafe clip.withUnsafeMutableBufferPointer { clip in
      unsafe PixelMap([], side: 8).apply(to: clip)
    }
    #expect(zip(clip, plane).allSatisfy { abs($0 - $1) < 1e-4 })
  }
}
