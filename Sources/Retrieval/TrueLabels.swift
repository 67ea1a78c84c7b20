/// The classes of samples, read from their ids: for evaluation and reports, never for training.
public struct TrueLabels: Sendable, Equatable {
  /// The class names, sorted.
  public let names: [String]
  /// Each sample's class, as a place in `names`; −1 where the id has no folder.
  public let classes: [Int32]

  /// Takes the last folder of an id for its class: `Walk/v_Walk_g08_c01.avi` is a `Walk`.
  public init(classFoldersOf ids: [String]) {
    let folders = ids.map { id -> String? in
      let parts = id.split(separator: "/")
      return parts.count >= 2 ? String(parts[parts.count - 2]) : nil
    }
    let names = Set(folders.compactMap { $0 }).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
    self.names = names
    classes = folders.map { folder in folder.flatMap { numbers[$0] } ?? -1 }
  }
}
