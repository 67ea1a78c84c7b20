/// Two cuts of one dendrogram: a fine one for positives, a coarse one that protects likely positives
/// from being negatives.
///
/// The idea is SLIC's `multiple_partition` (positives from a fine partition, negatives outside a
/// coarse cluster), here with cuts of a tree, so that the fine clusters lie within the coarse ones.
public struct TwoLevelCut: Sendable, Equatable {
  /// What becomes of a row that is alone in its fine cluster.
  public enum Singletons: String, Codable, Sendable, CaseIterable {
    /// It stays a class of its own, with positives from its own video alone.
    case keep
    /// It joins the largest fine cluster of the branch that it first meets, if they meet below the
    /// coarse cut and that cluster has room; two lone rows make a pair. It stays alone otherwise.
    case join
  }

  /// The cut whose clusters are the positives.
  public var fine: CutRule
  /// The cut whose clusters are never negatives of each other; below the fine cut it means that.
  public var coarse: CutRule
  /// The most rows of a fine cluster, larger ones being cut further down; nil sets no limit.
  public var largest: Int?
  /// What becomes of rows alone in their fine cluster.
  public var singletons: Singletons

  /// Creates a two-level cut.
  ///
  /// - Parameter coarse: nil for the same as `fine`.
  public init(
    fine: CutRule, coarse: CutRule? = nil, largest: Int? = nil, singletons: Singletons = .keep
  ) {
    precondition(largest ?? 1 >= 1, "a cluster cannot have at most \(largest ?? 1) rows")
    self.fine = fine
    self.coarse = coarse ?? fine
    self.largest = largest
    self.singletons = singletons
  }
}

extension Dendrogram {
  /// The partitions of a two-level cut.
  ///
  /// - Complexity: O(N)
  public func cut(_ levels: TwoLevelCut) -> TwoLevelPartition {
    let fineMerges = mergesKept(by: levels.fine)
    let coarseMerges = max(fineMerges, mergesKept(by: levels.coarse))
    var fine = partition(ofLowest: fineMerges, largest: levels.largest)
    if levels.singletons == .join {
      fine = joiningSingletons(of: fine, by: coarseMerges, largest: levels.largest)
    }
    return TwoLevelPartition(fine: fine, coarse: partition(ofLowest: coarseMerges))
  }

  /// Moves lone rows as `Singletons.join` says, along the lowest `kept` merges.
  private func joiningSingletons(of fine: Partition, by kept: Int, largest: Int?) -> Partition {
    let limit = largest ?? .max
    var labels = fine.labels
    var sizes = fine.sizes
    // The largest fine cluster below every node; of equals the left one's.
    var main = labels + [Int32](repeating: 0, count: kept)
    for index in 0..<kept {
      let merge = merges[index]
      let (left, right) = (main[merge.left], main[merge.right])
      main[count + index] = sizes[Int(right)] > sizes[Int(left)] ? right : left
      guard left != right else { continue }
      for (row, target) in [(merge.left, right), (merge.right, left)]
      where row < count && sizes[Int(labels[row])] == 1 && sizes[Int(target)] < limit {
        sizes[Int(labels[row])] = 0
        sizes[Int(target)] += 1
        labels[row] = target
        main[count + index] = target
        break
      }
    }
    return Partition(numbering: labels)
  }
}
