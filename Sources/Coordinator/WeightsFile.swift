import Foundation
public import Model
public import Tensors
internal import WeightFiles

/// Weights in files: ours under torchvision's names, other people's mapped to them.
public enum WeightsFile {
  /// The weights and running statistics of an encoder.
  public static func safeTensors(
    _ weights: EncoderWeights, metadata: [String: String] = [:]
  ) -> SafeTensors {
    SafeTensors(
      weights.tensors.map {
        SafeTensors.Entry($0.name, shape: $0.shape, values: .floats($0.values))
      },
      metadata: ["format": "pt", "producer": "kindreel \(Program.version)"].merging(metadata) { $1 }
    )
  }

  /// The float tensors of a file by name; counters of batches and the like are left out.
  static func floats(of entries: [SafeTensors.Entry]) -> WeightMapping.Tensors {
    var result: WeightMapping.Tensors = [:]
    for entry in entries {
      if case .floats(let values) = entry.values { result[entry.name] = (entry.shape, values) }
    }
    return result
  }

  /// Fills an encoder from a file of any known format and naming.
  ///
  /// - Parameter omitted: beginnings of names that may be missing, unexpected or of another shape.
  /// - Throws: `FileError` for the file, `ModelError` with a table for weights that do not fit.
  @discardableResult
  static func load(
    _ path: String, into weights: EncoderWeights, omitting omitted: [String]
  ) throws -> WeightMapping {
    let file = try StateDict(reading: path)
    do throws(ModelError) {
      let mapping = try WeightMapping(
        floats(of: file.entries), into: weights.network, omitting: omitted)
      try weights.load(mapping)
      if let problem = weights.problem { throw ModelError(problem) }
      return mapping
    } catch {
      throw ModelError("\(path): \(error.reason)")
    }
  }

  /// Fills an encoder from the file that a configuration starts from; nil where it names none.
  static func loadInitial(
    _ encoder: EncoderArchitecture, into weights: EncoderWeights
  ) throws -> WeightMapping? {
    guard !encoder.weights.isEmpty else { return nil }
    return try load(encoder.weights, into: weights, omitting: encoder.partial)
  }
}

extension EncoderArchitecture {
  /// Writes the hash of the file of initial weights beside its name.
  ///
  /// - Throws: `FileError`; `ConfigurationError` where another hash is there already.
  mutating func recordWeightsHash() throws {
    guard !weights.isEmpty else { return }
    try WeightsFile.record(&weightsHash, of: weights, key: "encoder.weightsHash")
  }
}

extension WeightsFile {
  /// The SHA-256 of a file.
  static func hash(of path: String) throws -> String {
    // Says whether the file is missing or not a file, which the hash's reader does not.
    _ = try RandomAccessFile(path)
    return try ContentHash.ofFile(path).hexadecimal
  }

  /// Writes the hash of a file that a configuration names under the key that is for it.
  ///
  /// - Throws: `FileError`; `ConfigurationError` where another hash is there already.
  static func record(_ hash: inout String, of path: String, key: String) throws {
    let found = try self.hash(of: path)
    guard hash.isEmpty || hash == found else {
      throw ConfigurationError(
        key: key, "is \(hash), and \(path) has \(found): it is another file")
    }
    hash = found
  }
}
