import Testing

@testable import Coordinator

@Suite struct TrainingPositionTests {
  @Test(
    arguments: [
      (0, 0, 0, true), (2, 3, 23, true), (3, 0, 30, true),
      // The last epoch was cut short.
      (3, 0, 25, true), (3, 0, 21, true),
      // Of another number of steps an epoch, or none of a run at all.
      (3, 0, 20, false), (3, 0, 31, false), (2, 3, 24, false), (2, 3, 22, false),
    ])
  func `A position is that after so many steps, or it is not`(
    epoch: Int, step: Int, steps: Int, isAfter: Bool
  ) {
    let position = TrainingPosition(epoch: epoch, step: step)
    #expect(position.isAfter(steps, stepsPerEpoch: 10) == isAfter)
  }
}
