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
    /// Of two views, without labels; nil where there are more.
    let ntXent: Double?
    let ntXentGradients: [[Double]]?

    var testDescription: String { name }

    var batch: EmbeddedBatch {
      EmbeddedBatch(
        views: samples.indices.map { closedForm(rows: rows, columns: width, from: 1000 * $0 + 7) },
        samples: samples, fine: fine, coarse: coarse)
    }
  }
  struct Cases: Decodable { let cases: [Case] }

  static func cases() throws -> [Case] {
    try pyTorchNumbers("objectives", as: Cases.self).cases
  }

  @Test(
    "NT-Xent and its gradient are PyTorch's", arguments: try cases().filter { $0.ntXent != nil })
  func simCLR(_ item: Case) throws {
    let (loss, gradients) = (try #require(item.ntXent), try #require(item.ntXentGradients))
    var objective = SimCLR(temperature: item.temperature)
    let result = objective.evaluate(item.batch)
    #expect(abs(result.loss - loss) < 1e-6 * loss)
    for view in 0..<2 {
      #expect(
        relativeDeviation(result.gradients[view].values, from: gradients[view]) < 1e-5)
    }
  }

  @Test("The cluster loss and its gradient are PyTorch's", arguments: try cases())
  func clusterContrast(_ item: Case) {
    var objective = ClusterContrast(
      temperature: item.temperature, keepShare: item.keepShare, dropShare: item.dropShare,
      queueLength: item.queueSamples.count, instanceWeight: item.instanceWeight,
      bothDirections: item.samples.count == 4)
    let queue = closedForm(rows: item.queueSamples.count, columns: item.width, from: 5000)
    objective.state = ObjectiveState(
      arrays: ["queue": queue.unitRows().values],
      integers: ["queue_samples": item.queueSamples, "queue_next": [0]])
    let result = objective.evaluate(item.batch)
    #expect(abs(result.loss - item.loss) < 1e-6 * item.loss)
    #expect(
      result.statistics["active_queries"]
        == Double(item.activeQueries) / Double(item.samples.count * item.rows))
    for view in item.samples.indices {
      #expect(relativeDeviation(result.gradients[view].values, from: item.gradients[view]) < 1e-5)
    }
  }
}
