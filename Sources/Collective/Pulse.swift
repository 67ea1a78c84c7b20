// `unsafe` is sound here because the clock is written to a local variable.
import Dispatch
import Glibc

/// Whether the work of a rank still goes on: its communication thread gives signs of life until it
/// does not.
final class Pulse: Sendable {
  private let end = DispatchSemaphore(value: 0)
  private let processorTime: @Sendable () -> Duration

  /// - Parameter processorTime: What the work has computed so far.
  init(_ processorTime: @escaping @Sendable () -> Duration = Pulse.ofThisProcess) {
    self.processorTime = processorTime
  }

  /// Says that the work is over.
  func stop() { end.signal() }

  /// Waits for the end of the work; false when it still goes on after `interval`, which no change
  /// of the machine's date makes longer.
  func waitForEnd(_ interval: Duration) -> Bool {
    end.wait(timeout: .now() + interval / .seconds(1)) == .success
  }

  /// Calls `beat` after every `interval` in which the work computed for a hundredth of it, until
  /// the end: a read that hangs, or threads that wait for each other, soon look dead.
  func whileComputing(
    _ interval: Duration, _ beat: () throws(CollectiveError) -> Void
  ) throws(CollectiveError) {
    var seen = processorTime()
    while !waitForEnd(interval) {
      let now = processorTime()
      if now - seen >= interval / 100 { try beat() }
      seen = now
    }
  }

  /// The processor time of all threads of this process.
  static func ofThisProcess() -> Duration {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
