// `unsafe` is sound here because names are null-terminated arrays that outlive their calls.
import Foundation
import Synchronization

/// Decoded videos on a node's own disk: shared by its ranks, and found again by the next run.
///
/// An entry is a file, `KEY.frames` (`FrameKey`, `StoredVideo`). It is written under another name and
/// renamed, so nobody reads half of one, and it is read through once by each process that maps it, so
/// what is cut or damaged is made anew. Pixels are mapped: ranks of a node share one copy in memory,
/// and an entry that is evicted meanwhile stays whole for those who have it.
///
/// *The bound.* No entry is added beyond `byteLimit`. Where there is no room, entries that nobody has
/// opened for a day go, those unused for the longest first; where that does not make room, no more is
/// added. Epochs pass over all videos in turn, so what was used least recently within a run is what it
/// needs next, and evicting that would leave a cache that is never hit.
///
/// *Trouble.* A directory that cannot be written, or a full disk, is said once, and the run goes on with
/// what it finds there. Which videos are kept changes no bit of a clip.
public final class FrameStore: Sendable {
  /// The folder of the entries.
  public let directory: String
  /// The most bytes of entries.
  public let byteLimit: Int

  private struct State {
    /// After a failure nothing more is written.
    var isWritable = true
    /// Where there was no room, it is looked for again only after this.
    var triesAgain = ContinuousClock.now
  }

  /// Entries that were opened later than so many nanoseconds ago are never evicted.
  private static let agingTime = 24 * 3600 * 1_000_000_000
  private static let ending = ".frames"
  private static let partial = "partial-"

  private let warn: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// Opens a store, and creates its folder where there is none.
  ///
  /// - Parameter warn: is told once why nothing can be written.
  public init(
    _ directory: String, byteLimit: Int, warn: @escaping @Sendable (String) -> Void
  ) {
    self.directory = directory
    self.byteLimit = byteLimit
    self.warn = warn
    attempt { () throws(VideoError) in
      try Self.create(directory)
      let ledger = try StoreLedger(locking: directory)
      try ledger.note(try measure())
    }
  }

  /// Whether it is worth while to decode a video as a whole for the store.
  var isTaking: Bool {
    state.withLock { $0.isWritable && $0.triesAgain <= .now }
  }

  /// The entry of a key; nil where there is none that is whole.
  func find(_ key: FrameKey) -> StoredVideo? {
    let path = path(of: key)
    // An entry that cannot be mapped, for want of address space or permission, is left alone.
    guard let file = try? MappedFile(path) else { return nil }
    guard let video = StoredVideo(file, for: key) else {
      attempt { () throws(VideoError) in
        let ledger = try StoreLedger(locking: directory)
        try remove(path, bytes: file.count, ledger)
      }
      return nil
    }
    unsafe utimensat(AT_FDCWD, FileName.cString(path), nil, 0)
    return video
  }

  /// Adds an entry, and maps it; nil where there is no room, or it cannot be written.
  func keep(_ video: DecodedVideo, as key: FrameKey) -> StoredVideo? {
    guard isTaking else { return nil }
    let length = StoredVideo.length(of: video)
    attempt { () throws(VideoError) in
      guard let file = try reserve(length, for: key) else { return }
      do throws(VideoError) {
        let header = StoredVideo.header(of: video, as: key)
        try file.write(header, at: 0)
        try file.write(video.pixels, at: header.count)
        let ledger = try StoreLedger(locking: directory)
        if FileStatus.isRegular(path(of: key)) {
          // Another rank was faster; its entry has the same bytes.
          try remove(file.path, bytes: length, ledger)
        } else if unsafe rename(FileName.cString(file.path), FileName.cString(path(of: key))) != 0 {
          throw VideoError.system(file.path, "cannot be renamed")
        }
      } catch {
        unsafe unlink(FileName.cString(file.path))
        if let ledger = try? StoreLedger(locking: directory) {
          try? ledger.note((ledger.bytes ?? 0) - length)
        }
        throw error
      }
    }
    return find(key)
  }
}

extension FrameStore {
  private func path(of key: FrameKey) -> String {
    VideoFolder.join(directory, key.name + Self.ending)
  }

  /// Makes room for an entry; nil where there is none, or the entry is there by now.
  private func reserve(_ length: Int, for key: FrameKey) throws(VideoError) -> PartialFile? {
    let ledger = try StoreLedger(locking: directory)
    if FileStatus.isRegular(path(of: key)) { return nil }
    var bytes = if let bytes = ledger.bytes { bytes } else { try measure() }
    if bytes + length > byteLimit {
      bytes -= try evict(bytes + length - byteLimit)
      try ledger.note(bytes)
    }
    guard bytes + length <= byteLimit else {
      // One that is larger than most says nothing of the others.
      if length <= byteLimit / 16 { state.withLock { $0.triesAgain = .now + .seconds(600) } }
      return nil
    }
    let name = Self.partial + UUID().uuidString
    let file = try PartialFile(VideoFolder.join(directory, name), length: length)
    try ledger.note(bytes + length)
    return file
  }

  /// What lies in the folder: entries, and files that are being written.
  private func files() throws(VideoError) -> [(path: String, status: FileStatus)] {
    var files: [(path: String, status: FileStatus)] = []
    for name in try FileStatus.names(in: directory)
    where name.hasSuffix(Self.ending) || name.hasPrefix(Self.partial) {
      let path = VideoFolder.join(directory, name)
      // What another rank has renamed meanwhile is met under its new name, or next time.
      if let status = try? FileStatus(of: path) { files.append((path, status)) }
    }
    return files
  }

  private func measure() throws(VideoError) -> Int {
    try files().reduce(0) { $0 + $1.status.size }
  }

  /// Removes old entries, and what ended runs have left half written, until so many bytes are free;
  /// returns how many were freed.
  private func evict(_ wanted: Int) throws(VideoError) -> Int {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    let limit = now.tv_sec * 1_000_000_000 + now.tv_nsec - Self.agingTime
    let old = try files().filter { $0.status.modified < limit }
      .sorted { ($0.status.modified, $0.path) < ($1.status.modified, $1.path) }
    var freed = 0
    for file in old where freed < wanted {
      if unsafe unlink(FileName.cString(file.path)) == 0 { freed += file.status.size }
    }
    return freed
  }

  private func remove(
    _ path: String, bytes: Int, _ ledger: borrowing StoreLedger
  ) throws(VideoError) {
    guard unsafe unlink(FileName.cString(path)) == 0 else { return }
    try ledger.note((ledger.bytes ?? 0) - bytes)
  }

  /// Does something that changes the store; a failure is the last.
  private func attempt(_ work: () throws(VideoError) -> Void) {
    do throws(VideoError) { try work() } catch {
      let isFirst = state.withLock { state in
        defer { state.isWritable = false }
        return state.isWritable
      }
      if isFirst {
        warn("video.diskCache \(directory): \(error.reason); going on without adding to it")
      }
    }
  }

  private static func create(_ directory: String) throws(VideoError) {
    if unsafe mkdir(FileName.cString(directory), 0o777) == 0 || errno == EEXIST { return }
    let parent = URL(fileURLWithPath: directory).deletingLastPathComponent().path
    guard errno == ENOENT, parent != directory else {
      throw VideoError.system(directory, "cannot be created")
    }
    try create(parent)
    guard unsafe mkdir(FileName.cString(directory), 0o777) == 0 || errno == EEXIST else {
      throw VideoError.system(directory, "cannot be created")
    }
  }
}
