// `unsafe` is sound here because the leaf is as long as the encoder says, and weights and gradients
// are cut by the same layout.
import CAllocations
import Tensors
import Testing

@testable import Model

/// Nothing is allocated in a step.
///
/// Counted on the lane's thread, after a first step: every instruction of forward and backward pass one
/// by one, and the optimiser. oneDNN makes a small map of its arguments whenever a primitive runs, which
/// is its own affair: its instructions are counted beside those of the primitives alone. What leaves a
/// lane are arrays, made after the pass: the rows of a microbatch.
@Suite("What a step allocates")
struct AllocationTests {
  /// Two reorders and the primitive, each with a map of at most four arguments; on AVX2 oneDNN's weight
  /// gradient of the stem allocates more.
  private static let libraryLimit = Machine.instructionSet == "avx2" ? 75 : 48

  @Test("is seen by the counter")
  func counter() {
    counting_begin()
    let storage = AlignedStorage(count: 100)
    let array = [Float](repeating: 1, count: storage.count)
    let count = counting_end()
    #expect(count >= 2 && array.count == 100)
    counting_begin()
    #expect(counting_end() == 0)
  }

  @Test(
    "is nothing, oneDNN's arguments aside",
    arguments: Precision.allCases.filter(\.isSupported), [true, false])
  func instructions(_ precision: Precision, isPlain: Bool) throws {
    let network = try EncoderFixture.network(
      depth: 18, frames: 8, size: 32, stemPool: !isPlain, shortcut: isPlain ? .b : .a,
      headHidden: isPlain ? 0 : 48)
    let fixture = try EncoderFixture(network, precision: precision)
    let encoder = try LaneEncoder(fixture.packed, slots: 1)
    let leaf = AlignedStorage(count: encoder.leafCount)
    let gradient = fixture.gradient()
    _ = encoder.run(fixture.microbatch(0), gradient)
    let program = try #require(encoder.training)
    unsafe gradient.values.withUnsafeBufferPointer { values in
      for step in program.instructions.indices {
        counting_begin()
        unsafe encoder.run(program, step..<step + 1, slot: 0, values.baseAddress, leaf.base)
        let count = counting_end()
        let isOurs = encoder.runner.library(of: program.instructions[step]) == nil
        #expect(count <= (isOurs ? 0 : Self.libraryLimit), "\(program.instructions[step])")
      }
    }
    for step in encoder.evaluation.instructions.indices {
      counting_begin()
      unsafe encoder.run(encoder.evaluation, step..<step + 1, slot: 0, nil, nil)
      let count = counting_end()
      let isOurs = encoder.runner.library(of: encoder.evaluation.instructions[step]) == nil
      #expect(count <= (isOurs ? 0 : Self.libraryLimit), "\(encoder.evaluation.instructions[step])")
    }
  }

  @Test("is a few short lists in the optimiser, whatever the network")
  func optimizer() throws {
    let fixture = try EncoderFixture(EncoderFixture.network())
    let layout = fixture.network.layout
    let optimizer = Optimizer(OptimizerSettings(), layout: layout)
    let gradients = AlignedStorage(count: layout.parameterCount)
    let lanes = LanePool(count: 1)
    try optimizer.update(
      fixture.weights.values, along: gradients, learningRate: 0.1, lanes: lanes)
    counting_begin()
    try optimizer.update(
      fixture.weights.values, along: gradients, learningRate: 0.1, lanes: lanes)
    #expect(counting_end() <= 8)
  }
}
