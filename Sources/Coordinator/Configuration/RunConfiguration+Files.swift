import Foundation
import Tensors

extension RunConfiguration {
  /// Loads a settings file or a preset, applies single overrides, and checks the result.
  ///
  /// What neither sets is the objective's default, see `init(startingFrom:)`.
  ///
  /// - Parameters:
  ///   - nameOrPath: A file, or the name of a preset; nil for the defaults.
  ///   - overrides: Dotted keys with values, as in `encoder.depth=18`; the last one wins.
  ///   - presets: Where presets are looked up.
  /// - Throws: `ConfigurationError`, or `FileError` where the file cannot be read as text.
  public static func load(
    _ nameOrPath: String?, overrides: [String] = [], presets: PresetLibrary = .standard
  ) throws -> RunConfiguration {
    let file = try nameOrPath.map { try presets.path(of: $0) }
    // Some programs begin UTF-8 with a mark.
    let text = try file.map { path in
      try WholeFile.text(path, atMost: ConfigurationTree.largest).trimmingPrefix("\u{FEFF}")
    }
    let configuration = try Self.resolve(
      yaml: text.map { String($0) }, origin: file ?? "defaults", overrides: overrides)
    try configuration.validate()
    return configuration
  }

  /// Loads the settings of the run that a directory holds.
  ///
  /// - Throws: `RunDirectoryError` where it holds none, and as above.
  public static func load(ofRun directory: String) throws -> RunConfiguration {
    guard let path = RunDirectory.configuration(of: directory) else {
      throw RunDirectoryError(path: directory, reason: "holds no run", code: .inputMissing)
    }
    return try load(path)
  }

  /// The whole configuration as YAML that `load` reads back to an equal value.
  ///
  /// - Parameter header: Lines that precede it as comments.
  public func yaml(header: [String] = []) throws -> String {
    let comments = header.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }
    return comments.map { "# \($0)\n" }.joined() + (try ConfigurationEncoder.tree(of: self).yaml)
  }

  /// Writes `yaml` to a file.
  ///
  /// - Throws: `FileError`.
  public func write(to path: String, header: [String] = []) throws {
    try AtomicFile.write(Data(yaml(header: header).utf8), to: path)
  }
}
