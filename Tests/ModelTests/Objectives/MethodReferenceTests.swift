import Tensors
import Testing

@testable import Model

/// The losses and gradients of `Tests/Fixtures/pytorch/methods.json`, by autograd in fp64.
struct MethodReferenceTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let temperature: Double
    let keepShare: Double
    let dropShare: Double
    let hidesCoarse: Bool?
    let mining: ClusterTriplets.Mining?
    let margin: Double?
    let temporalMargin: Double?
    let temporalWeight: Double?
    let pools: Int?
    let bankNegatives: Int?
    let bankMomentum: Double?
    let unitQueries: Bool?
    let ownShare: Double?
    let form: SceneMotion.Form?
    /// The samples whose bank rows the batch changes, and these rows by bank.
    let changed: [Int]?
    let banks: [[Double]]?
    let loss: Double
    /// By view; empty where a view has none.
    let gradients: [[Double]]

    var testDescription: String { "\(name), τ \(temperature), kept \(keepShare)" }
  }
  struct Cases: Decodable, Sendable {
    let rows: Int
    let width: Int
    let samples: [[Int]]
    let fine: [Int32]
    let coarse: [Int32]
    let queueSamples: [Int]
    let seed: UInt64
    let step: Int
    let cases: [Case]

    /// A batch of closed forms; views beyond the second show the first one's videos.
    func batch(views: Int) -> EmbeddedBatch {
      EmbeddedBatch(
        views: (0..<views).map { closedForm(rows: rows, columns: width, from: 1000 * $0 + 7) },
        samples: (0..<views).map { $0 < 2 ? samples[$0] : samples[0] }, fine: fine,
        coarse: coarse, step: step, seed: seed)
    }

    /// The banks before the batch: unit rows of every video.
    func bankState(views: Int) -> ObjectiveState {
      let rows = (0..<views).map {
        ("bank_\($0)", closedForm(rows: fine.count, columns: width, from: 9000 + 1000 * $0))
      }
      return ObjectiveState(
        arrays: Dictionary(uniqueKeysWithValues: rows.map { ($0, $1.unitRows().values) }),
        integers: ["bank_width": [width]])
    }

    var queue: ObjectiveState {
      let rows = closedForm(rows: queueSamples.count, columns: width, from: 5000)
      return ObjectiveState(
        arrays: ["queue": rows.unitRows().values],
        integers: ["queue_samples": queueSamples, "queue_next": [0]])
    }
  }

  static func all() throws -> Cases { try pyTorchNumbers("methods", as: Cases.self) }
  static func cases(_ names: String...) throws -> [Case] {
    try all().cases.filter { names.contains($0.name) }
  }

  /// Compares an objective that may have memory with a case.
  static func expect(_ item: Case, _ objective: some Objective) throws {
    var objective = objective
    let result = objective.evaluate(try all().batch(views: item.gradients.count))
    #expect(abs(result.loss - item.loss) < 1e-6 * abs(item.loss), "\(result.loss)")
    for (gradient, expected) in zip(result.gradients, item.gradients) {
      #expect(gradient.values.count == expected.count)
      guard !expected.isEmpty else { continue }
      #expect(relativeDeviation(gradient.values, from: expected) < 1e-5)
    }
  }

  @Test("SimCLR with hard negatives is PyTorch's", arguments: try cases("simclr"))
  func simCLR(_ item: Case) throws {
    try Self.expect(
      item,
      SimCLR(
        temperature: item.temperature, keepShare: item.keepShare, dropShare: item.dropShare,
        hidesCoarse: item.hidesCoarse ?? false))
  }

  @Test("MoCo's loss and gradient are PyTorch's", arguments: try cases("moco"))
  func moCo(_ item: Case) throws {
    let numbers = try Self.all()
    var objective = MoCo(
      temperature: item.temperature, keepShare: item.keepShare, dropShare: item.dropShare,
      queueLength: numbers.queueSamples.count, hidesCoarse: item.hidesCoarse ?? false)
    objective.state = numbers.queue
    try Self.expect(item, objective)
  }

  @Test("SLIC's triplets are PyTorch's, drawn negatives too", arguments: try cases("triplet"))
  func clusterTriplets(_ item: Case) throws {
    try Self.expect(
      item,
      ClusterTriplets(
        mining: try #require(item.mining), margin: try #require(item.margin),
        temperature: item.temperature, keepShare: item.keepShare, dropShare: item.dropShare,
        temporalMargin: try #require(item.temporalMargin),
        temporalWeight: try #require(item.temporalWeight), pools: try #require(item.pools)))
  }

  @Test("Half hard, half random triplets are PyTorch's", arguments: try cases("koreitem"))
  func halfHardTriplets(_ item: Case) throws {
    try Self.expect(
      item,
      HalfHardTriplets(
        margin: try #require(item.margin), keepShare: item.keepShare, dropShare: item.dropShare))
  }

  @Test(
    "IIC and CMC are PyTorch's, and so are their banks after a step",
    arguments: try cases("iic", "cmc"))
  func bankContrast(_ item: Case) throws {
    let numbers = try Self.all()
    var objective = BankContrast(
      intraNegative: item.name == "iic" ? .repeat : nil, temperature: item.temperature,
      keepShare: item.keepShare, dropShare: item.dropShare,
      bankNegatives: try #require(item.bankNegatives),
      bankMomentum: try #require(item.bankMomentum),
      unitQueries: item.unitQueries ?? true, ownShare: try #require(item.ownShare),
      hidesCoarse: item.hidesCoarse ?? false)
    objective.state = numbers.bankState(views: objective.views.count)
    try Self.expect(item, objective)
    _ = objective.evaluate(numbers.batch(views: objective.views.count))
    for (number, expected) in try #require(item.banks).enumerated() {
      let bank = objective.state.arrays["bank_\(number)"] ?? []
      let rows = try #require(item.changed).flatMap {
        bank[$0 * numbers.width..<($0 + 1) * numbers.width]
      }
      #expect(relativeDeviation(rows, from: expected) < 1e-6)
    }
  }

  @Test("DSM is PyTorch's, with a queue and with triplets", arguments: try cases("dsm"))
  func sceneMotion(_ item: Case) throws {
    let numbers = try Self.all()
    var objective = SceneMotion(
      form: item.form ?? .queue, temperature: item.temperature,
      keepShare: item.keepShare, dropShare: item.dropShare,
      queueLength: numbers.queueSamples.count, margin: item.margin ?? 0,
      hidesCoarse: item.hidesCoarse ?? false)
    if item.form != .triplet { objective.state = numbers.queue }
    try Self.expect(item, objective)
  }
}
