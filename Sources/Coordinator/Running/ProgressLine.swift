import Foundation

/// The live line of a run on standard error: rewritten on a terminal; elsewhere a line where something is
/// done, and a sign of life where nothing is for a minute.
///
/// Only rank 0 shows one. A closed or full standard error is no reason to stop a run.
public final class ProgressLine {
  private let isTerminal: Bool
  private let silence: Duration
  private let write: (String) -> Void
  private var width = 0
  private var last: ContinuousClock.Instant?

  /// Creates a line on standard error.
  public convenience init() {
    self.init(isTerminal: isatty(STDERR_FILENO) == 1) { text in
      try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
  }

  /// - Parameter silence: how long a log may say nothing while updates come.
  init(
    isTerminal: Bool, silence: Duration = .seconds(60), write: @escaping (String) -> Void
  ) {
    self.isTerminal = isTerminal
    self.silence = silence
    self.write = write
  }

  /// Rewrites the line, at most ten times a second; where there is no terminal, adds one a minute.
  public func update(_ text: @autoclosure () -> String) {
    let now = ContinuousClock.now
    if !isTerminal && last == nil { last = now }
    if let last, last.duration(to: now) < (isTerminal ? .milliseconds(100) : silence) { return }
    last = now
    if isTerminal { show(text(), end: "") } else { write(text() + "\n") }
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
