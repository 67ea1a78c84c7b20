public import Tensors

/// Re-ranking by k-reciprocal neighbours (Zhong, Zheng, Cao and Li, "Re-ranking person
/// re-identification with k-reciprocal encoding", CVPR 2017).
///
/// Queries and gallery are one set of rows. Each row is described by the weights of the rows that it
/// has for neighbours and that have it for a neighbour (section 3.2, 3.3); descriptions are averaged
/// over the nearest rows (3.5) and compared by Jaccard distance, which is mixed with the distance that
/// was there before, 2 − 2·cosine over the largest of the row (3.4, equation 12).
public struct ReciprocalReranking: Sendable {
  /// The paper's parameters, as its experiments have them.
  public struct Parameters: Sendable, Equatable {
    /// The neighbours that may be reciprocal.
    public var k1 = 20
    /// The nearest rows whose descriptions are averaged.
    public var k2 = 6
    /// The share of the distance before.
    public var lambda = 0.3

    /// The paper's choice.
    public init() {}
  }

  private let lambda: Double
  /// For each query, what 2 − 2·cosine is divided by.
  private let scales: [Double]
  /// For each query, the Jaccard distances below 1, by gallery row.
  private let distances: [[(row: Int, distance: Double)]]

  /// Describes all rows.
  ///
  /// - Parameters:
  ///   - queries: Q·D unit rows.
  ///   - gallery: N·D unit rows.
  /// - Complexity: two nearest-neighbour searches of Q + N rows in themselves.
  public init(
    queries: Matrix, gallery: Matrix, parameters: Parameters = Parameters(), lanes: LanePool
  ) {
    lambda = parameters.lambda
    let all = Matrix(
      rows: queries.rows + gallery.rows, columns: gallery.columns,
      values: queries.values + gallery.values)
    let encoding = ReciprocalEncoding(of: all, parameters: parameters, lanes: lanes)
    scales = Array(encoding.scales[..<queries.rows])
    let expanded = encoding.expanded(over: parameters.k2, lanes: lanes)
    var holders: [Int: [(row: Int, weight: Double)]] = [:]
    for row in 0..<gallery.rows {
      for (neighbor, weight) in expanded[queries.rows + row] {
        holders[neighbor, default: []].append((row, weight))
      }
    }
    distances = lanes.map(queries.rows) { [holders] query in
      var shared: [Int: Double] = [:]
      for (neighbor, weight) in expanded[query] {
        for holder in holders[neighbor] ?? [] {
          shared[holder.row, default: 0] += min(weight, holder.weight)
        }
      }
      // Weights sum to 1 on both sides, so the union's sum is 2 minus the intersection's.
      return shared.map { (row: $0.key, distance: 1 - $0.value / (2 - $0.value)) }
    }
  }

  /// Turns a query's cosines with all gallery rows into negated distances.
  func rescore(_ scores: inout [Double], of query: Int) {
    let scale = scales[query]
    for row in scores.indices {
      scores[row] = -(1 - lambda) - lambda * (2 - 2 * scores[row]) / scale
    }
    for (row, distance) in distances[query] { scores[row] += (1 - lambda) * (1 - distance) }
  }
}
