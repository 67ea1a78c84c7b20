import Foundation

extension FrameStore {
  /// The store that settings ask for; nil where they name none, or a variable that is not set.
  ///
  /// `$NAME` and `${NAME}` stand for variables of the process's environment, because node-local folders
  /// have other names on other nodes and in every job.
  /// - Parameter warn: is told of a variable that is not set, and once why nothing can be written.
  public static func opened(
    for settings: VideoSettings, warn: @escaping @Sendable (String) -> Void
  ) -> FrameStore? {
    guard !settings.diskCache.isEmpty else { return nil }
    let (path, missing) = expanded(
      settings.diskCache, with: ProcessInfo.processInfo.environment)
    if let missing {
      warn("video.diskCache \(settings.diskCache): $\(missing) is not set; going on without it")
      return nil
    }
    return FrameStore(path, byteLimit: settings.diskCacheMegabytes << 20, warn: warn)
  }

  /// A path with its variables replaced, and the first that is not there or empty.
  static func expanded(
    _ path: String, with variables: [String: String]
  ) -> (path: String, missing: String?) {
    var (result, rest) = ("", path[...])
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[dollar...].dropFirst()
      let isBraced = rest.first == "{"
      if isBraced { rest = rest.dropFirst() }
      let name = rest.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
      rest = rest[name.endIndex...]
      if isBraced, rest.first == "}" { rest = rest.dropFirst() }
      guard let value = variables[String(name)], !value.isEmpty else {
        return (path, String(name))
      }
      result += value
    }
    return (result + rest, nil)
  }
}
