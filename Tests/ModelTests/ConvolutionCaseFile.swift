import Foundation
import Testing

@testable import Model

/// The shapes that `kindreel bench layers --cases Benchmarks/convolutions.json` times: what is timed is
/// what is checked.
///
/// They are too large to be computed whole by nested loops; places of the results are.
enum ConvolutionCaseFile {
  static let shapes: [ConvolutionShape] = {
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = repository.appendingPathComponent("Benchmarks/convolutions.json")
    let data = (try? Data(contentsOf: file)) ?? Data()
    return (try? JSONDecoder().decode([ConvolutionShape].self, from: data)) ?? []
  }()

  /// Expects every direction of a shape to be right.
  static func expectRight(
    _ shape: ConvolutionShape, _ precision: Precision, _ choice: ConvolutionChoice
  ) throws {
    try ConvolutionProbe(
      shape.unit, clips: shape.clips, precision: precision, choice: choice, isTraining: true
    ).expectTrust()
  }
}
