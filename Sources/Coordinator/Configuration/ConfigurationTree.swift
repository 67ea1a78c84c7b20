internal import Tensors

/// Settings before they have types: scalars as they were written, lists, and maps in their order.
///
/// A scalar gets its type from the setting that it is decoded into, so `name: no` is the text "no"
/// and never a Boolean.
public struct ConfigurationTree: Sendable, Equatable {
  /// What a place of the tree holds.
  public enum Content: Sendable, Equatable {
    /// A value as it was written; a quoted one is always text.
    case scalar(String, isQuoted: Bool)
    /// Values in order.
    case list([ConfigurationTree])
    /// Named values, in the order of writing.
    case map([Entry])
  }

  /// A named value.
  public struct Entry: Sendable, Equatable {
    let key: String
    var value: ConfigurationTree
    /// Where the key stands; nil for a default.
    let origin: String?
  }

  /// What this place holds.
  public var content: Content
  /// Where it was set, as in `demo.yaml:7` or `--set`; nil for a default.
  public var origin: String?

  init(_ content: Content, origin: String? = nil) {
    self.content = content
    self.origin = origin
  }

  /// What this place holds, in the words of an error message.
  var summary: String {
    switch content {
    case .scalar(let text, isQuoted: false): text.isEmpty ? "nothing" : "'\(text)'"
    case .scalar(let text, isQuoted: true): "the text \"\(text)\""
    case .list(let values): "a list of \(values.count)"
    case .map: "a group of settings"
    }
  }
}

extension ConfigurationTree {
  /// These settings with those of `other` in their place: maps by key, everything else as a whole.
  ///
  /// - Throws: `ConfigurationError` for a key that these settings do not have.
  func replaced(by other: ConfigurationTree, at path: [String] = []) throws(ConfigurationError)
    -> ConfigurationTree
  {
    switch (content, other.content) {
    case (.map(var entries), .map(let changes)):
      for change in changes {
        let key = path + [change.key]
        guard let index = entries.firstIndex(where: { $0.key == change.key }) else {
          throw Self.unknown(key, from: change.origin, known: entries.map(\.key))
        }
        entries[index].value = try entries[index].value.replaced(by: change.value, at: key)
      }
      return ConfigurationTree(.map(entries), origin: other.origin)
    case (.map(let entries), _):
      // `batch:` with nothing below it leaves the group as it is.
      if case .scalar("", isQuoted: false) = other.content { return self }
      throw ConfigurationError(
        origin: other.origin, key: path.joined(separator: "."),
        "expected a group with the keys \(entries.map(\.key).joined(separator: ", ")), got "
          + other.summary)
    case (_, .map):
      throw ConfigurationError(
        origin: other.origin, key: path.joined(separator: "."),
        "expected a value, got \(other.summary)")
    default: return other
    }
  }

  private static func unknown(
    _ path: [String], from origin: String?, known: [String]
  ) -> ConfigurationError {
    let key = path.last ?? ""
    let group = path.dropLast().joined(separator: ".")
    let hint =
      Spelling.nearest(to: key, among: known).map { "did you mean '\($0)'?" }
      ?? "known here: \(known.sorted().joined(separator: ", "))"
    let place = group.isEmpty ? "" : " in '\(group)'"
    return ConfigurationError(
      origin: origin, key: path.joined(separator: "."),
      "there is no setting '\(key)'\(place); \(hint)")
  }
}
