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
    let hidesCoarse: Bool
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
    let cases: [Case]

    /// A batch of closed forms; views beyond the second show the first one's videos.
    func batch(views: Int) -> EmbeddedBatch {
      EmbeddedBatch(
        views: (0..<views).map { closedForm(rows: rows, columns: width, from: 1000 * $0 + 7) },
        samples: (0..<views).map { $0 < 2 ? samples[$0] : samples[0] }, fine: fine,
        coarse: coarse)
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
        hidesCoarse: item.hidesCoarse))
  }

  @Test("MoCo's loss and gradient are PyTorch's", arguments: try cases("moco"))
  func moCo(_ item: Case) throws {
    let numbers = try Self.all()
    var objective = MoCo(
      temperature: item.temperature, keepShare: item.keepShare, dropShare: item.dropShare,
      queueLength: numbers.queueSamples.count, hidesCoarse: item.hidesCoarse)
    objective.state = numbers.queue
    try Self.expect(item, objective)
  }
}
