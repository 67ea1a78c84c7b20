import Foundation
import Tensors

/// InfoNCE of queries against keys that have no gradient: a positive key for each query, perhaps mates
/// among the keys that are positives, too, and the hard ones among its candidates as negatives.
///
/// With q a query, k a positive and N the kept negatives, the loss is the mean over queries of
///
///     ℓ(k) = −log( e^(q·k/τ) / (e^(q·k/τ) + Σ_n e^(q·n/τ)) )
///
/// (van den Oord et al., 2018, arXiv 1807.03748, equation 4), and for a query with mates M that of
/// ownShare · ℓ(k) + (1 − ownShare) · Σ_m ℓ(m) / |M|. A query without negatives is left out.
/// Rows are taken as they are; who wants cosines gives unit rows.
struct KeyContrast {
  /// Queries are computed in blocks of this many rows, so that their similarities stay small.
  private static let queriesPerBlock = 64

  let temperature: Double
  let policy: HardNegatives

  /// Who meets whom.
  struct Pairs {
    /// B×D.
    let queries: Matrix
    /// The positive key of each query, B×D.
    let positives: Matrix
    /// One more negative for each query, B×D, which always takes part; nil for none.
    var own: Matrix?
    /// Where the other negatives lie, K×D each.
    let pools: [Matrix]
    /// The candidates of a query, as rows of the joined pools, ascending.
    let candidates: (_ query: Int) -> [Int]
    /// The samples of the queries and of their positives.
    let samples: (queries: [Int], positives: [Int])
    /// The sample of a row of the joined pools.
    let sample: (_ place: Int) -> Int
    /// More positives of a query, as rows of the joined pools; none is a candidate.
    var mates: (_ query: Int) -> [Int] = { _ in [] }
    /// The weight of the positive key where there are mates, who share the rest of 1.
    var ownShare = 1.0
  }

  struct Outcome {
    var loss = 0.0
    /// ∂loss/∂queries, B×D.
    var queries: Matrix
    /// ∂loss/∂own, B×D; 0×0 without own negatives.
    var own: Matrix
    var statistics: [String: Double] = [:]
    var pairs = PairSample()
  }

  func evaluate(_ pairs: Pairs) -> Outcome {
    let (count, width) = (pairs.queries.rows, pairs.queries.columns)
    var totals = ContrastTotals()
    var queries: [Float] = []
    queries.reserveCapacity(count * width)
    var own = Matrix(rows: pairs.own == nil ? 0 : count, columns: pairs.own == nil ? 0 : width)
    for first in stride(from: 0, to: count, by: Self.queriesPerBlock) {
      let block = first..<min(first + Self.queriesPerBlock, count)
      let rows = pairs.queries.rows(block)
      var similarities = pairs.pools.map { pool in
        var product = Matrix(rows: block.count, columns: pool.rows)
        if pool.rows > 0 { BLAS.multiply(rows, by: pool, transposingB: true, into: &product) }
        return product
      }
      var gradient = Matrix(rows: block.count, columns: width)
      for query in block {
        let slopes = replaceSimilarities(
          of: query, row: query - first, in: &similarities, pairs, &totals)
        Self.add(slopes.positive, pairs.positives, query, to: &gradient, query - first)
        guard let extra = pairs.own else { continue }
        Self.add(slopes.own, extra, query, to: &gradient, query - first)
        Self.add(slopes.own, pairs.queries, query, to: &own, query)
      }
      for (slopes, pool) in zip(similarities, pairs.pools) where pool.rows > 0 {
        BLAS.multiply(slopes, by: pool, into: &gradient, beta: 1)
      }
      queries.append(contentsOf: gradient.values)
    }
    let average = Float(totals.queries > 0 ? 1 / Double(totals.queries) : 0)
    for index in own.values.indices { own.values[index] *= average }
    return Outcome(
      loss: totals.queries > 0 ? totals.loss / Double(totals.queries) : 0,
      queries: Matrix(rows: count, columns: width, values: queries.map { $0 * average }),
      own: own, statistics: totals.statistics(of: count), pairs: totals.pairs)
  }

  /// Replaces a row of similarities by ∂(the query's loss)/∂similarity; returns those of the positive
  /// and of the own negative.
  private func replaceSimilarities(
    of query: Int, row: Int, in similarities: inout [Matrix], _ pairs: Pairs,
    _ totals: inout ContrastTotals
  ) -> (positive: Double, own: Double) {
    let places = pairs.candidates(query)
    var keys = places.map { place in
      let (pool, column) = Self.locate(place, in: pairs.pools)
      return HardNegatives.key(similarities[pool][row, column], at: place)
    }
    let kept = policy.select(&keys, count: keys.count)
    func key(_ place: Int) -> Key {
      let (pool, column) = Self.locate(place, in: pairs.pools)
      return Key(pool: pool, column: column, similarity: Double(similarities[pool][row, column]))
    }
    // The kept negatives; then, of similarities alone, the own one.
    let negatives = keys[kept].map { key(HardNegatives.position(of: $0)) }
    let mates = pairs.mates(query)
    let others = mates.map(key)
    for pool in similarities.indices {
      let columns = similarities[pool].columns
      for index in row * columns..<(row + 1) * columns { similarities[pool].values[index] = 0 }
    }
    let own = pairs.own.map { Self.dot(pairs.queries, $0, query) }
    let all = negatives.map(\.similarity) + (own.map { [$0] } ?? [])
    guard !all.isEmpty else { return (0, 0) }
    let positive = Self.dot(pairs.queries, pairs.positives, query)

    let peak = all.reduce(-Double.infinity) { max($0, $1) }
    let exponentials = all.map { exp(($0 - peak) / temperature) }
    let sum = exponentials.reduce(0, +)
    let logSum = log(sum) + peak / temperature
    var (loss, pull) = (0.0, 0.0)
    /// Takes a positive in, and returns its slope: ℓ is log(1 + e^margin), its slope the logistic function.
    func attract(_ similarity: Double, weight: Double) -> Double {
      let margin = logSum - similarity / temperature
      let small = exp(-abs(margin))
      let slope = weight * (margin > 0 ? 1 : small) / (1 + small)
      loss += weight * (max(margin, 0) + log1p(small))
      pull += slope
      return -slope / temperature
    }
    let slope = attract(positive, weight: others.isEmpty ? 1 : pairs.ownShare)
    for mate in others {
      similarities[mate.pool][row, mate.column] = Float(
        attract(mate.similarity, weight: (1 - pairs.ownShare) / Double(others.count)))
    }
    let push = pull / (sum * temperature)
    for (negative, exponential) in zip(negatives, exponentials) {
      similarities[negative.pool][row, negative.column] = Float(exponential * push)
    }
    let similarity = negatives.reduce(0) { $0 + $1.similarity }
    totals.add(
      loss: loss, positives: 1 + others.count,
      positiveSimilarity: others.reduce(positive) { $0 + $1.similarity } / Double(1 + others.count),
      kept: kept.count, of: max(places.count, 1),
      negativeSimilarity: negatives.isEmpty ? own ?? 0 : similarity / Double(negatives.count))
    totals.pairs.add(
      query: pairs.samples.queries[query],
      positives: [pairs.samples.positives[query]] + mates.map(pairs.sample),
      negatives: kept.map { pairs.sample(HardNegatives.position(of: keys[$0])) })
    return (slope, own == nil ? 0 : exponentials[exponentials.count - 1] * push)
  }

  /// A row of a pool, and how similar a query is to it.
  private struct Key {
    let pool: Int
    let column: Int
    let similarity: Double
  }

  /// The pool and the row in it of a row of the joined pools.
  private static func locate(_ place: Int, in pools: [Matrix]) -> (pool: Int, row: Int) {
    var rest = place
    for (number, pool) in pools.enumerated() {
      if rest < pool.rows { return (number, rest) }
      rest -= pool.rows
    }
    preconditionFailure("there is no row \(place) in pools of \(pools.map(\.rows))")
  }

  private static func dot(_ a: Matrix, _ b: Matrix, _ row: Int) -> Double {
    zip(a.row(row), b.row(row)).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// Adds a multiple of a row to a row.
  private static func add(
    _ factor: Double, _ source: Matrix, _ row: Int, to target: inout Matrix, _ targetRow: Int
  ) {
    guard factor != 0 else { return }
    for column in 0..<source.columns {
      target[targetRow, column] += Float(factor * Double(source[row, column]))
    }
  }
}
