import Testing

@testable import Video

@Suite("A frame's motion vectors") struct MotionTallyTests {
  private func vector(
    _ x: Float, _ y: Float, _ side: Float, _ right: Float, _ down: Float, later: Bool = false
  ) -> MotionTally.Vector {
    MotionTally.Vector(
      isFromLater: later, x: x, y: y, width: side, height: side, right: right, down: down)
  }

  private func tally(
    _ vectors: [MotionTally.Vector], frame: PixelSize = PixelSize(width: 32, height: 16)
  ) -> MotionTally {
    var tally = MotionTally(grid: PixelSize(width: 4, height: 2), frame: frame)
    for vector in vectors { tally.add(vector) }
    return tally
  }

  @Test("become velocities: backwards from an earlier picture, forwards to a later one")
  func directions() {
    // Two pixels left and one up in the picture before: the block moves right and down.
    let past = tally([vector(8, 8, 16, -2, -1)]).velocities(before: 1, after: 1)
    #expect(Array(past[0..<3]) == [1024, 1024, 256])
    #expect(past[6] == 0 && past[8] == 0)
    let far = tally([vector(8, 8, 16, -2, -1)]).velocities(before: 2, after: 1)
    #expect(Array(far[0..<3]) == [512, 512, 256])
    let future = tally([vector(8, 8, 16, 6, 3, later: true)]).velocities(before: 1, after: 3)
    #expect(Array(future[3..<6]) == [1024, 1024, 256])
    let both = tally([vector(8, 8, 16, -2, 0), vector(8, 8, 16, 4, 0, later: true)])
      .velocities(before: 1, after: 1)
    #expect(Array(both[0..<3]) == [1536, 0, 256])
  }

  @Test("count for a cell as far as their blocks cover it")
  func areas() {
    // Two blocks of 4×4 in the first cell, one of them reaching into the second.
    let cells = tally([vector(2, 2, 4, -1, 0), vector(8, 2, 4, -3, 0)])
      .velocities(before: 1, after: 1)
    #expect(cells[0] == Int16((1.0 * 16 + 3.0 * 8) / 24 / 32 * 16_384 + 0.5))
    #expect(cells[2] == 256 * 24 / 64)
    #expect(cells[3] == 1536 && cells[5] == 256 * 8 / 64)
    #expect(cells[6..<24].allSatisfy { $0 == 0 })
  }

  @Test("may lie outside, or belong to a frame of another size")
  func outside() {
    let cells = tally([
      vector(40, 8, 16, -2, 0), vector(-8, 4, 16, -2, 0), vector(30, 15, 16, -2, 0),
    ])
    .velocities(before: 1, after: 1)
    #expect(cells.count == 24 && cells[0] == 0 && cells[21] == 1024)
    let large = tally(
      [vector(16, 16, 32, -4, -2)], frame: PixelSize(width: 64, height: 32)
    ).velocities(before: 1, after: 1)
    #expect(Array(large[0..<3]) == [1024, 1024, 256])
  }

  @Test("turn with the picture")
  func turned() {
    var video = MotionVideo(grid: PixelSize(width: 4, height: 2))
    video.append(tally([vector(4, 4, 8, -2, -1)]).velocities(before: 1, after: 1))
    // A quarter turn clockwise: right becomes down, down becomes left.
    let turned = video.turned(Orientation(a: 0, b: 65_536, c: -65_536, d: 0))
    #expect(turned.grid == PixelSize(width: 2, height: 4) && turned.frameCount == 1)
    #expect(Array(turned.cells[3..<6]) == [-1024, 1024, 256])
    #expect(turned.cells.enumerated().allSatisfy { $0.element == 0 || (3..<6).contains($0.offset) })
    #expect(video.turned(.upright).cells == video.cells)
  }
}
