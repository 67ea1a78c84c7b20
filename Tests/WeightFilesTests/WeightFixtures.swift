import Foundation
import Tensors

@testable import WeightFiles

/// The files that `Tests/Fixtures/weights/generate.py` makes, and what they hold.
enum WeightFixtures {
  struct Tensor: Decodable {
    let shape: [Int]
    let values: [Double]
    let isFloat: Bool
  }

  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/weights/" + name).path
  }

  static func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path(name)))
  }

  static func expected() throws -> [String: Tensor] {
    try JSONDecoder().decode([String: Tensor].self, from: try bytes("expected.json"))
  }
}

/// A file of one test, removed with its owner.
final class TemporaryFile {
  let path = NSTemporaryDirectory() + "kindreel-test-" + UUID().uuidString

  init(_ bytes: Data) throws { try bytes.write(to: URL(fileURLWithPath: path)) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Why the file is refused; nil if it is read.
  func refusal() -> String? {
    do throws(FileError) {
      _ = try StateDict(reading: path)
      return nil
    } catch { return error.reason }
  }
}
