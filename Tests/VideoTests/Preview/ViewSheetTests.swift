import Foundation
import Testing

@testable import Video

@Suite("The sheet of views") struct ViewSheetTests {
  private func sheet(_ words: [String], seed: UInt64 = 0) throws -> ViewSheet {
    ViewSheet(
      try words.map { try #require(ViewRecipe($0)) }, video: VideoSettings(),
      augmentation: AugmentationSettings(), seed: seed)
  }

  @Test("has a row a view and a column a frame, and the same bytes every time")
  func bytes() throws {
    let sheet = try sheet(["rgb", "residual", "mv"])
    #expect(sheet.size == PixelSize(width: 8 * 50 + 2, height: 3 * (48 + 13) + 2))
    let pixels = try sheet.draw(SampleSet.someVideo)
    #expect(pixels.count == sheet.size.width * sheet.size.height * 3)
    let png = try PNG.encode(pixels, of: sheet.size)
    #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]) && png.count < pixels.count)
    #expect(try PNG.encode(try sheet.draw(SampleSet.someVideo), of: sheet.size) == png)
    #expect(
      try self.sheet(["rgb"], seed: 1).draw(SampleSet.someVideo)
        != self.sheet(["rgb"]).draw(SampleSet.someVideo))
  }

  @Test("shows the same window in all rows that do not ask for another")
  func comparable() throws {
    #expect(
      try sheet(["rgb", "apart", "again+mv", "x2"]).views.map(\.description)
        == ["rgb", "same", "apart", "again+mv", "same+x2"])
    let twice = try sheet(["rgb", "rgb"])
    let pixels = try twice.draw(SampleSet.someVideo)
    let row = (48 + 13) * twice.size.width * 3
    #expect(pixels[..<row].elementsEqual(pixels[row..<2 * row]))
    #expect(Set(ViewSheet.all).count == ViewSheet.all.count)
  }

  @Test(
    "is a PNG that the ffmpeg tool reads pixel by pixel",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func decodes() throws {
    let scratch = try Scratch()
    let sheet = ViewSheet(
      ViewSheet.all, video: VideoSettings(), augmentation: AugmentationSettings(), seed: 2)
    let pixels = try sheet.draw(SampleSet.someVideo)
    try Data(PNG.encode(pixels, of: sheet.size))
      .write(to: URL(filePath: scratch.path("sheet.png")))
    try FFmpegTool.run([
      "-i", scratch.path("sheet.png"), "-f", "rawvideo", "-pix_fmt", "rgb24", scratch.path("raw"),
    ])
    #expect(try Array(Data(contentsOf: URL(filePath: scratch.path("raw")))) == pixels)
  }

  @Test("colours motion by where it goes")
  func wheel() {
    let colours = ViewColours(.mv, AugmentationSettings())
    #expect(colours[SIMD3(0, 0, 1)] == SIMD3(255, 255, 255))
    #expect(colours[SIMD3(1, 0, 1)] == SIMD3(255, 0, 0))
    #expect(colours[SIMD3(-1, 0, 1)] == SIMD3(0, 255, 255))
    #expect(colours[SIMD3(0, 1, 1)] == SIMD3(128, 255, 0))
    #expect(colours[SIMD3(0.5, 0.5, 0)] == SIMD3(128, 128, 128))
    let plain = ViewColours(.rgb, AugmentationSettings())
    #expect(plain[SIMD3(-0.45, 0, 0.55) / 0.27] == SIMD3(0, 115, 255))
    #expect(ViewColours(.residual, AugmentationSettings())[.zero] == SIMD3(128, 128, 128))
  }

  @Test("names the file that cannot be decoded")
  func bad() throws {
    let scratch = try Scratch()
    let file = try scratch.write("bad.mp4", "no video")
    let sheet = try sheet(["rgb"])
    #expect(error { () throws(VideoError) in _ = try sheet.draw(file) }?.path == file)
  }

  @Test("can write every word of a recipe")
  func letters() {
    let box = Glyph.rows(of: "?")
    for recipe in ViewSheet.all {
      for character in recipe.description { #expect(Glyph.rows(of: character) != box) }
    }
    for character in "+same" { #expect(Glyph.rows(of: character) != box) }
  }
}
