/// Which videos of a training list are held out, to choose settings by without a look at the test list.
///
/// In each class folder the last fifth of the groups, by name and rounded down, is held out, but at least
/// one where there are two: groups 23 to 25 of UCF101's 8 to 25. So clips of one class and footage are
/// never on both sides; a film that HMDB51 cuts several classes from may be held out for one of them, as
/// in its official lists. A video whose name tells no group is a group of its own.
struct HeldOutGroups {
  /// The names of the groups, by class folder.
  private let groups: [[Substring]: Set<String>]
  private let groupOf: (String) -> String

  /// - Parameter group: the footage of an id, where its name tells it.
  init(ids: [String], group: @escaping (String) -> String?) {
    let groupOf = { (id: String) in group(id).map { "group \($0)" } ?? "video \(id)" }
    self.groupOf = groupOf
    groups = Dictionary(grouping: ids, by: Self.folder).mapValues { members in
      let names = Set(members.map(groupOf)).sorted()
      return Set(names.suffix(max(names.count / 5, names.count > 1 ? 1 : 0)))
    }
  }

  /// Whether a video is held out.
  func contains(_ id: String) -> Bool {
    groups[Self.folder(of: id)]?.contains(groupOf(id)) ?? false
  }

  private static func folder(of id: String) -> [Substring] { id.split(separator: "/").dropLast() }
}
