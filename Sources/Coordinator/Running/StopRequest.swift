import Foundation
import Synchronization

/// The wish to stop, told by SIGUSR1, SIGTERM or SIGINT; the run saves at its next step and ends.
///
/// Signals belong to the whole process, and so does this flag. The handler sets it and does nothing
/// else, whichever thread it lands on; a second SIGINT means "at once" and leaves with code 1.
public enum StopRequest {
  private static let last = Atomic<Int32>(0)

  /// Starts to listen; to be called first of all, before threads and MPI start.
  ///
  /// SIGPIPE is ignored from here on, so a closed output stops nobody.
  public static func listen() {
    // The handler must find the atomic already made.
    last.store(0, ordering: .relaxed)
    _ = Foundation.signal(SIGPIPE, SIG_IGN)
    for number in [SIGUSR1, SIGTERM, SIGINT] {
      // BSD's semantics: calls that the signal interrupts go on by themselves.
      _ = Foundation.signal(number) { number in
        let earlier = StopRequest.last.exchange(number, ordering: .relaxed)
        if number == SIGINT && earlier == SIGINT { _exit(ExitCode.unexpected.rawValue) }
      }
    }
  }

  /// Whether the process was asked to stop; cheap enough for every step.
  public static var isMade: Bool { signal != nil }

  /// The number of the last signal; nil if there was none.
  public static var signal: Int32? {
    let number = last.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}
