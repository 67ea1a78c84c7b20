import Tensors
import Testing

@testable import Model

/// The losses and gradients of `Tests/Fixtures/pytorch/objectives.json`, by autograd in fp64.
struct ObjectiveReferenceTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let temperature: Double
    let keepShare: Double
    let dropShare: Double
    let instanceWeight: Double
    let rows: Int
    let width: Int
    let samples: [[Int]]
    let fine: [Int32]
    let coarse: [Int32]
    let queueSamples: [Int]
    let loss: Double
    let activeQueries: Int
    let gradients: [[Double]]
    let ntXent: Double
    let ntXentGradients: [[Double]]

    var testDescription: String { name }

    var batch: EmbeddedBatch {
      EmbeddedBatch(
        views: (0..<2).map { closedForm(rows: rows, columns: width, from: 1000 * $0 + 7) },
        samples: samples, fine: fine, coarse: coarse)
    }
  }
  struct Cases: Decodable {
    let cases: [Case]
    let directions: [Directions]
  }

  /// Two views, and the same two backwards.
  struct Directions: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let temperature: Double
    let keepShare: Double
    let dropShare: Double
    let instanceWeight: Double
    let rows: Int
    let width: Int
    let samples: [[Int]]
    let fine: [Int32]
    let coarse: [Int32]
    let loss: Double
    let activeQueries: Int
    let gradients: [[Double]]

    var testDescription: String { name }
  }

  static func cases() throws -> [Case] {
    try pyTorchNumbers("objectives", as: Cases.self).cases
  }

  static func directions() throws -> [Directions] {
    try pyTorchNumbers("objectives", as: Cases.self).directions
  }

  @Test("In both directions it is PyTorch's, too", arguments: try directions())
  func bothDirections(_ item: Directions) {
    var objective = ClusterContrast(
      temperature: item.temperature, keepShare: item.keepShare, dropShare: item.dropShare,
      instanceWeight: item.instanceWeight, bothDirections: true)
    let result = objective.evaluate(
      EmbeddedBatch(
        views: (0..<4).map {
          closedForm(rows: item.rows, columns: item.width, from: 1000 * $0 + 7)
        },
        samples: item.samples, fine: item.fine, coarse: item.coarse))
    #expect(abs(result.loss - item.loss) < 1e-6 * item.loss)
    #expect(
      result.statistics["active_queries"] == Double(item.activeQueries) / Double(4 * item.rows))
    for view in 0..<4 {
      #expect(relativeDeviation(result.gradients[view].values, from: item.gradients[view]) < 1e-5)
    }
  }

  @Test("NT-Xent and its gradient are PyTorch's", arguments: try cases())
  func simCLR(_ item: Case) {
    var objective = SimCLR(temperature: item.temperature)
    let result = objective.evaluate(item.batch)
    #expect(abs(result.loss - item.ntXent) < 1e-6 * item.ntXent)
    for view in 0..<2 {
      #expect(
        relativeDeviation(result.gradients[view].values, from: item.ntXentGradients[view]) < 1e-5)
    }
  }

  @Test("The cluster loss and its gradient are PyTorch's", arguments: try cases())
  func clusterContrast(_ item: Case) {
    var objective = ClusterContrast(
      temperature: item.temperature, keepShare: item.keepShare, dropShare: item.dropShare,
      queueLength: item.queueSamples.count, instanceWeight: item.instanceWeight)
    let queue = closedForm(rows: item.queueSamples.count, columns: item.width, from: 5000)
    objective.state = ObjectiveState(
      arrays: ["queue": queue.unitRows().values],
      integers: ["queue_samples": item.queueSamples, "queue_next": [0]])
    let result = objective.evaluate(item.batch)
    #expect(abs(result.loss - item.loss) < 1e-6 * item.loss)
    #expect(
      result.statistics["active_queries"] == Double(item.activeQueries) / Double(2 * item.rows))
    for view in 0..<2 {
      #expect(relativeDeviation(result.gradients[view].values, from: item.gradients[view]) < 1e-5)
    }
  }
}
