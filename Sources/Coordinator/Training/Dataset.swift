public import Collective
public import Tensors
public import Video
internal import Worker

/// Too many files of a dataset cannot be read.
public struct DatasetError: Error, CustomStringConvertible, Sendable, RunError {
  /// What is wrong, with the names.
  public let description: String
  /// 65 for bad files, 66 where there is none of a name.
  public let code: ExitCode
}

/// The videos of a run: what there is, how clips are made from it, and what cannot be read.
public struct Dataset: Sendable {
  /// The samples, in their fixed shuffled order.
  public let manifest: Manifest
  /// Where clips come from.
  public let source: ClipSource
  /// The samples that cannot be read, with the reason.
  public private(set) var unreadable: [Int: String] = [:]

  /// Lists a dataset's split; nothing is opened yet.
  ///
  /// - Parameter byteLimit: memory for decoded videos on this rank.
  public init(
    _ directory: String, split: Manifest.Split, configuration: RunConfiguration, byteLimit: Int
  ) throws {
    let manifest = try Manifest(
      reading: directory, split: split, seed: UInt64(configuration.video.manifestSeed),
      layout: configuration.video.layout, list: configuration.video.list)
    try self.init(manifest, configuration: configuration, byteLimit: byteLimit)
  }

  /// Takes samples that are listed already.
  init(_ manifest: Manifest, configuration: RunConfiguration, byteLimit: Int) throws {
    self.manifest = manifest
    source = ClipSource(
      manifest: manifest, settings: configuration.video, augmentation: configuration.augmentation,
      views: try configuration.viewRecipes(), byteLimit: byteLimit, seed: configuration.seed)
  }

  /// The samples that can be read.
  var readable: [Int] { manifest.samples.indices.filter { unreadable[$0] == nil } }

  /// The number of samples.
  public var count: Int { manifest.samples.count }

  /// Looks at every file once, each on one rank, and tells all ranks which cannot be read: decodes it,
  /// unless the manifest is a scan's and the file has not changed since.
  ///
  /// - Throws: `DatasetError` (65) when more than `badShare` of them cannot.
  public mutating func scan(
    _ communicator: Communicator, lanes: LanePool, badShare: Double
  ) throws {
    let mine = RankShare.range(of: count, rank: communicator.rank, ranks: communicator.size)
    let failures = ReadFailures()
    try communicator.work {
      try lanes.forEach(mine.count) { [source] place in
        let sample = mine.lowerBound + place
        do throws(VideoError) {
          _ = try source.check(sample: sample)
        } catch {
          failures.add(sample, error.reason)
        }
      }
    }
    try exclude(try failures.gathered(communicator), badShare: badShare)
  }

  /// Takes samples for unreadable from here on; one that was so before keeps its reason.
  ///
  /// - Throws: `DatasetError` (65) when more than `badShare` of all are.
  mutating func exclude(_ failures: [Int: String], badShare: Double) throws(DatasetError) {
    unreadable.merge(failures) { first, _ in first }
    guard Double(unreadable.count) <= badShare * Double(count), unreadable.count < count else {
      throw DatasetError(
        description: "\(unreadable.count) of \(count) videos cannot be read"
          + (badShare > 0 ? ", more than the share \(badShare) that video.badShare allows" : "")
          + ":\n" + unreadableNames(limit: 20),
        code: .badData)
    }
  }

  /// One line a file that cannot be read.
  public func unreadableNames(limit: Int) -> String {
    let lines = unreadable.sorted { $0.key < $1.key }.prefix(limit).map {
      "\(manifest.samples[$0.key].id): \($0.value)"
    }
    let rest = unreadable.count - lines.count
    return (lines + (rest > 0 ? ["and \(rest) more"] : [])).joined(separator: "\n")
  }
}
