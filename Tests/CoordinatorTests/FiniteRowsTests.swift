import Collective
import Foundation
import Model
import Tensors
import Testing
import Worker

@testable import Coordinator

/// Embeddings of diverged weights are measured by nobody.
struct FiniteRowsTests {
  @Test("Rows that are finite are the rows")
  func finite() throws {
    let rows = Matrix(rows: 2, columns: 2, values: [0, -1, 3, .greatestFiniteMagnitude])
    #expect(try rows.finite().values == rows.values)
  }

  @Test("One element refuses all, with the number of rows", arguments: [Float.nan, .infinity])
  func diverged(_ wrong: Float) {
    let rows = Matrix(rows: 3, columns: 2, values: [0, wrong, 1, 1, wrong, wrong])
    let error = #expect(throws: NumericError.self) { try rows.finite() }
    #expect(error?.description.contains("of 2 of 3 videos") == true)
    #expect(error?.code == .numeric)
  }

  @Test("Weights that have diverged are neither saved nor imported", .timeLimit(.minutes(5)))
  func weights() throws {
    let world = try SmallWorld()
    let output = world.folder.appendingPathComponent("run").path
    let run = try TrainingRun(
      TrainingRequest(
        configuration: try RunConfiguration.load(SampleWorld.smoke.path), data: world.data.path,
        output: output, lanes: 1, ranksOfMachine: 1),
      communicator: Launch.simulated(ranks: 1) { $0 }[0])
    try run.save()
    let weights = run.trainer.replica.weights
    #expect(weights.problem == nil)
    var values = weights.values.array
    values[5] = .nan
    weights.values.assign(values)
    let refused = #expect(throws: NumericError.self) { try run.save() }
    #expect(refused?.description.contains("elements of 'stem.0.weight' are NaN") == true)
    let file = world.folder.appendingPathComponent("nan.safetensors").path
    try WeightsFile.safeTensors(weights).write(to: file)
    let other = EncoderWeights(weights.network, seed: 1)
    let error = #expect(throws: ModelError.self) {
      try WeightsFile.load(file, into: other, omitting: [])
    }
    #expect(error?.reason.hasPrefix("\(file): 1 of ") == true)
  }
}
