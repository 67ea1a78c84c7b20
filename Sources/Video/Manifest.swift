import Tensors

/// One video of a data set.
public struct Sample: Sendable, Equatable {
  /// The path below the videos' folder, as in "Walk/v_Walk_g08_c01.avi"; no two samples share one.
  public let id: String
  /// Where the file is opened.
  public let path: String
  /// The footage that the clip was cut from, as in "Walk/g08", where the file's name tells it.
  ///
  /// Clips of one group look alike for reasons that have nothing to do with the action.
  public let group: String?

  /// Creates a sample.
  public init(id: String, path: String, group: String? = nil) {
    self.id = id
    self.path = path
    self.group = group
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
    /// The list `trainlist01.txt`, or everything in a plain folder.
    case train
    /// The list `testlist01.txt`.
    case test
    /// Both lists, or everything in a plain folder.
    case all
  }

  /// Lists the videos of a folder.
  ///
  /// A folder with lists in `splits/` or `ucfTrainTestlist/` is read as UCF101 is laid out, its
  /// videos in `videos/`, in `UCF-101/` or in the folder itself; names match whatever their case.
  /// Any other folder is searched, with its subfolders, for video files; hidden files are skipped.
  ///
  /// The samples are sorted by id and then shuffled with a fixed seed, so that neither the file
  /// system nor the order of classes shows through.
  /// - Throws: when the folder, the list of the split or a listed file is missing, or nothing is
  ///   found.
  public init(reading directory: String, split: Split, seed: UInt64) throws(VideoError) {
    self.init(samples: try Layout(of: directory).samples(of: split), seed: seed)
  }

  /// Puts samples with distinct ids into their fixed order.
  public init(samples: [Sample], seed: UInt64) {
    let sorted = samples.sorted { $0.id < $1.id }
    var random = RandomStream(seed: seed, purpose: .manifest)
    self.samples = random.permutation(of: sorted.count).map { sorted[$0] }
  }
}
