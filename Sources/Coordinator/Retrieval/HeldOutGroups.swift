/// Which videos of a training list are held out, to choose settings by without a look at the test list.
///
/// Clips of one footage are never on both sides. In each class folder the last fifth of the groups, by
/// name and rounded down, is held out, but at least one where there are two: groups 23 to 25 of
/// UCF101's 8 to 25. A video whose name tells no group is a group of its own.
struct HeldOutGroups {
  private let groups: Set<String>
  private let groupOf: (String) -> String

  /// - Parameter group: the footage of an id, where its name tells it.
  init(ids: [String], group: @escaping (String) -> String?) {
    let groupOf = { (id: String) in group(id).map { "group \($0)" } ?? "video \(id)" }
    self.groupOf = groupOf
    let folders = Dictionary(grouping: ids) { $0.split(separator: "/").dropLast() }
    groups = folders.values.reduce(into: []) { held, members in
      let names = Set(members.map(groupOf)).sorted()
      held.formUnion(names.suffix(max(names.count / 5, names.count > 1 ? 1 : 0)))
    }
  }

  /// Whether a video is held out.
  func contains(_ id: String) -> Bool { groups.contains(groupOf(id)) }
}
