internal import Foundation
internal import Tensors

/// Each row's k-reciprocal neighbours with their weights: the vectors V of Zhong et al., CVPR 2017.
struct ReciprocalEncoding: Sendable {
  /// Weights by row number, sorted by it; they sum to 1.
  typealias Weights = [(row: Int, weight: Double)]

  /// The largest 2 − 2·cosine of each row to any other; at least a tiny number.
  let scales: [Double]
  private let nearest: [[Int]]
  private let weights: [Weights]

  init(of rows: Matrix, parameters: ReciprocalReranking.Parameters, lanes: LanePool) {
    let depth = max(parameters.k1, parameters.k2) + 1
    let nearest = NearestNeighbors.search(depth, for: rows, in: rows, lanes: lanes).map {
      $0.map(\.index)
    }
    self.nearest = nearest
    // The farthest row is the nearest to the opposite one.
    var opposite = rows
    for index in opposite.values.indices { opposite.values[index].negate() }
    let farthest = NearestNeighbors.search(1, for: opposite, in: rows, lanes: lanes)
    @Sendable func distance(_ row: DoubleRow, _ other: Int) -> Double {
      2 - 2 * row.product(DoubleRow(rows, row: other))
    }
    let scales = lanes.map(rows.rows) { row in
      max(distance(DoubleRow(rows, row: row), farthest[row][0].index), .leastNormalMagnitude)
    }
    self.scales = scales
    weights = lanes.map(rows.rows) { row in
      let members = Self.reciprocal(row, nearest, k1: parameters.k1)
      let mine = DoubleRow(rows, row: row)
      let raw = members.map { exp(-distance(mine, $0) / scales[row]) }
      let sum = raw.reduce(0, +)
      return zip(members, raw).map { (row: $0, weight: $1 / sum) }
    }
  }

  /// The mean of the weights of each row's `count` nearest rows, itself the first of them.
  func expanded(over count: Int, lanes: LanePool) -> [Weights] {
    guard count > 1 else { return weights }
    return lanes.map(weights.count) { row in
      var sums: [Int: Double] = [:]
      let neighbors = nearest[row].prefix(count)
      for neighbor in neighbors {
        for (other, weight) in weights[neighbor] { sums[other, default: 0] += weight }
      }
      return sums.sorted { $0.key < $1.key }.map {
        (row: $0.key, weight: $0.value / Double(neighbors.count))
      }
    }
  }

  /// R*(p, k1) of equation 5: the k-reciprocal neighbours of a row, and those of each of them where
  /// two thirds are shared.
  private static func reciprocal(_ row: Int, _ nearest: [[Int]], k1: Int) -> [Int] {
    let half = Int((Double(k1) / 2).rounded(.toNearestOrEven))
    let first = mutual(row, nearest, k: k1)
    var all = Set(first)
    for candidate in first {
      let theirs = mutual(candidate, nearest, k: half)
      let shared = theirs.count(where: first.contains)
      if 3 * shared > 2 * theirs.count { all.formUnion(theirs) }
    }
    return all.sorted()
  }

  /// The rows among a row's k + 1 nearest, itself included, that have it among theirs.
  private static func mutual(_ row: Int, _ nearest: [[Int]], k: Int) -> [Int] {
    nearest[row].prefix(k + 1).filter { nearest[$0].prefix(k + 1).contains(row) }
  }
}
