import Tensors

/// One video of a data set.
public struct Sample: Sendable, Equatable {
  /// The path below the videos' folder, as in "Walk/v_Walk_g08_c01.avi"; no two samples share one.
  ///
  /// It is one line of UTF-8: see `VideoRecord.id`.
  public let id: String
  /// Where the file is opened.
  public let path: String
  /// The video's bytes within the file, where it is a member of a tar file.
  public let bytes: Range<Int>?
  /// The footage that the clip was cut from, as in "Walk/g08", where the file's name tells it.
  ///
  /// Clips of one group look alike for reasons that have nothing to do with the action.
  public let group: String?
  /// What a scan found, where the manifest is a scan's.
  let scanned: Scanned?

  /// What must still be true of a file for a scan to speak of it.
  struct Scanned: Sendable, Equatable {
    var frameCount: Int
    var size: Int
    var modified: Int
  }

  /// Creates a sample.
  public init(id: String, path: String, bytes: Range<Int>? = nil, group: String? = nil) {
    self.id = id
    self.path = path
    self.bytes = bytes
    self.group = group
    scanned = nil
  }

  init(_ record: VideoRecord) {
    id = record.id
    path = record.path
    bytes = record.bytes
    group = record.group
    if let content = record.content, let size = record.size, let modified = record.modified {
      scanned = Scanned(frameCount: content.frameCount, size: size, modified: modified)
    } else {
      scanned = nil
    }
  }
}

/// The samples of a run, in an order that tells nothing about them.
///
/// There are no class labels here: they exist only in evaluation.
public struct Manifest: Sendable, Equatable {
  /// The samples; an index into this array names a sample in everything that follows.
  public let samples: [Sample]

  /// Which of a data set's lists is read.
  public enum Split: String, Sendable, CaseIterable {
    /// The training list, or everything where there are no lists.
    case train
    /// The test list.
    case test
    /// Both lists, or everything where there are none.
    case all

    func includes(_ part: VideoRecord.Part) -> Bool {
      switch self {
      case .train: part == .train || part == .whole
      case .test: part == .test
      case .all: part != .unused
      }
    }
  }

  /// Lists the videos of a data set, in any layout of `DatasetLayout`.
  ///
  /// The samples are sorted by id and then shuffled with a fixed seed, so that neither the file
  /// system nor the order of classes shows through. What a scan has quarantined is left out.
  ///
  /// - Parameters:
  ///   - path: a folder, a manifest, a tar file or a list.
  ///   - list: which of the official lists of UCF101 or HMDB51, from 1 to 3.
  /// - Throws: when the folder, the list of the split or a listed file is missing, or nothing is
  ///   found.
  public init(
    reading path: String, split: Split, seed: UInt64, layout: DatasetLayout = .auto, list: Int = 1
  ) throws(VideoError) {
    let records = try DatasetLayout.records(of: path, layout: layout, list: list, split: split)
    let usable = records.filter { $0.status != .quarantined }
    guard !usable.isEmpty else {
      throw VideoError(path: path, reason: "all \(records.count) videos are quarantined")
    }
    self.init(samples: usable.map { Sample($0) }, seed: seed)
  }

  /// Puts samples with distinct ids into their fixed order.
  public init(samples: [Sample], seed: UInt64) {
    self.samples = Manifest.ordered(samples, by: \.id, seed: seed)
  }

  /// All videos of a data set that can be used, one part after the other, each in the order in which a run
  /// of that seed keeps it.
  public static func records(
    of path: String, layout: DatasetLayout = .auto, list: Int, seed: UInt64
  ) throws(VideoError) -> [VideoRecord] {
    let records = try DatasetLayout.records(of: path, layout: layout, list: list, split: nil)
    let usable = records.filter { $0.status != .quarantined }
    return VideoRecord.Part.allCases.flatMap { part in
      ordered(usable.filter { $0.part == part }, by: \.id, seed: seed)
    }
  }

  private static func ordered<Element>(
    _ all: [Element], by id: (Element) -> String, seed: UInt64
  ) -> [Element] {
    let sorted = all.sorted { id($0) < id($1) }
    var random = RandomStream(seed: seed, purpose: .manifest)
    return random.permutation(of: sorted.count).map { sorted[$0] }
  }
}
