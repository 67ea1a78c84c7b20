// `unsafe` is sound here because the set of signals outlives the call that reads it.
import Foundation
import Synchronization

/// The wish to stop, told by SIGUSR1, SIGTERM or SIGINT; the run saves at its next step and ends.
///
/// Signals belong to the whole process, and so does this flag. The handler sets it and does nothing
/// else; a second SIGINT means "at once" and leaves with code 1.
///
/// No thread that computes runs the handler: matrix products of oneDNN up to 3.11 use the stack pointer
/// for an address on the heap (uxlfoundation/oneDNN#4845), below which a signal's frame would be written.
public enum StopRequest {
  private static let last = Atomic<Int32>(0)

  /// Starts to listen; to be called first of all by the thread that starts all others and MPI.
  ///
  /// From here on it and the threads that it starts hold these signals back, and a thread that does
  /// nothing else takes them. SIGPIPE is ignored, so a closed output stops nobody.
  public static func listen() {
    // The handler must find the atomic already made.
    last.store(0, ordering: .relaxed)
    _ = Foundation.signal(SIGPIPE, SIG_IGN)
    var numbers = sigset_t()
    unsafe sigemptyset(&numbers)
    for number in [SIGUSR1, SIGTERM, SIGINT] {
      unsafe sigaddset(&numbers, number)
      // BSD's semantics: calls that the signal interrupts go on by themselves.
      _ = Foundation.signal(number) { number in
        let earlier = StopRequest.last.exchange(number, ordering: .relaxed)
        if number == SIGINT && earlier == SIGINT { _exit(ExitCode.unexpected.rawValue) }
      }
    }
    // Threads inherit the mask of the one that starts them.
    unsafe pthread_sigmask(SIG_BLOCK, &numbers, nil)
    Thread.detachNewThread { [numbers] in
      var numbers = numbers
      unsafe pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
      while true { pause() }
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
