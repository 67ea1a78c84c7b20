import Foundation
internal import Yams

extension ConfigurationTree {
  /// No settings file is larger than this, in bytes.
  static let largest = 1 << 20

  /// Reads a YAML text: one document, without anchors, aliases, repeated keys or tags' tricks.
  ///
  /// - Parameter origin: The file's name, for error messages.
  /// - Throws: `ConfigurationError`.
  init(yaml text: String, origin: String) throws(ConfigurationError) {
    guard text.utf8.count <= Self.largest else {
      throw ConfigurationError(
        origin: origin, "is \(text.utf8.count) bytes long; \(Self.largest) at most")
    }
    let root: Result<Node?, any Error> = Result {
      // The resolver is empty, so that every scalar stays as it was written.
      let parser = try Parser(yaml: text, resolver: .basic)
      // Anchors are alive only as long as their parser is, so the check lies in here.
      return try withExtendedLifetime(parser) {
        let root = try parser.singleRoot()
        if let root { try Self.refuseAnchors(in: root, origin: origin) }
        return root
      }
    }
    do {
      guard let node = try root.get() else {
        self.init(.map([]), origin: origin)
        return
      }
      try self.init(node, origin: origin)
    } catch let error as ConfigurationError {
      throw error
    } catch let error as YamlError {
      throw Self.error(error, origin: origin)
    } catch {
      throw ConfigurationError(origin: origin, "\(error)")
    }
  }

  /// Reads the right side of `--set key=value`.
  ///
  /// - Throws: `ConfigurationError`.
  init(value text: String, origin: String) throws(ConfigurationError) {
    try self.init(yaml: text, origin: origin)
    // An origin of one line needs no line number; and nothing is an empty value, not a group.
    if case .map(let entries) = content, entries.isEmpty {
      content = .scalar("", isQuoted: false)
    }
    self = withOrigin(origin)
  }

  private func withOrigin(_ origin: String) -> ConfigurationTree {
    switch content {
    case .scalar: ConfigurationTree(content, origin: origin)
    case .list(let values):
      ConfigurationTree(.list(values.map { $0.withOrigin(origin) }), origin: origin)
    case .map(let entries):
      ConfigurationTree(
        .map(
          entries.map {
            Entry(key: $0.key, value: $0.value.withOrigin(origin), origin: origin)
          }), origin: origin)
    }
  }

  private init(_ node: Node, origin: String) throws(ConfigurationError) {
    let place = node.mark.map { "\(origin):\($0.line)" } ?? origin
    switch node {
    case .scalar(let scalar):
      self.init(
        .scalar(scalar.string, isQuoted: scalar.style != .plain && scalar.style != .any),
        origin: place)
    case .sequence(let sequence):
      var values: [ConfigurationTree] = []
      for value in sequence { values.append(try ConfigurationTree(value, origin: origin)) }
      self.init(.list(values), origin: place)
    case .mapping(let mapping):
      var entries: [Entry] = []
      for (key, value) in mapping {
        let line = key.mark.map { "\(origin):\($0.line)" } ?? place
        guard case .scalar(let name) = key else {
          throw ConfigurationError(origin: line, "has a key that is no name")
        }
        guard !entries.contains(where: { $0.key == name.string }) else {
          throw ConfigurationError(origin: line, key: name.string, "is set twice")
        }
        entries.append(
          Entry(
            key: name.string, value: try ConfigurationTree(value, origin: origin), origin: line))
      }
      self.init(.map(entries), origin: place)
    case .alias:
      throw ConfigurationError(origin: place, "has an alias; write the value out")
    }
  }

  /// Stops at the first anchor, which precedes every alias, so copies are never walked through.
  private static func refuseAnchors(in node: Node, origin: String) throws {
    if let anchor = node.anchor {
      let place = node.mark.map { "\(origin):\($0.line)" } ?? origin
      throw ConfigurationError(origin: place, "has the anchor '&\(anchor)'; write the value out")
    }
    switch node {
    case .scalar, .alias: break
    case .sequence(let sequence):
      for value in sequence { try refuseAnchors(in: value, origin: origin) }
    case .mapping(let mapping):
      for (key, value) in mapping {
        try refuseAnchors(in: key, origin: origin)
        try refuseAnchors(in: value, origin: origin)
      }
    }
  }

  private static func error(_ error: YamlError, origin: String) -> ConfigurationError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      ConfigurationError(origin: "\(origin):\(mark.line)", "is no YAML: \(problem)")
    case .duplicatedKeysInMapping(let names, let context):
      ConfigurationError(
        origin: "\(origin):\(context.mark.line)", key: names.joined(separator: ", "),
        "is set twice")
    default: ConfigurationError(origin: origin, "is no YAML: \(error)")
    }
  }
}
