import Foundation
import Synchronization
import Tensors
import Testing

@testable import Video

@Suite("The frame store") struct FrameStoreTests {
  let scratch: Scratch
  let manifest: Manifest
  let warnings = Warnings()

  /// What stores complain of.
  final class Warnings: Sendable {
    private let texts = Mutex<[String]>([])
    func add(_ text: String) { texts.withLock { $0.append(text) } }
    var all: [String] { texts.withLock { $0 } }
  }

  init() throws {
    scratch = try Scratch()
    let all = try Manifest(reading: SampleSet.root, split: .test, seed: 1)
    manifest = Manifest(samples: Array(all.samples.prefix(6)), seed: 1)
  }

  private var folder: String { scratch.path("node/cache") }

  private func store(_ bytes: Int = 1 << 30, in folder: String? = nil) -> FrameStore {
    FrameStore(folder ?? self.folder, byteLimit: bytes) { [warnings] in warnings.add($0) }
  }

  private func cache(_ store: FrameStore?, of manifest: Manifest? = nil, bytes: Int = 0)
    -> FrameCache
  {
    FrameCache(
      manifest: manifest ?? self.manifest, shortSide: 60, byteLimit: bytes, store: store)
  }

  private static func clips(_ cache: FrameCache, lanes: Int = 1) throws -> [[UInt8]] {
    let count = cache.manifest.samples.count
    let clips = Results<[UInt8]>([], count: count)
    try LanePool(count: lanes).forEach(count) { sample in
      let start = try cache.frameCount(sample) / 3
      clips[sample] = try cache.frames(
        sample, ClipWindow(start: start, frames: 6, stride: 5)
      ).pixels
    }
    return clips.values
  }

  private func entries() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasSuffix(".frames")
    }.map { folder + "/" + $0 }.sorted()
  }

  @Test("gives the bits of decoding, and a later run decodes nothing")
  func restarts() throws {
    let expected = try Self.clips(cache(nil))
    let first = cache(store())
    #expect(try Self.clips(first) == expected && first.decodes == 6 && first.found == 0)
    #expect(try Self.clips(first) == expected && first.decodes == 6 && first.bytes == 0)
    let second = cache(store())
    #expect(try Self.clips(second) == expected && second.decodes == 0 && second.found == 6)
    #expect(try second.video(2).pixels == cache(nil).video(2).pixels)
    #expect(try entries().count == 6 && warnings.all.isEmpty)
    let other = FrameCache(manifest: manifest, shortSide: 48, byteLimit: 0, store: store())
    #expect(try other.frames(0, ClipWindow(start: 0, frames: 1, stride: 1)).size.height == 48)
    #expect(other.decodes == 1)
  }

  @Test(
    "serves ranks and lanes that fill one folder at the same time", .timeLimit(.minutes(10)),
    arguments: 1...7)
  func ranks(_ ranks: Int) throws {
    let expected = try Self.clips(cache(nil))
    let caches = (0..<ranks).map { _ in cache(store()) }
    let wrong = Mutex(0)
    try LanePool(count: ranks).run { rank in
      if try Self.clips(caches[rank], lanes: 1 + rank % 2) != expected {
        wrong.withLock { $0 += 1 }
      }
    }
    #expect(wrong.withLock { $0 } == 0 && warnings.all.isEmpty)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(names.count == 7 && names.contains("ledger"), "\(names)")
    let ledger = try StoreLedger(locking: folder)
    let sizes = try entries().map { try FileStatus(of: $0).size }
    #expect(ledger.bytes == sizes.reduce(0, +))
  }

  @Test("decodes again what has changed")
  func changes() throws {
    let file = scratch.path("video.mp4")
    let files = FileManager.default
    try files.copyItem(atPath: manifest.samples[0].path, toPath: file)
    let one = Manifest(samples: [Sample(id: "video", path: file)], seed: 1)
    let before = try Self.clips(cache(store(), of: one))
    try files.removeItem(atPath: file)
    try files.copyItem(atPath: manifest.samples[1].path, toPath: file)
    let again = cache(store(), of: one)
    let after = try Self.clips(again)
    #expect(after != before && again.decodes == 1)
    #expect(try after == Self.clips(cache(nil, of: one)))
    try files.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: file)
    let touched = cache(store(), of: one)
    #expect(try Self.clips(touched) == after && touched.decodes == 1)
  }

  @Test("makes cut, damaged and foreign entries anew")
  func damage() throws {
    let expected = try Self.clips(cache(store()))
    let files = try entries()
    let whole = try Data(contentsOf: URL(fileURLWithPath: files[0]))
    func changed(_ place: Int) -> Data {
      var data = whole
      data[place] ^= 4
      return data
    }
    let bad = [
      Data(), whole.prefix(60), whole.prefix(whole.count - 1), whole + [0], changed(3),
      changed(20), changed(48), changed(72), changed(80), changed(200), changed(whole.count - 1),
      try Data(contentsOf: URL(fileURLWithPath: files[1])),
      Data(repeating: 0, count: whole.count),
    ]
    for data in bad {
      try data.write(to: URL(fileURLWithPath: files[0]))
      let cache = cache(store())
      #expect(try Self.clips(cache) == expected && cache.decodes == 1 && cache.found == 5)
      #expect(try Data(contentsOf: URL(fileURLWithPath: files[0])) == whole)
    }
    #expect(warnings.all.isEmpty)
  }

  @Test("adds nothing beyond its bound, and lets old entries go first")
  func bound() throws {
    let expected = try Self.clips(cache(nil))
    let all = store()
    _ = try Self.clips(cache(all))
    let sizes = try entries().map { try FileStatus(of: $0).size }
    try FileManager.default.removeItem(atPath: folder)
    let bytes = sizes.reduce(0, +) * 2 / 3
    let some = cache(store(bytes))
    #expect(try Self.clips(some) == expected)
    let kept = try entries()
    let held = try kept.map { try FileStatus(of: $0).size }.reduce(0, +)
    #expect(kept.count >= 2 && kept.count < 6 && held <= bytes)
    let fresh = cache(store(bytes))
    #expect(try Self.clips(fresh) == expected && fresh.found == kept.count)
    #expect(try entries() == kept)

    // Yesterday's entries make room, and whoever has them mapped still reads them.
    for file in kept {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -90_000)], ofItemAtPath: file)
    }
    let rest = Manifest(
      samples: manifest.samples.indices.filter { index in
        let sample = manifest.samples[index]
        let key = try? FrameKey(sample, status: FileStatus(of: sample.path), shortSide: 60)
        return !kept.contains { $0.contains(key?.name ?? "-") }
      }.map { manifest.samples[$0] }, seed: 1)
    let later = cache(store(bytes), of: rest)
    _ = try Self.clips(later)
    let now = try entries()
    #expect(Set(now).subtracting(kept).count == rest.samples.count)
    #expect(try now.map { try FileStatus(of: $0).size }.reduce(0, +) <= bytes)
    #expect(try Self.clips(fresh) == expected)
    #expect(warnings.all.isEmpty)
  }

  @Test("says once, with folder and number, that nothing can be written, and goes on")
  func unwritable() throws {
    let file = try scratch.write("file")
    let expected = try Self.clips(cache(nil))
    let cache = cache(store(in: file + "/cache"), bytes: 1 << 30)
    #expect(try Self.clips(cache) == expected && Self.clips(cache) == expected)
    #expect(cache.decodes == 6 && cache.bytes > 0)
    #expect(warnings.all.count == 1)
    let text = warnings.all.first ?? ""
    #expect(text.contains(file + "/cache") && text.contains("errno \(ENOTDIR)"), "\(text)")
  }

  @Test("leaves videos that cannot be decoded to those who ask")
  func bad() throws {
    let file = try scratch.write("page.mp4", "<html></html>")
    let one = Manifest(samples: [Sample(id: "page", path: file)], seed: 1)
    #expect(throws: VideoError.self) { try Self.clips(cache(store(), of: one)) }
    #expect(try entries().isEmpty && warnings.all.isEmpty)
  }

  @Test("names its folder by the environment of each node")
  func variables() throws {
    let here = ["TMPDIR": "/scratch/7", "USER": "ann", "EMPTY": ""]
    let cases = [
      ("/plain/cache", "/plain/cache"), ("$TMPDIR/cache", "/scratch/7/cache"),
      ("/x/${USER}s/$USER", "/x/anns/ann"),
    ]
    for (path, expected) in cases {
      let (result, missing) = FrameStore.expanded(path, with: here)
      #expect(result == expected && missing == nil)
    }
    for (path, name) in [("$NONE/cache", "NONE"), ("${EMPTY}/cache", "EMPTY"), ("a$", "")] {
      #expect(FrameStore.expanded(path, with: here).missing == name)
    }
    var settings = VideoSettings()
    for name in ["", "$KINDREEL_NO_SUCH_VARIABLE/cache"] {
      settings.diskCache = name
      let store = FrameStore.opened(for: settings) { [warnings] in warnings.add($0) }
      #expect(store == nil)
    }
    #expect(warnings.all.count == 1)
  }
}
