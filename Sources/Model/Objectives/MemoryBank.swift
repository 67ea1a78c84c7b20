import Tensors

/// One unit row a sample: what was last embedded of each, smoothed.
///
/// Wu, Xiong, Yu and Lin, "Unsupervised feature learning via non-parametric instance discrimination",
/// CVPR 2018, section 3.2.
struct MemoryBank: Equatable {
  /// The rows, N×D.
  private(set) var rows: Matrix

  /// A bank that knows no sample yet.
  init(samples: Int, width: Int) { rows = Matrix(rows: samples, columns: width) }

  /// A bank with known rows.
  init(_ rows: Matrix) { self.rows = rows }

  /// Whether a sample has a row.
  func knows(_ sample: Int) -> Bool { rows.row(sample).contains { $0 != 0 } }

  /// Gives samples that have no row the direction of their first embedding.
  mutating func begin(_ features: Matrix, of samples: [Int]) {
    for (row, sample) in samples.enumerated() where !knows(sample) {
      take(features.rows(row..<row + 1), of: [sample], keeping: 0)
    }
  }

  /// Replaces samples' rows v by the direction of keep · v + (1 − keep) · f, in the given order.
  ///
  /// Rows f without a direction leave the bank as it is.
  mutating func take(_ features: Matrix, of samples: [Int], keeping keep: Double) {
    let width = rows.columns
    for (row, sample) in samples.enumerated() {
      let mixed = zip(rows.row(sample), features.row(row)).map {
        Float(keep * Double($0) + (1 - keep) * Double($1))
      }
      let unit = UnitRows(Matrix(rows: 1, columns: width, values: mixed))
      guard unit.hasDirection(0) else { continue }
      rows.values.replaceSubrange(sample * width..<(sample + 1) * width, with: unit.unit.values)
    }
  }
}
