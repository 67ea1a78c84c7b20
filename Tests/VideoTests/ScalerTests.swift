import CLibAV
import Tensors
import Testing

@testable import Video

@Suite("Scaling")
struct ScalerTests {
  @Test("goes to a small size in steps of a 64th at most, and straight to all others")
  func sizes() {
    func sizes(_ from: (Int, Int), _ to: (Int, Int)) -> [[Int]] {
      Scaler.sizes(
        from: PixelSize(width: from.0, height: from.1), to: PixelSize(width: to.0, height: to.1)
      ).map { [$0.width, $0.height] }
    }
    #expect(sizes((1920, 1080), (171, 128)) == [[171, 128]])
    #expect(sizes((512, 512), (8, 8)) == [[8, 8]])
    #expect(sizes((513, 512), (8, 8)) == [[9, 8], [8, 8]])
    #expect(sizes((1, 4096), (12, 8)) == [[1, 64], [12, 8]])
    #expect(sizes((8192, 4320), (1, 1)) == [[128, 68], [2, 2], [1, 1]])
    #expect(sizes((3, 5), (300, 500)) == [[300, 500]])
  }

  @Test("refuses sensors' pictures of odd size, of which libav would leave a part as it finds it")
  func bayer() throws {
    let picture = try Picture(rgb: PixelSize(width: 8, height: 6), .interleaved, for: "test")
    var source = ScalingStep.Source(picture)
    source.format = AV_PIX_FMT_BAYER_BGGR8.rawValue
    func step() throws(VideoError) {
      _ = try ScalingStep(
        from: source, to: PixelSize(width: 4, height: 4), .interleaved, for: "test")
    }
    try step()
    source.size.width = 7
    let error = #expect(throws: VideoError.self) { try step() }
    #expect(error?.reason == "a Bayer picture of 7×6 pixels, whose sides are not even")
  }

  /// libav alone would sum bytes here that nobody wrote.
  @Test("gives the same bytes whatever the memory held before", arguments: [1024, 4096])
  func staleMemory(height: Int) throws {
    let source = try Picture(rgb: PixelSize(width: 7, height: height), .interleaved, for: "test")
    var random = RandomStream(seed: 1, purpose: .test)
    let row = (0..<21).map { _ in UInt8(random.integer(below: 256)) }
    source.fill(with: (0..<height).flatMap { _ in row })
    var results: Set<[UInt8]> = []
    for turn in 0..<24 {
      var dirt = (0..<200).map {
        [UInt8](repeating: UInt8(truncatingIfNeeded: turn &* 37 &+ $0), count: 64 + $0 * 41)
      }
      dirt.removeAll()
      var scaler = Scaler(for: "test")
      var bytes = [UInt8](repeating: 0, count: 7 * 8 * 3)
      try scaler.scale(
        source, crop: nil, to: PixelSize(width: 7, height: 8), turned: .upright, into: &bytes,
        at: 0)
      results.insert(bytes)
    }
    #expect(results.count == 1)
    // Equal rows stay what they are.
    let bytes = try #require(results.first)
    for (index, byte) in bytes.enumerated() {
      #expect(abs(Int(byte) - Int(row[index % 21])) <= 2)
    }
  }
}
