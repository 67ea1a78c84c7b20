internal import Model
public import Tensors
public import Video

/// What training last gathered of every sample: rows that clustering can use without an embedding pass.
///
/// Filled from gathered rows, so it is the same on every rank. A row is older than the weights by up to
/// an epoch, and was made from augmented clips with batch statistics; it costs nothing but its memory,
/// N·D·4 bytes on every rank. (Wu, Xiong, Yu and Lin, CVPR 2018, keep such a bank for negatives.)
public struct FeatureBank: Sendable, Equatable {
  /// Which output of the encoder is kept: `pooled` or `head`.
  public let feature: Feature
  /// What the views show whose rows are kept.
  public let shows: [ViewRecipe.Content]
  /// One row a sample, N×D, of unit length; zeros where no step has shown the sample yet.
  public private(set) var rows: Matrix

  /// An empty bank.
  public init(_ feature: Feature, of shows: [ViewRecipe.Content], samples: Int, width: Int) {
    self.init(feature, of: shows, rows: Matrix(rows: samples, columns: width))
  }

  /// A bank that was filled before.
  public init(_ feature: Feature, of shows: [ViewRecipe.Content], rows: Matrix) {
    self.feature = feature
    self.shows = shows
    self.rows = rows
  }

  /// Replaces the rows of a batch's samples by the direction of the mean of their unit rows.
  ///
  /// Rows that are not finite, or have no direction, leave the bank as it is.
  ///
  /// - Parameters:
  ///   - views: one matrix a view, B×D, not normalised.
  ///   - samples: the sample behind each row of each view.
  mutating func take(_ views: [Matrix], of samples: [[Int]]) {
    var places: [Int: Int] = [:]
    var order: [Int] = []
    for sample in samples.joined() where places[sample] == nil {
      places[sample] = order.count
      order.append(sample)
    }
    var sums = Matrix(rows: order.count, columns: rows.columns)
    for (view, shown) in zip(views, samples) {
      let units = view.unitRows()
      for (row, sample) in shown.enumerated() {
        let unit = units.row(row)
        guard let place = places[sample], unit.allSatisfy(\.isFinite) else { continue }
        for column in 0..<rows.columns { sums[place, column] += unit[unit.startIndex + column] }
      }
    }
    let means = sums.unitRows()
    let width = rows.columns
    for (place, sample) in order.enumerated() where means.row(place).contains(where: { $0 != 0 }) {
      rows.values.replaceSubrange(sample * width..<(sample + 1) * width, with: means.row(place))
    }
  }
}
