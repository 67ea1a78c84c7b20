import Foundation
internal import Model
internal import Tensors

/// The kernels of a run as its checkpoints keep them, in `kernels.json`.
struct SavedKernels: Codable {
  static let fileName = "kernels.json"

  let precision: Precision
  let choices: KernelChoices

  /// The text of the file.
  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// The choices that a checkpoint holds, where they are for a configuration's network; otherwise nil.
  static func choices(
    in contents: CheckpointContents, for configuration: RunConfiguration, _ network: ResNet3D
  ) -> KernelChoices? {
    let asked = configuration.convolutions
    guard let text = contents.text[fileName],
      let saved = try? JSONDecoder().decode(SavedKernels.self, from: Data(text.utf8)),
      saved.precision == configuration.precision,
      saved.choices.method == asked || asked == .auto && saved.choices.method != .timed,
      saved.choices.covers(units: network.unitCount)
    else { return nil }
    // Earlier builds kept `auto` by that name, which was F(2×2) in bf16.
    return saved.choices.naming(auto: saved.precision == .fp32 ? .f4 : .f2)
  }
}
