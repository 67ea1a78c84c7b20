internal import Synchronization

/// Where the time of a step goes on one rank, in seconds; the parts add up to the whole.
///
/// What lanes do is the mean over lanes: with two lanes, a second that one of them spends counts half.
public struct StepTimes: Sendable, Equatable, Codable {
  /// Making clips: decoding, or reading what is kept, and augmenting.
  ///
  /// No lane computes on a clip before it is made, so this is the time that computing waits for data.
  public var data = 0.0
  /// The encoder's forward passes, those of keys and repeated ones included.
  public var forward = 0.0
  /// The encoder's backward passes.
  public var backward = 0.0
  /// Gathering all ranks' rows, waiting for other ranks there, and the objective.
  public var loss = 0.0
  /// Joining the lanes' gradients, and summing them over ranks.
  public var reduction = 0.0
  /// The gradient's norm, the new weights, their packing and their average.
  public var update = 0.0
  /// Lanes that are done and wait for others of their rank.
  public var idle = 0.0

  /// Starts with nothing.
  public init() {}

  /// The parts by name, in the order in which a step meets them.
  public var parts: [(name: String, seconds: Double)] {
    [
      ("data", data), ("forward", forward), ("loss", loss), ("backward", backward),
      ("reduction", reduction), ("update", update), ("idle", idle),
    ]
  }

  /// The whole time.
  public var total: Double { parts.reduce(0) { $0 + $1.seconds } }

  /// The share of the time that goes to making clips.
  public var dataShare: Double { total > 0 ? data / total : 0 }

  /// Adds other times, part by part.
  public static func += (sum: inout StepTimes, other: StepTimes) {
    sum.data += other.data
    sum.forward += other.forward
    sum.backward += other.backward
    sum.loss += other.loss
    sum.reduction += other.reduction
    sum.update += other.update
    sum.idle += other.idle
  }

  /// The mean of what lanes did, and their waiting for the last of them.
  static func mean(ofLanes lanes: [StepTimes], wall: Double) -> StepTimes {
    var mean = StepTimes()
    for lane in lanes { mean += lane }
    let share = 1 / Double(lanes.count)
    mean.data *= share
    mean.forward *= share
    mean.backward *= share
    mean.idle = max(0, wall - mean.total)
    return mean
  }
}

/// The times of a replica since they were last taken.
final class Stopwatch: Sendable {
  private let times = Mutex(StepTimes())

  func add(_ more: StepTimes) { times.withLock { $0 += more } }

  /// The times so far; it starts anew.
  func take() -> StepTimes {
    times.withLock { times in
      defer { times = StepTimes() }
      return times
    }
  }
}

extension Duration {
  /// The duration in seconds.
  var inSeconds: Double { self / .seconds(1) }
}

/// Adds the time of some work to a part.
func timing<Result>(_ part: inout Double, _ work: () throws -> Result) rethrows -> Result {
  let start = ContinuousClock.now
  defer { part += (ContinuousClock.now - start).inSeconds }
  return try work()
}
