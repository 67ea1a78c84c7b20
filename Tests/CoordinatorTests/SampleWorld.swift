import Foundation
import Tensors
import Testing
import Video

@testable import Coordinator

/// A dataset in UCF101's layout, made of clips of the sample set, and the smoke preset.
final class SampleWorld {
  private let folder: TemporaryDirectory
  var data: String { folder.file("data") }
  let configuration: RunConfiguration

  /// The smoke preset.
  static let smoke = repository.appendingPathComponent("cluster-configs/presets/smoke.yaml")

  private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The first clips of the sample set, in the order of their names.
  static func clips(_ count: Int) throws -> [URL] {
    let videos = repository.appendingPathComponent("Samples/actions/videos")
    let files = FileManager.default
    let all = try files.contentsOfDirectory(atPath: videos.path).sorted().prefix(4).flatMap {
      name in
      let folder = videos.appendingPathComponent(name)
      return try files.contentsOfDirectory(atPath: folder.path).sorted().map {
        folder.appendingPathComponent($0)
      }
    }
    // From every class some, whatever the number.
    return (0..<count).map { all[$0 * all.count / count] }
  }

  /// - Parameters:
  ///   - train, test: the ids of the lists; a clip of the sample set stands for each, one after the
  ///     other.
  init(train: [String], test: [String]) throws {
    folder = try TemporaryDirectory()
    configuration = try RunConfiguration.load(Self.smoke.path)
    let files = FileManager.default
    let clips = try Self.clips(train.count)
    for (place, id) in (train + test).enumerated() {
      let target = URL(fileURLWithPath: data + "/videos/" + id)
      try files.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try files.copyItem(at: clips[place % clips.count], to: target)
    }
    try files.createDirectory(atPath: data + "/splits", withIntermediateDirectories: true)
    try write(train, to: "trainlist01.txt")
    if !test.isEmpty { try write(test, to: "testlist01.txt") }
  }

  private func write(_ ids: [String], to name: String) throws {
    let text = ids.map { $0 + "\n" }.joined()
    try Data(text.utf8).write(to: URL(fileURLWithPath: data + "/splits/" + name))
  }

  /// A place outside the dataset.
  func path(_ name: String) -> String { folder.file(name) }

  /// Makes a video unreadable.
  func damage(_ id: String) throws {
    try Data(repeating: 7, count: 100).write(to: URL(fileURLWithPath: data + "/videos/" + id))
  }
}
