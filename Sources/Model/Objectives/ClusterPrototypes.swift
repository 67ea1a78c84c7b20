import Foundation
import Tensors

/// Contrast of queries with the centres of all fine clusters, not only with what is in the batch.
///
/// A *prototype* is the direction of the sum of a fine cluster's rows in a bank that holds every
/// sample's last embeddings. With s_k the cosine of a query and prototype k, f the query's own fine
/// cluster and K those outside f's coarse cluster, the loss is the mean over labelled queries of
///
///     −log( e^(s_f/τ) / (e^(s_f/τ) + Σ_(k in K) e^(s_k/τ)) )
///
/// Prototypes have no gradient. Li, Zhou, Xiong and Hoi, "Prototypical contrastive learning of
/// unsupervised representations", ICLR 2021 (arXiv 2005.04966), equation 11, with one temperature and
/// one partition, and with centres that follow the training instead of staying for an epoch.
struct ClusterPrototypes {
  /// The loss summed over its queries, and what goes with it.
  struct Outcome {
    var loss = 0.0
    /// The queries with a prototype of their own.
    var queries = 0
    /// Those that no other admissible prototype is nearer to.
    var nearest = 0
    /// ∂loss/∂(unit rows), B×D.
    var gradient: Matrix
  }

  let temperature: Double
  /// The share of a bank's row that an embedding leaves.
  let keep: Double
  /// One row a sample; zeros before its first embedding, 0×0 before the first batch.
  private(set) var bank: MemoryBank

  init(temperature: Double, keep: Double, bank: Matrix = Matrix(rows: 0, columns: 0)) {
    self.temperature = temperature
    self.keep = keep
    self.bank = MemoryBank(bank)
  }

  /// Computes the loss of a batch's queries and its gradient.
  ///
  /// - Parameters:
  ///   - rows: one unit row a query, B×D.
  ///   - samples: the sample that each shows.
  ///   - fine: the fine label of every sample; −1 is none.
  ///   - coarse: its coarse label.
  func evaluate(_ rows: Matrix, samples: [Int], fine: [Int32], coarse: [Int32]) -> Outcome {
    var outcome = Outcome(gradient: Matrix(rows: rows.rows, columns: rows.columns))
    let centres = Centres(of: bank.rows, fine: fine, coarse: coarse)
    guard !centres.coarse.isEmpty else { return outcome }
    var similarities = Matrix(rows: rows.rows, columns: centres.coarse.count)
    BLAS.multiply(rows, by: centres.rows, transposingB: true, into: &similarities)
    for (query, sample) in samples.enumerated() {
      let own = fine[sample] < 0 ? nil : centres.places[Int(fine[sample])]
      replace(query, by: own, of: centres, in: &similarities, &outcome)
    }
    BLAS.multiply(similarities, by: centres.rows, into: &outcome.gradient)
    return outcome
  }

  /// Replaces a query's similarities by ∂loss/∂similarity.
  private func replace(
    _ query: Int, by own: Int?, of centres: Centres, in similarities: inout Matrix,
    _ outcome: inout Outcome
  ) {
    let count = centres.coarse.count
    let start = query * count
    let met = own.map { own in
      (0..<count).filter { $0 == own || centres.coarse[$0] != centres.coarse[own] }
    }
    let logits = (met ?? []).map { Double(similarities.values[start + $0]) / temperature }
    var row = similarities.values.mutableSpan
    for place in start..<start + count { row[place] = 0 }
    guard let own, let met, let peak = logits.max() else { return }
    let exponentials = logits.map { exp($0 - peak) }
    let sum = exponentials.reduce(0, +)
    for (turn, place) in met.enumerated() {
      let slope = exponentials[turn] / sum - (place == own ? 1 : 0)
      row[start + place] = Float(slope / temperature)
      guard place == own else { continue }
      outcome.loss += log(sum) + peak - logits[turn]
      outcome.nearest += logits[turn] == peak ? 1 : 0
    }
    outcome.queries += 1
  }

  /// Moves the samples' rows of the bank towards new unit rows.
  mutating func take(_ rows: Matrix, of samples: [Int], among count: Int) {
    if bank.rows.rows == 0 { bank = MemoryBank(samples: count, width: rows.columns) }
    bank.take(rows, of: samples, keeping: keep)
  }

  /// The prototypes of the fine clusters with a known member.
  private struct Centres {
    /// Unit rows, K×D.
    let rows: Matrix
    /// The coarse label of each.
    let coarse: [Int32]
    /// The row of each fine label; nil where no member is known.
    let places: [Int?]

    init(of bank: Matrix, fine: [Int32], coarse: [Int32]) {
      let (clusters, width) = (Int(fine.max() ?? -1) + 1, bank.columns)
      var sums = Matrix(rows: clusters, columns: width)
      var labels = [Int32](repeating: -1, count: clusters)
      var values = sums.values.mutableSpan
      let known = bank.values.span
      for (sample, label) in fine.enumerated() where label >= 0 && sample < bank.rows {
        let (to, from) = (Int(label) * width, sample * width)
        for index in 0..<width { values[to + index] += known[from + index] }
        labels[Int(label)] = coarse[sample]
      }
      let units = UnitRows(sums)
      let kept = (0..<clusters).filter(units.hasDirection)
      var places = [Int?](repeating: nil, count: clusters)
      for (place, cluster) in kept.enumerated() { places[cluster] = place }
      rows = units.unit.rows(kept)
      self.coarse = kept.map { labels[$0] }
      self.places = places
    }
  }
}
