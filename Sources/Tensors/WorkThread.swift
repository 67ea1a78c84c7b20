// `unsafe` is sound here because the box behind the pointer is retained until the thread has taken it,
// and attributes live for the length of the call.
import Foundation

/// Threads with room for deep stacks.
///
/// Foundation's do not say that the system has refused one, and then whoever waits for it waits for ever.
public enum WorkThread {
  private static let stackBytes = 16 << 20

  private final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts a thread, which ends with `body`.
  ///
  /// Where the system refuses it, nothing that counts on it can go on: the process says so and ends.
  public static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let box = unsafe Unmanaged.passRetained(Box(body))
    let refusal = unsafe withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) {
      guard let attributes = $0.baseAddress else { return ENOMEM }
      unsafe pthread_attr_init(attributes)
      unsafe pthread_attr_setstacksize(attributes, stackBytes)
      unsafe pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
      defer { unsafe pthread_attr_destroy(attributes) }
      var thread: pthread_t = 0
      return unsafe pthread_create(
        &thread, attributes,
        { pointer in
          guard let pointer = unsafe pointer else { return nil }
          unsafe Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().body()
          return nil
        }, box.toOpaque())
    }
    guard refusal == 0 else {
      StandardError.say(
        "kindreel: error: the thread '\(name)' cannot be started: \(unsafe String(cString: strerror(refusal)))"
          + "; fewer --lanes need fewer, and limits may be raised (ulimit -u, ulimit -v)"
      )
      exit(1)
    }
  }
}
