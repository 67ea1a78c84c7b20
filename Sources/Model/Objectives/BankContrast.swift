import Tensors

/// Contrast of two views through memory banks: IIC, and CMC as its authors compare it for video.
///
/// Each view's row is a query: its positive is its sample's row in the *other* view's bank, its
/// negatives are that bank's rows of K other samples, drawn anew every step. With intra-negatives
/// (`intraNegative`), a third view shows the same pictures without their motion; its bank's rows of the
/// sample itself and of the K others are further negatives. With pseudo labels (`ownShare` below 1) the
/// rows of the query's *fine* cluster in the other view's bank are positives, too, and none of its
/// *coarse* cluster is a negative. Banks have no gradient; their rows have
/// unit length, and so have the batch's unless they are to keep theirs (`unitQueries`). The loss is the
/// sum of both views' means, see `KeyContrast`.
///
/// Tao, Wang and Yamasaki, "Self-supervised video representation learning using inter-intra
/// contrastive framework", ACM MM 2020 (arXiv 2008.02531), sections 3.2–3.3; without intra-negatives,
/// Tian, Krishnan and Isola, "Contrastive multiview coding", ECCV 2020 (arXiv 1906.05849), equation 3,
/// with one shared encoder or one for each view, and the softmax form. Departures: the K others are
/// distinct here, drawn with repetition there; a bank's row begins as the sample's first embedding, and
/// who has none is no negative, where there rows start at random.
public struct BankContrast: Objective {
  /// What the negatives of the own video show.
  public enum IntraNegative: String, Codable, Sendable, CaseIterable {
    /// One frame all the time.
    case `repeat`
    /// The window in four chunks, two of which change places.
    case shuffle
  }

  /// Who embeds the two views.
  public enum Encoders: String, Codable, Sendable, CaseIterable {
    /// One encoder, as in IIC's comparison.
    case shared
    /// One each, as in CMC: what a view looks like need not fit the other's kernels.
    case separate
  }

  private let contrast: KeyContrast
  private let intraNegative: IntraNegative?
  private let negativeCount: Int
  private let keep: Double
  private let unitQueries: Bool
  private let ownShare: Double
  private let hidesCoarse: Bool
  private let encoders: Encoders
  /// One a view; empty before the first batch.
  private var banks: [MemoryBank] = []

  /// Creates the objective; the knobs are explained in `ObjectiveSettings`.
  ///
  /// - Parameter intraNegative: nil for CMC, which has none.
  public init(
    intraNegative: IntraNegative?, temperature: Double = 0.07, keepShare: Double = 1,
    dropShare: Double = 0, bankNegatives: Int = 1024, bankMomentum: Double = 0.5,
    unitQueries: Bool = true, ownShare: Double = 1, hidesCoarse: Bool = false,
    encoders: Encoders = .shared
  ) {
    precondition(
      encoders == .shared || intraNegative == nil, "intra-negatives are for one shared encoder")
    self.encoders = encoders
    contrast = KeyContrast(
      temperature: temperature, policy: HardNegatives(keepShare: keepShare, dropShare: dropShare))
    self.intraNegative = intraNegative
    negativeCount = bankNegatives
    keep = bankMomentum
    self.unitQueries = unitQueries
    self.ownShare = ownShare
    self.hidesCoarse = hidesCoarse || ownShare < 1
  }

  /// For positives of the query's cluster, or only to hide likely false negatives.
  public var usesLabels: Bool { hidesCoarse }

  /// A view, what moves in it, and (with intra-negatives) the same without its motion.
  public var views: [View] {
    let both = [
      View(.augmented), View(.residual, by: encoders == .separate ? .partner : .trained),
    ]
    switch intraNegative {
    case .repeat: return both + [View(.repeated)]
    case .shuffle: return both + [View(.shuffled)]
    case nil: return both
    }
  }

  /// The banks, by view.
  public var state: ObjectiveState {
    get {
      ObjectiveState(
        arrays: Dictionary(
          uniqueKeysWithValues: banks.enumerated().map { ("bank_\($0)", $1.rows.values) }),
        integers: banks.isEmpty ? [:] : ["bank_width": [banks[0].rows.columns]])
    }
    set {
      let width = newValue.integers["bank_width"]?.first ?? 1
      banks = newValue.arrays.keys.sorted().map { name in
        let values = newValue.arrays[name] ?? []
        return MemoryBank(Matrix(rows: values.count / width, columns: width, values: values))
      }
      precondition(
        banks.isEmpty || banks.count == views.count,
        "\(banks.count) banks for \(views.count) views")
    }
  }

  /// Computes the loss and its gradient, then takes the batch into the banks.
  public mutating func evaluate(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    if banks.isEmpty {
      banks = views.indices.map { _ in
        MemoryBank(samples: batch.fine.count, width: batch.views[0].columns)
      }
    }
    let units = unitQueries ? batch.views.map { UnitRows($0) } : []
    let rows = unitQueries ? units.map(\.unit) : batch.views
    for view in views.indices { banks[view].begin(rows[view], of: batch.samples[view]) }
    let samples = batch.samples[0]
    let known = batch.fine.indices.filter { banks[0].knows($0) }
    let others = (0..<samples.count).map { row in
      var random = RandomStream(
        seed: batch.seed, purpose: .objective, epoch: batch.step, sample: samples[row])
      return draw(besides: samples[row], among: known, coarse: batch.coarse, using: &random)
    }
    let mates = ownShare < 1 ? Self.mates(of: samples, among: known, fine: batch.fine) : nil
    let intra = intraNegative == nil ? nil : banks[2].rows
    let count = batch.fine.count
    let outcomes = [(0, 1), (1, 0)].map { view, other in
      contrast.evaluate(
        KeyContrast.Pairs(
          queries: rows[view], positives: banks[other].rows.rows(samples),
          own: intra.map { $0.rows(samples) },
          pools: [banks[other].rows] + (intra.map { [$0] } ?? []),
          candidates: { row in
            others[row] + (intra.map { bank in others[row].map { bank.rows + $0 } } ?? [])
          }, samples: (samples, samples), sample: { $0 % count },
          mates: { mates?[$0] ?? [] }, ownShare: ownShare))
    }
    for view in views.indices {
      banks[view].take(rows[view], of: batch.samples[view], keeping: keep)
    }
    let none = intraNegative == nil ? [] : [Matrix(rows: 0, columns: 0)]
    let gradients = outcomes.indices.map { view in
      unitQueries
        ? units[view].gradient(of: outcomes[view].queries, scale: 1) : outcomes[view].queries
    }
    return LossAndGradient(
      loss: outcomes[0].loss + outcomes[1].loss, gradients: gradients + none,
      statistics: outcomes[0].statistics.merging(outcomes[1].statistics) { ($0 + $1) / 2 },
      pairs: outcomes[0].pairs)
  }

  /// The other known samples of each sample's fine cluster, ascending.
  private static func mates(of samples: [Int], among known: [Int], fine: [Int32]) -> [[Int]] {
    let asked = Set(samples.map { fine[$0] }.filter { $0 >= 0 })
    let clusters = Dictionary(grouping: known.filter { asked.contains(fine[$0]) }) { fine[$0] }
    return samples.map { sample in (clusters[fine[sample]] ?? []).filter { $0 != sample } }
  }

  /// K distinct ones of the known samples besides one, all of equal chance, ascending; all others where
  /// there are not more. (Floyd's algorithm: Bentley and Floyd, CACM 1987.)
  private func draw(
    besides own: Int, among known: [Int], coarse: [Int32], using random: inout RandomStream
  ) -> [Int] {
    let skipped = known.firstIndex(of: own) ?? known.count
    let count = known.count - (skipped < known.count ? 1 : 0)
    var chosen: Set<Int> = []
    for last in max(0, count - negativeCount)..<max(count, 0) {
      let place = count <= negativeCount ? last : random.integer(below: last + 1)
      chosen.insert(chosen.contains(place) ? last : place)
    }
    let hidden = hidesCoarse ? coarse[own] : -1
    return chosen.sorted().map { known[$0 < skipped ? $0 : $0 + 1] }.filter {
      hidden < 0 || coarse[$0] != hidden
    }
  }
}
