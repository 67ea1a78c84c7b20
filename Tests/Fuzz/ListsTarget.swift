// `unsafe` is sound here because libFuzzer lends `count` bytes for the time of one call.
import Foundation

@testable import Video

/// A data set's folder, with a file for each kind of list, that every input fills anew.
private let folder: String = {
  let root = NSTemporaryDirectory() + "kindreel-fuzz-\(getpid())"
  for name in ["a.avi", "A/b.mp4", "A/abcdefghijk_000001_000011.mp4"] {
    let url = URL(fileURLWithPath: root + "/set/videos/" + name)
    guard
      (try? FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)) != nil,
      (try? Data([0]).write(to: url)) != nil
    else { fatalError("\(url.path) cannot be written") }
  }
  for name in ["ucf/splits", "ucf/videos", "hmdb"] {
    try? FileManager.default.createDirectory(
      atPath: root + "/" + name, withIntermediateDirectories: true)
  }
  for name in ["ucf/videos/A", "hmdb/A", "kinetics"] {
    try? FileManager.default.createSymbolicLink(
      atPath: root + "/" + name, withDestinationPath: root + "/set/videos/A")
  }
  atexit { try? FileManager.default.removeItem(atPath: folder) }
  return root
}()

/// libFuzzer's entry point: the first byte says which kind of list the others are.
@_cdecl("LLVMFuzzerTestOneInput")
public func readList(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let input = unsafe Array(UnsafeBufferPointer(start: bytes + 1, count: count - 1))
  do throws(VideoError) {
    switch unsafe bytes[0] {
    case UInt8(ascii: "t"): try readTar(input)
    case UInt8(ascii: "m"): try readManifest(input)
    case UInt8(ascii: "u"):
      write(input, "ucf/splits/trainlist01.txt")
      try readLayout("ucf", .ucf101)
    case UInt8(ascii: "h"):
      write(input, "hmdb/A_test_split1.txt")
      try readLayout("hmdb", .hmdb51)
    case UInt8(ascii: "k"):
      // Beside the table lies the folder of its videos.
      try readLayout(write(input, "kinetics.csv"), .kinetics)
    case UInt8(ascii: "l"): try readLayout(write(input, "list.txt"), .list)
    default: checkName(input)
    }
  } catch {
    precondition(error.reason.utf8.count < 8 * count + 4096)
  }
  return 0
}

@discardableResult
private func write(_ bytes: [UInt8], _ name: String) -> String {
  guard (try? Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))) != nil else {
    fatalError("\(name) cannot be written")
  }
  return name
}

private func readLayout(_ name: String, _ layout: DatasetLayout) throws(VideoError) {
  let records = try DatasetLayout.records(
    of: folder + "/" + name, layout: layout, list: 1, split: nil)
  checkTable(records)
}

private func readTar(_ bytes: [UInt8]) throws(VideoError) {
  let path = folder + "/" + write(bytes, "shard.tar")
  for member in try TarMembers(of: path).members {
    precondition(0 <= member.bytes.lowerBound && member.bytes.upperBound <= bytes.count)
  }
  checkTable(try TarShards.records(in: path))
}

private func readManifest(_ bytes: [UInt8]) throws(VideoError) {
  let path = folder + "/" + write(bytes, "manifest.tsv")
  _ = ManifestFile.salvage(path)
  guard ManifestFile.isManifest(path) else { return }
  checkTable(try ManifestFile.read(path))
}

/// What is written of records is read back the same.
private func checkTable(_ records: [VideoRecord]) {
  guard !records.isEmpty, Set(records.map(\.id)).count == records.count else { return }
  let path = folder + "/table.tsv"
  guard (try? ManifestFile.data(records, in: folder).write(to: URL(fileURLWithPath: path))) != nil
  else { fatalError("the table cannot be written") }
  guard let again = try? ManifestFile.read(path) else {
    preconditionFailure("a table of \(records) cannot be read")
  }
  precondition(again.map(\.id) == records.map(\.id) && again.map(\.path) == records.map(\.path))
  precondition(again.map(\.bytes) == records.map(\.bytes))
}

/// A name's text, and the way it is written, keep its bytes.
private func checkName(_ bytes: [UInt8]) {
  let text = FileName.text(of: bytes)
  precondition(FileName.bytes(of: text) == bytes)
  let escaped = FileName.escaped(text)
  precondition(escaped.allSatisfy { !$0.isNewline })
  precondition(FileName.unescaped(escaped).map(FileName.bytes(of:)) == bytes)
}
