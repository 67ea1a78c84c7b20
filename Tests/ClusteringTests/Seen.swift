import Synchronization

@testable import Clustering

/// Collects what a progress closure is told.
final class Seen: Sendable {
  private let list = Mutex<[ClusteringProgress]>([])

  var all: [ClusteringProgress] { list.withLock { $0 } }

  /// The numbers of clusters left.
  var counts: [Int] {
    all.compactMap { if case .joining(let left) = $0 { left } else { nil } }
  }

  func note(_ progress: ClusteringProgress) { list.withLock { $0.append(progress) } }
}
