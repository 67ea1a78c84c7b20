import Collective
import Foundation
import Model
import Tensors
import Testing
import Video
import Worker

@testable import Coordinator

/// Keys of a momentum encoder are normalised among other clips than their queries (MoCo, He et al., CVPR
/// 2020, section 3.3), or a query could tell its key by their common batch statistics.
@Suite struct KeyOrderTests {
  /// The cosine of each video's two rows in the first step, where both views show the same picture.
  private func cosines(_ objective: ObjectiveSettings.Name) throws -> [Float] {
    let world = try SmallWorld(objective: objective)
    var configuration = world.configuration
    configuration.views = try ["rgb", "same"].map { try #require(ViewRecipe($0)) }
    var run = try TrainingRun(
      TrainingRequest(
        configuration: configuration, data: world.data.path,
        output: world.folder.appendingPathComponent("run").path, lanes: 1, ranksOfMachine: 1),
      communicator: Launch.simulated(ranks: 1) { $0 }[0])
    let report = try run.trainer.train(
      on: Array(0..<configuration.batch.videos), labels: .none(24), epoch: 0, flags: 0)
    let (queries, keys) = (report.views[0].unitRows(), report.views[1].unitRows())
    return (0..<queries.rows).map { row in
      zip(queries.row(row), keys.row(row)).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `A query and its key do not share batch statistics`() throws {
    // In the first step the average's weights are those of the encoder.
    #expect(try cosines(.simclr).allSatisfy { $0 > 0.9999 })
    #expect(try cosines(.moco).count { $0 < 0.999 } >= 4)
  }
}
