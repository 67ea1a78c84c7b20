/// What classes and footage say of pairs that losses were made of.
struct PairShares: Codable {
  /// Pairs of a kind, and those of them that have a property.
  struct Count: Codable {
    var all = 0
    var some = 0

    mutating func add(_ holds: Bool) {
      all += 1
      some += holds ? 1 : 0
    }
  }

  /// Positives of another class than the query's.
  var falsePositives = Count()
  /// Negatives of the query's class.
  var falseNegatives = Count()
  /// Positives that show the query's own video.
  var ownVideos = Count()
  /// Positives of other videos that are cut from the query's footage.
  var siblings = Count()

  /// The shares that there are pairs for.
  var shares: [(name: String, share: Double)] {
    [
      ("false_positive_share", falsePositives), ("false_negative_share", falseNegatives),
      ("own_video_share", ownVideos), ("sibling_positive_share", siblings),
    ].filter { $0.1.all > 0 }.map { ($0.0, Double($0.1.some) / Double($0.1.all)) }
  }
}
