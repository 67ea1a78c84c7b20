internal import Worker

/// The losses of an epoch's finite steps; the others were skipped.
struct LossSum: Equatable {
  private(set) var total = 0.0
  private(set) var finiteSteps = 0
  /// The last steps, over epochs, that were skipped one after the other.
  private var skipped = 0

  init(total: Double = 0, finiteSteps: Int = 0) {
    self.total = total
    self.finiteSteps = finiteSteps
  }

  var mean: Double { total / Double(max(finiteSteps, 1)) }

  /// Takes a step in.
  ///
  /// - Parameter place: the step, for a message.
  /// - Throws: `NumericError` if it is the tenth in a row that is not finite.
  mutating func add(_ report: StepReport, at place: @autoclosure () -> String) throws {
    guard report.isFinite else {
      skipped += 1
      guard skipped < 10 else {
        throw NumericError(
          description: "ten steps in a row were not finite; the last is \(place()): loss "
            + "\(report.loss), gradient norm \(report.gradientNorm)")
      }
      return
    }
    skipped = 0
    total += report.loss
    finiteSteps += 1
  }

  /// Starts another epoch.
  ///
  /// - Parameter epoch: the one that ends, from 1.
  /// - Throws: `NumericError` if none of its steps was finite.
  func next(after epoch: Int) throws -> LossSum {
    guard finiteSteps > 0 else {
      throw NumericError(description: "no step of epoch \(epoch) was finite")
    }
    var next = LossSum()
    next.skipped = skipped
    return next
  }
}
