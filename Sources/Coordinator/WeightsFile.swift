public import Model
public import Tensors

/// Weights as a safetensors file, under torchvision's names.
public enum WeightsFile {
  /// The weights and running statistics of an encoder.
  public static func safeTensors(_ weights: EncoderWeights) -> SafeTensors {
    SafeTensors(
      weights.tensors.map {
        SafeTensors.Entry($0.name, shape: $0.shape, values: .floats($0.values))
      },
      metadata: ["format": "pt", "producer": "kindreel \(Program.version)"])
  }

  /// The float tensors of a file by name, for `EncoderWeights.load`.
  public static func tensors(_ file: SafeTensors) -> [String: (shape: [Int], values: [Float])] {
    var result: [String: (shape: [Int], values: [Float])] = [:]
    for entry in file.entries {
      if case .floats(let values) = entry.values { result[entry.name] = (entry.shape, values) }
    }
    return result
  }

  /// Reads a file's float tensors.
  ///
  /// - Throws: `FileError`.
  public static func read(
    _ path: String
  ) throws -> [String: (shape: [Int], values: [Float])] {
    tensors(try SafeTensors(reading: path))
  }
}
