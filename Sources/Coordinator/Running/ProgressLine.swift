import Foundation

/// The live line of a run on standard error: rewritten on a terminal, one line an epoch elsewhere.
///
/// Only rank 0 shows one. A closed or full standard error is no reason to stop a run.
public final class ProgressLine {
  private let isTerminal: Bool
  private let write: (String) -> Void
  private var width = 0
  private var last: ContinuousClock.Instant?

  /// Creates a line on standard error.
  public convenience init() {
    self.init(isTerminal: isatty(STDERR_FILENO) == 1) { text in
      try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
  }

  init(isTerminal: Bool, write: @escaping (String) -> Void) {
    self.isTerminal = isTerminal
    self.write = write
  }

  /// Rewrites the line, at most ten times a second; does nothing where there is no terminal.
  public func update(_ text: @autoclosure () -> String) {
    guard isTerminal else { return }
    let now = ContinuousClock.now
    if let last, last.duration(to: now) < .milliseconds(100) { return }
    last = now
    show(text(), end: "")
  }

  /// Writes a line that stays, in place of the live one.
  public func finish(_ text: String) {
    last = nil
    if isTerminal {
      show(text, end: "\n")
      width = 0
    } else {
      write(text + "\n")
    }
  }

  /// Removes the live line, if there is one.
  public func clear() {
    guard isTerminal, width > 0 else { return }
    show("", end: "\r")
    width = 0
  }

  private func show(_ text: String, end: String) {
    let padding = String(repeating: " ", count: max(0, width - text.count))
    width = text.count
    write("\r" + text + padding + end)
  }
}
