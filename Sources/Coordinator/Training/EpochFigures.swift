internal import Foundation
internal import Model
internal import Worker

/// What rank 0 knows of the epoch that runs, for its line in `metrics.jsonl`; nothing is steered by it.
///
/// Checkpoints keep it, so the line of an epoch that was stopped and resumed speaks of all its steps.
struct EpochFigures: Codable {
  /// The name of its file in a checkpoint.
  static let fileName = "figures.json"

  /// What the last clustering found.
  var clusters: ClusterReport?
  /// The time that the epoch's steps took so far, in seconds.
  var seconds = 0.0
  /// The steps so far.
  private(set) var steps = 0
  /// Where the time of the steps went on this rank.
  private var times = StepTimes()
  // Of the finite steps.
  private var finiteSteps = 0
  private var statistics: [String: Double] = [:]
  /// How many steps have each; figures of earlier builds, of which all steps have all, lack this.
  private var statisticSteps: [String: Int]? = [:]
  private var spread = EmbeddingSpread()
  private var pairs = PairShares()
  private var gradientNorm = 0.0
  private var learningRate = 0.0

  init() {}

  init(json: String) throws {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    self = try decoder.decode(Self.self, from: Data(json.utf8))
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// Forgets the steps, and what was said of a clustering when it was made; the clusters stay as they
  /// are until they are found anew.
  mutating func startEpoch() {
    let clusters = clusters
    self = EpochFigures()
    self.clusters = clusters
    self.clusters?.forgetMaking()
  }

  /// Takes a step in; of one that is not finite only the time.
  mutating func add(_ report: StepReport, comparedBy labels: LabelReport) {
    steps += 1
    times += report.times
    guard report.isFinite else { return }
    finiteSteps += 1
    statistics.merge(report.statistics) { $0 + $1 }
    statisticSteps?.merge(report.statistics.mapValues { _ in 1 }) { $0 + $1 }
    gradientNorm += report.gradientNorm
    learningRate = report.learningRate
    spread.add(report.views[0], positives: report.views[1])
    labels.count(report.pairs, into: &pairs)
  }

  /// The fields of the epoch's line; what is not known is left out.
  var fields: [String: MetricValue] {
    var fields: [String: MetricValue] = ["seconds": .number(seconds)]
    for (name, seconds) in times.parts { fields["seconds_\(name)"] = .number(seconds) }
    fields.merge(clusters?.fields ?? [:]) { $1 }
    guard finiteSteps > 0 else { return fields }
    for (name, sum) in statistics {
      fields[name] = .number(sum / Double(statisticSteps?[name] ?? finiteSteps))
    }
    let spectrum = spread.spectrum(axes: 16)
    fields["gradient_norm"] = .number(gradientNorm / Double(finiteSteps))
    fields["learning_rate"] = .number(learningRate)
    fields["effective_rank"] = .number(spread.effectiveRank)
    fields["largest_variance_share"] = .number(spectrum.first ?? 0)
    fields["variance_spectrum"] = .numbers(spectrum)
    fields["alignment"] = .number(spread.alignment)
    fields["uniformity"] = .number(spread.uniformity)
    for (name, share) in pairs.shares { fields[name] = .number(share) }
    return fields
  }
}
