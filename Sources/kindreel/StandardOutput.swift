// `unsafe` is sound here because the C library's stream is only flushed and asked, once nothing else runs.
@unsafe @preconcurrency import Foundation
import Tensors

/// What the commands print.
enum StandardOutput {
  /// Makes the process leave with 73 if what was printed could not be written: on a full disk, say.
  static func checkAtExit() {
    atexit {
      guard unsafe fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
      StandardError.say("kindreel: error: standard output cannot be written")
      _exit(73)
    }
  }
}
