import Tensors

/// One unit row a sample: what was last embedded of each, smoothed.
///
/// Wu, Xiong, Yu and Lin, "Unsupervised feature learning via non-parametric instance discrimination",
/// CVPR 2018, section 3.2.
struct MemoryBank: Equatable {
  /// The rows, N×D.
  private(set) var rows: Matrix

  /// Fills a bank at random: uniform in ± √(3 / D), so that rows are about of unit length.
  ///
  /// - Parameter number: which bank of the objective it is; each has draws of its own.
  init(samples: Int, width: Int, seed: UInt64, number: Int) {
    let bound = (3 / Float(max(width, 1))).squareRoot()
    var values: [Float] = []
    values.reserveCapacity(samples * width)
    for sample in 0..<samples {
      var random = RandomStream(
        seed: seed, purpose: .objective, sample: sample, view: 1 + number)
      for _ in 0..<width { values.append(random.uniform(in: -bound...bound)) }
    }
    rows = Matrix(rows: samples, columns: width, values: values)
  }

  /// A bank with known rows.
  init(_ rows: Matrix) { self.rows = rows }

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
