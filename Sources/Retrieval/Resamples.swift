internal import Tensors

/// 95 % intervals from 1000 resamples of the queries (Efron, Annals of Statistics 1979).
///
/// All figures share the resamples, which are the same for the same number of queries. Without
/// queries anything is possible.
struct Resamples {
  /// For each of `RetrievalFigures.depths`, the bounds of R@k, in percent.
  let recall: [[Double]]
  /// The bounds of the mean average precision, in percent.
  let map: [Double]

  init(_ outcomes: [QueryOutcome]) {
    let depths = RetrievalFigures.depths
    guard !outcomes.isEmpty else {
      recall = depths.map { _ in [0, 100] }
      map = [0, 100]
      return
    }
    // The first depth that hits: a query counts for it and for all that are deeper.
    let buckets = outcomes.map { outcome in
      depths.firstIndex { outcome.firstHit < $0 } ?? depths.count
    }
    var random = RandomStream(seed: 0, purpose: .bootstrap)
    var rates = depths.map { _ in [Double]() }
    var precisions: [Double] = []
    let share = 100 / Double(outcomes.count)
    for _ in 0..<1000 {
      var counts = [Int](repeating: 0, count: depths.count + 1)
      var precision = 0.0
      for _ in outcomes.indices {
        let drawn = random.integer(below: outcomes.count)
        counts[buckets[drawn]] += 1
        precision += outcomes[drawn].averagePrecision
      }
      var hits = 0
      for depth in depths.indices {
        hits += counts[depth]
        rates[depth].append(Double(hits) * share)
      }
      precisions.append(precision * share)
    }
    recall = rates.map(Self.bounds)
    map = Self.bounds(precisions)
  }

  /// The 2.5 and 97.5 % quantiles.
  private static func bounds(_ values: [Double]) -> [Double] {
    let sorted = values.sorted()
    return [sorted[24], sorted[974]]
  }
}
