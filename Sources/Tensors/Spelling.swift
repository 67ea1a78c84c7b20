/// Guesses at what a misspelt name meant.
public enum Spelling {
  /// The candidate that is fewest edits from `name`, nil if none is near.
  ///
  /// Ties go to the first.
  public static func nearest(to name: String, among candidates: [String]) -> String? {
    let lowered = name.lowercased()
    let ranked = candidates.map { (distance(lowered, $0.lowercased()), $0) }
    guard let best = ranked.min(by: { $0.0 < $1.0 }) else { return nil }
    return best.0 <= max(2, name.count / 3) ? best.1 : nil
  }

  /// The insertions, deletions and replacements between two texts (Levenshtein, 1966).
  public static func distance(_ one: String, _ other: String) -> Int {
    let other = Array(other)
    var row = Array(0...other.count)
    for (i, character) in one.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, counterpart) in other.enumerated() {
        let replaced = diagonal + (character == counterpart ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[other.count]
  }
}
