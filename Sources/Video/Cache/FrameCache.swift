import Synchronization

/// The decoded videos of a manifest, kept on a node's disk and in memory as far as limits allow.
///
/// Memoisation and nothing else: whether a video is kept or decoded again, the bytes are the same.
/// What the disk takes is mapped and not kept in memory once more.
/// Lanes may ask at the same time; different samples decode side by side, and a sample is decoded
/// once for all who wait for it.
public final class FrameCache: Sendable {
  /// The samples, by index.
  public let manifest: Manifest
  /// The short side of the kept frames, in pixels.
  public let shortSide: Int
  /// The most bytes of pixels that are kept in memory.
  public let byteLimit: Int

  /// The most bytes that one video may take; of longer ones only windows are ever decoded.
  static let videoByteLimit = 256 << 20

  /// What is known about a sample.
  private enum Knowledge {
    case nothing
    case kept(DecodedVideo)
    case stored(StoredVideo)
    case indexed(FrameIndex)
    case failed(VideoError)
  }

  /// A sample's knowledge under a lock of its own, which is held while the sample is first decoded.
  private final class Slot: Sendable {
    let knowledge = Mutex(Knowledge.nothing)
  }

  private struct Counters {
    var bytes = 0
    var decodes = 0
    var hits = 0
    var found = 0
    var mapped = 0
  }

  /// The most entries of the store that stay mapped; others are mapped, and read through, every time.
  ///
  /// Linux allows a process 65,530 mappings.
  private static let mostMapped = 16_384

  private let store: FrameStore?
  private let slots: [Slot]
  private let readers = ReaderShelf(places: 4)
  private let counters = Mutex(Counters())

  /// Creates a cache that knows nothing yet but what is in the store.
  ///
  /// - Parameter store: where whole videos are kept on disk; nil for nowhere.
  public init(manifest: Manifest, shortSide: Int, byteLimit: Int, store: FrameStore? = nil) {
    precondition(shortSide >= 1, "a short side of \(shortSide) pixels")
    self.manifest = manifest
    self.shortSide = shortSide
    self.byteLimit = byteLimit
    self.store = store
    slots = manifest.samples.map { _ in Slot() }
  }

  /// How often a file has been decoded, wholly or in part.
  public var decodes: Int { counters.withLock { $0.decodes } }

  /// How often a kept video has been used.
  public var hits: Int { counters.withLock { $0.hits } }

  /// How many samples were found in the store, decoded by somebody before.
  public var found: Int { counters.withLock { $0.found } }

  /// The bytes of pixels that are kept in memory.
  public var bytes: Int { counters.withLock { $0.bytes } }

  /// All frames of a sample.
  ///
  /// - Throws: why the file cannot be decoded, at every call the same; or that the video is too long
  ///   to be held in memory, where `frames` still works.
  public func video(_ sample: Int) throws(VideoError) -> DecodedVideo {
    switch try knowledge(of: sample) {
    case .kept(let video): return video
    case .stored(let video): return video.decoded
    case .indexed, .nothing, .failed: break
    }
    counters.withLock { $0.decodes += 1 }
    var reader = try open(sample, knowing: nil)
    let limit = FrameCache.videoByteLimit
    guard let video = try reader.readAll(shortSide: shortSide, atMost: limit) else {
      throw VideoError(
        path: manifest.samples[sample].path,
        reason: "decoded at once it would take more than \(limit >> 20) MiB")
    }
    return video
  }

  /// The number of frames of a sample that decode; at least 1.
  public func frameCount(_ sample: Int) throws(VideoError) -> Int {
    switch try knowledge(of: sample) {
    case .kept(let video): return video.frameCount
    case .stored(let video): return video.frameCount
    case .indexed(let index): return index.frameCount
    case .nothing, .failed: preconditionFailure("sample \(sample) was looked at in vain")
    }
  }

  /// The number of frames of a sample, from a scan that saw the file as it is, or else from decoding.
  func check(_ sample: Int) throws(VideoError) -> Int {
    let video = manifest.samples[sample]
    guard let scanned = video.scanned else { return try frameCount(sample) }
    let status = try FileStatus(of: video.path)
    let isSame =
      status.isRegular && status.modified == scanned.modified
      && (video.bytes.map { $0.upperBound <= status.size } ?? (status.size == scanned.size))
    return isSame ? scanned.frameCount : try frameCount(sample)
  }

  /// The frames of a window, T·H·W·3, and their size.
  public func frames(_ sample: Int, _ window: ClipWindow) throws(VideoError) -> (
    pixels: [UInt8], size: PixelSize
  ) {
    switch try knowledge(of: sample) {
    case .kept(let video): return (video.frames(window), video.size)
    case .stored(let video): return (video.frames(window), video.size)
    case .indexed(let index):
      let reader: OpenReader
      if let left = readers.take(sample) {
        reader = left
      } else {
        reader = OpenReader(try open(sample, knowing: index))
      }
      let frames = try reader.read(window, shortSide: shortSide)
      if let learned = reader.index { correct(sample, by: learned) }
      readers.put(reader, for: sample)
      counters.withLock { $0.decodes += 1 }
      return frames
    case .nothing, .failed: preconditionFailure("sample \(sample) was looked at in vain")
    }
  }
}

extension FrameCache {
  /// Keeps what a reader found wrong in an index, so that nobody tries it again.
  private func correct(_ sample: Int, by learned: FrameIndex) {
    slots[sample].knowledge.withLock { knowledge in
      guard case .indexed(let known) = knowledge else { return }
      let isLess =
        learned.starts.count < known.starts.count
        || learned.checksums == nil && known.checksums != nil
      if isLess { knowledge = .indexed(learned) }
    }
  }

  private func open(_ sample: Int, knowing index: FrameIndex?) throws(VideoError) -> VideoReader {
    let sample = manifest.samples[sample]
    return try VideoReader(opening: sample.path, bytes: sample.bytes, index: index)
  }

  /// What there is to know about a sample: its pixels, or else where its frames are; never nothing.
  private func knowledge(of sample: Int) throws(VideoError) -> Knowledge {
    let (knowledge, isNew) = slots[sample].knowledge.withLock { knowledge in
      guard case .nothing = knowledge else { return (knowledge, false) }
      let seen = look(at: sample)
      if remembers(seen) { knowledge = seen }
      return (seen, true)
    }
    switch knowledge {
    case .failed(let error): throw error
    case .kept where !isNew, .stored where !isNew: counters.withLock { $0.hits += 1 }
    case .kept, .stored, .indexed, .nothing: break
    }
    return knowledge
  }

  /// Whether knowledge stays; a mapping does as long as there are not too many.
  private func remembers(_ knowledge: Knowledge) -> Bool {
    guard case .stored = knowledge else { return true }
    return counters.withLock { counters in
      guard counters.mapped < FrameCache.mostMapped else { return false }
      counters.mapped += 1
      return true
    }
  }

  private func look(at sample: Int) -> Knowledge {
    let key = store == nil ? nil : try? self.key(of: sample)
    if let store, let key, let video = store.find(key) {
      counters.withLock { $0.found += 1 }
      return .stored(video)
    }
    counters.withLock { $0.decodes += 1 }
    do throws(VideoError) {
      var reader = try open(sample, knowing: nil)
      let taker = key == nil ? nil : store.flatMap { $0.isTaking ? $0 : nil }
      let room = byteLimit - counters.withLock { $0.bytes }
      let limit = min(taker == nil ? room : .max, FrameCache.videoByteLimit)
      if limit > 0, let video = try reader.readAll(shortSide: shortSide, atMost: limit) {
        // A file that changed while it was read is nobody else's business.
        if let taker, let key, try self.key(of: sample) == key,
          let stored = taker.keep(video, as: key)
        {
          return .stored(stored)
        }
        if reserve(video.pixels.count) { return .kept(video) }
      }
      return .indexed(try reader.wholeIndex())
    } catch {
      return .failed(error)
    }
  }

  private func key(of index: Int) throws(VideoError) -> FrameKey {
    let sample = manifest.samples[index]
    return FrameKey(sample, status: try FileStatus(of: sample.path), shortSide: shortSide)
  }

  private func reserve(_ bytes: Int) -> Bool {
    counters.withLock { counters in
      guard counters.bytes + bytes <= byteLimit else { return false }
      counters.bytes += bytes
      return true
    }
  }
}
