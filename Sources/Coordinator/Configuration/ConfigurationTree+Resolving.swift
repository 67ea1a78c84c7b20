import Foundation

extension ConfigurationTree {
  /// Default settings, then those of a YAML text, then single overrides, in that order.
  ///
  /// - Parameters:
  ///   - defaults: Settings with a value for every key.
  ///   - yaml: The text of a settings file; nil for none.
  ///   - origin: The file's name, for error messages.
  ///   - overrides: Dotted keys with values, as in `encoder.depth=18` or `video.size=64`.
  /// - Throws: `ConfigurationError`, for an unknown key with the nearest name that is known.
  static func resolve<Settings: Codable>(
    _ defaults: Settings, yaml: String?, origin: String, overrides: [String]
  ) throws -> Settings {
    try resolve(
      defaults, file: yaml.map { try ConfigurationTree(yaml: $0, origin: origin) },
      overrides: overrides)
  }

  /// The same with the file's settings as a tree.
  static func resolve<Settings: Codable>(
    _ defaults: Settings, file: ConfigurationTree?, overrides: [String]
  ) throws -> Settings {
    var tree = try ConfigurationEncoder.tree(of: defaults)
    if let file { tree = try tree.replaced(by: file) }
    for override in overrides { tree = try tree.replaced(by: setting(override)) }
    return try ConfigurationDecoder.decode(Settings.self, from: tree)
  }

  /// The tree of one `a.b=c`.
  private static func setting(_ text: String) throws(ConfigurationError) -> ConfigurationTree {
    let origin = "--set \(text)"
    guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
      throw ConfigurationError(origin: origin, "write KEY=VALUE, as in epochs=5")
    }
    let keys = text[..<sign].split(separator: ".", omittingEmptySubsequences: false)
    var tree = try ConfigurationTree(
      value: String(text[text.index(after: sign)...]), origin: origin)
    for key in keys.reversed() {
      tree = ConfigurationTree(
        .map([Entry(key: String(key), value: tree, origin: origin)]), origin: origin)
    }
    return tree
  }
}
