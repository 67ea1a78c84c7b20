/// The footage that a clip was cut from, told by its name.
///
/// Clips of one group look alike for reasons that have nothing to do with the action.
enum SourceGroup {
  /// The group of an id, or nil where the name tells none.
  ///
  /// UCF101's "Walk/v_Walk_g08_c01.avi" gives "Walk/g08", HMDB51's
  /// "walk/Title_walk_f_nm_np1_fr_med_3.avi" gives "Title" (the film or tape, whatever the action), and
  /// Kinetics' "walk/0abcdefghi-_000010_000020.mp4" gives the id of the tape, "0abcdefghi-".
  static func of(_ id: String) -> String? {
    let parts = id.split(separator: "/", omittingEmptySubsequences: false)
    let name = parts.last ?? ""
    let stem = name.lastIndex(of: ".").map { name[..<$0] } ?? name
    let words = stem.split(separator: "_", omittingEmptySubsequences: false)
    return numberedGroup(words, folders: parts.dropLast())
      ?? title(words, action: parts.dropLast().last)
      ?? tape(stem)
  }

  private static func numberedGroup(
    _ words: [Substring], folders: ArraySlice<Substring>
  ) -> String? {
    guard words.count >= 3, isNumbered(words[words.count - 2], "g"),
      isNumbered(words[words.count - 1], "c")
    else { return nil }
    return (folders + [words[words.count - 2]]).joined(separator: "/")
  }

  private static func isNumbered(_ word: Substring, _ letter: Character) -> Bool {
    word.first == letter && word.count > 1 && word.dropFirst().allSatisfy(\.isNumber)
  }

  /// HMDB51: title, action, visible body parts, camera motion, people, viewpoint, quality, number.
  private static func title(_ words: [Substring], action: Substring?) -> String? {
    let known: [Set<Substring>] = [
      ["f", "u", "h", "l"], ["cm", "nm"], ["np0", "np1", "np2", "np3", "np4", "np5", "np6"],
      ["fr", "ba", "le", "ri"], ["goo", "med", "bad"],
    ]
    guard words.count > 7, words[words.count - 1].allSatisfy(\.isNumber),
      zip(words.suffix(6), known).allSatisfy({ $1.contains($0) })
    else { return nil }
    let title = words.dropLast(6).joined(separator: "_")
    guard let action, title.lowercased().hasSuffix("_" + action.lowercased()) else { return title }
    return String(title.dropLast(action.count + 1))
  }

  /// Kinetics: eleven characters, then the first and the last second in six digits each.
  private static func tape(_ stem: Substring) -> String? {
    let span = stem.suffix(14)
    guard stem.count == 25, span.first == "_", span.dropFirst(7).first == "_",
      span.filter({ $0 != "_" }).count == 12,
      span.filter({ $0 != "_" }).allSatisfy({ $0.isASCII && $0.isNumber })
    else { return nil }
    return String(stem.prefix(11))
  }
}
