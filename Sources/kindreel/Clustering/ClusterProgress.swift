import Coordinator

/// The bar on a terminal while rows are joined; a line a minute elsewhere.
///
/// `@unchecked Sendable`: clustering reports on the thread that asked for it.
final class ClusterProgress: @unchecked Sendable {
  private let line = ProgressLine()
  private let rows: Int
  private let start = ContinuousClock.now

  init(rows: Int) {
    self.rows = rows
    line.update("clustering \(rows) rows")
  }

  /// Shows how many clusters are left, and the time: all are, while the first neighbours are found.
  func show(left: Int) {
    line.update(Self.text(left: left, of: rows, after: start.duration(to: .now)))
  }

  /// Makes room for what is printed next.
  func clear() { line.clear() }

  static func text(left: Int, of rows: Int, after time: Duration) -> String {
    let share = rows > 1 ? Double(rows - left) / Double(rows - 1) : 1
    return
      "clustering \(ProgressBar.text(share)) \(Int(share * 100)) %, \(left) of \(rows) clusters left, "
      + "\(time.components.seconds) s"
  }
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
