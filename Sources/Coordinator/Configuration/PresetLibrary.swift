import Foundation

/// The named settings files of an installation: `cluster-configs/presets/NAME.yaml`.
public struct PresetLibrary: Sendable {
  /// The directories that are searched, in order.
  public let directories: [String]

  private static let folder = "cluster-configs/presets"

  /// Searches `cluster-configs/presets` below each of `roots`.
  public init(roots: [String]) {
    directories = roots.map { URL(fileURLWithPath: $0).appendingPathComponent(Self.folder).path }
  }

  /// Below `$KINDREEL_HOME`, the working directory, and every directory above the executable.
  public static var standard: PresetLibrary {
    var roots: [String] = []
    if let home = ProcessInfo.processInfo.environment["KINDREEL_HOME"], !home.isEmpty {
      roots.append(home)
    }
    roots.append(FileManager.default.currentDirectoryPath)
    let executable =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments.first ?? ""
    var place = URL(fileURLWithPath: executable).deletingLastPathComponent()
    while place.path != "/" {
      roots.append(place.path)
      place = place.deletingLastPathComponent()
    }
    return PresetLibrary(roots: roots)
  }

  /// The names of all presets, sorted.
  public var names: [String] {
    let files = directories.flatMap {
      (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? []
    }
    return Set(files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }).sorted()
  }

  /// The file that a path or a preset's name means; a path that exists comes first.
  ///
  /// - Throws: `ConfigurationError`, with the presets there are.
  public func path(of nameOrPath: String) throws(ConfigurationError) -> String {
    var isDirectory: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(
      atPath: nameOrPath, isDirectory: &isDirectory)
    if exists && !isDirectory.boolValue { return nameOrPath }
    if !nameOrPath.contains("/") {
      for directory in directories {
        let path = "\(directory)/\(nameOrPath).yaml"
        if FileManager.default.fileExists(atPath: path) { return path }
      }
    }
    let known =
      names.isEmpty
      ? "no presets were found; set KINDREEL_HOME to the directory that holds \(Self.folder)"
      : "the presets are \(names.joined(separator: ", "))"
    throw ConfigurationError(origin: nameOrPath, "is neither a file nor a preset; \(known)")
  }
}
