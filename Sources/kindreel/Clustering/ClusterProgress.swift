import Clustering
import Coordinator

/// The bar on a terminal while rows are read, compared and joined; a line a minute elsewhere.
///
/// `@unchecked Sendable`: clustering reports on the thread that asked for it.
final class ClusterProgress: @unchecked Sendable {
  private let line = ProgressLine()
  private var start = ContinuousClock.now
  private var rows = 0

  init() { line.update("reading rows") }

  /// Shows how much of the rows is read, in 0…1.
  func show(read share: Double) {
    line.update("reading \(ProgressBar.text(share)) \(percent(share))")
  }

  /// Begins to cluster so many rows.
  func begin(rows: Int) {
    (self.rows, start) = (rows, .now)
    line.update("clustering \(rows) rows")
  }

  /// Shows how far the clustering is, and its time.
  func show(_ progress: ClusteringProgress) {
    line.update(text(of: progress, after: start.duration(to: .now)))
  }

  /// Makes room for what is printed next.
  func clear() { line.clear() }

  func text(of progress: ClusteringProgress, after time: Duration) -> String {
    let seconds = "\(time.components.seconds) s"
    switch progress {
    case .comparing(_, let share):
      return "comparing \(ProgressBar.text(share)) \(percent(share)), \(seconds)"
    case .joining(let left):
      let share = rows > 1 ? Double(rows - left) / Double(rows - 1) : 1
      return "joining \(ProgressBar.text(share)) \(percent(share)), \(progress), \(seconds)"
    case .seeding, .assigning: return "\(progress), \(seconds)"
    }
  }

  private func percent(_ share: Double) -> String { "\(Int(share * 100)) %" }
}

/// A bar that fills from the left.
enum ProgressBar {
  private static let width = 30

  /// The bar for a share in 0…1.
  static func text(_ share: Double) -> String {
    let full = min(width, max(0, Int(share * Double(width))))
    return String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
  }
}
