import Foundation
import Tensors
import Testing

@testable import Video

/// What `Tests/Fixtures/torchvision/generate.py` writes.
struct VisionFixture: Decodable {
  struct Crop: Decodable { var x, y, width, height: Int }
  struct Case: Decodable {
    var name: String
    var arguments: [Float]
    var values: [Double]
  }

  var width, height, side: Int
  var crop: Crop
  var pixels: [UInt8]
  var cases: [Case]

  static func read() throws -> VisionFixture {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Fixtures/torchvision/augmentation.json")
    return try JSONDecoder().decode(VisionFixture.self, from: Data(contentsOf: file))
  }

  func cases(_ name: String) -> [Case] { cases.filter { $0.name == name } }

  /// The picture as our augmentation makes it.
  func view(
    blurKernel: Int = 5, _ change: (inout ClipAugmentation.Draw) -> Void = { _ in }
  ) -> [Float] {
    var settings = AugmentationSettings()
    settings.normalisation = .none
    settings.blurKernel = blurKernel
    var draw = ClipAugmentation.Draw(
      crop: CropRectangle(x: crop.x, y: crop.y, width: crop.width, height: crop.height))
    change(&draw)
    var clip = [Float](repeating: .nan, count: 3 * side * side)
    unsafe clip.withUnsafeMutableBufferPointer { clip in
      unsafe ClipAugmentation(settings, size: side).apply(
        draw, to: pixels, frames: 1, of: PixelSize(width: width, height: height), into: clip)
    }
    return clip
  }
}

@Suite("Beside torchvision, the augmentation") struct TorchvisionTests {
  let fixture: VisionFixture

  init() throws { fixture = try VisionFixture.read() }

  /// Compares every case of an operator with ours; the limit is far below the 1/255 that counts.
  private func compare(
    _ name: String, limit: Double = 2e-5, ours: (VisionFixture.Case) -> [Float]
  ) {
    let cases = fixture.cases(name)
    #expect(!cases.isEmpty)
    for one in cases {
      let far = zip(ours(one), one.values).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
      #expect(far <= limit, "\(name) \(one.arguments): off by \(far)")
    }
  }

  @Test func `crops, scales and flips`() {
    compare("crop") { _ in fixture.view() }
    compare("flip") { _ in fixture.view { $0.isFlipped = true } }
  }

  @Test func `turns`() {
    compare("rotate") { one in fixture.view { $0.rotation = one.arguments[0] } }
  }

  @Test func `blurs`() {
    compare("blur") { one in
      fixture.view(blurKernel: Int(one.arguments[0])) { $0.blurSigma = one.arguments[1] }
    }
  }

  @Test func `changes colours`() {
    compare("brightness") { one in
      fixture.view { $0.adjustments = [.brightness(one.arguments[0])] }
    }
    compare("contrast") { one in fixture.view { $0.adjustments = [.contrast(one.arguments[0])] } }
    compare("saturation") { one in
      fixture.view { $0.adjustments = [.saturation(one.arguments[0])] }
    }
    compare("hue") { one in fixture.view { $0.adjustments = [.hue(one.arguments[0])] } }
    compare("gray") { _ in fixture.view { $0.isGray = true } }
  }

  @Test func `normalises with the known sets`() {
    let plain = fixture.view()
    for (set, mean, deviation): (Normalisation, [Float], [Float]) in [
      (.kinetics, [0.4345, 0.4051, 0.3775], [0.2768, 0.2713, 0.2737]),
      (.imagenet, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]), (.none, [0, 0, 0], [1, 1, 1]),
    ] {
      var settings = AugmentationSettings()
      settings.normalisation = set
      #expect(settings.problem == nil)
      let (ours, scale) = settings.normalised
      #expect(ours == mean && scale == deviation)
    }
    #expect(plain.allSatisfy { (0...1).contains($0) })
  }

  @Test func `shows the halves of a colour as scikit-image has them`() throws {
    let (side, lab, ycbcr) = (
      fixture.side * fixture.side, try #require(fixture.cases("lab").first).values,
      try #require(fixture.cases("ycbcr").first).values
    )
    let lightness = fixture.view { $0.content = .lightness }
    let ab = fixture.view { $0.content = .ab }
    let luma = fixture.view { $0.content = .luma }
    let cbcr = fixture.view { $0.content = .cbcr }
    for i in 0..<side {
      let (l, a, b) = (lab[i], lab[side + i], lab[2 * side + i])
      #expect(abs(Double(lightness[i]) - (l / 50 - 1)) < 2e-4)
      #expect(abs(Double(ab[i]) - (a - 6.025) / 92.208) < 2e-4)
      #expect(abs(Double(ab[side + i]) - (b + 6.6895) / 101.1675) < 2e-4)
      let (y, cb, cr) = (ycbcr[i], ycbcr[side + i], ycbcr[2 * side + i])
      #expect(abs(Double(luma[i]) - (y - 116.151) / 109.5) < 1e-5)
      #expect(abs(Double(cbcr[i]) - (cb - 121.08) / 111.855) < 1e-5)
      #expect(abs(Double(cbcr[side + i]) - (cr - 132.342) / 111.964) < 1e-5)
      #expect(lightness[i] == lightness[2 * side + i] && luma[i] == luma[side + i])
      #expect(ab[2 * side + i] == 0 && cbcr[2 * side + i] == 0)
    }
  }
}
