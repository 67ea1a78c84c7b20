internal import Retrieval
internal import Tensors
internal import Video
public import Worker

/// What `kindreel evaluate` prints: recall of test queries in the training gallery.
public struct EvaluationReport: Codable, Sendable, Equatable {
  /// The share of queries, in percent, that share their class with any of the k nearest.
  public var recall: [String: Double]
  /// The 95 % bootstrap interval of R@1, in percent.
  public var interval: [Double]
  /// The number of test videos; every one counts.
  public var queries: Int
  /// The number of training videos.
  public var gallery: Int
  /// The clips of a video.
  public var clips: Int
  /// What was compared.
  public var feature: String
  /// Test videos that cannot be read; they count as misses.
  public var unreadable: Int
}

/// k-nearest-neighbour retrieval by cosine: test queries against the training gallery.
///
/// The protocol of VCOP (Xu et al., CVPR 2019) with pooled or head features; every clip's row is
/// normalised before the clips of a video are averaged, and no query is dropped.
public struct RetrievalEvaluation {
  private let session: EncoderSession
  private let lanes: LanePool

  /// Prepares an evaluation with a loaded encoder.
  public init(_ session: EncoderSession, lanes: Int) {
    self.session = session
    self.lanes = LanePool(count: lanes)
  }

  /// Measures recall on a dataset that has a test split.
  public func run(
    _ directory: String, clips: Int, feature: Feature
  ) throws -> EvaluationReport {
    let gallery = try session.embed(
      directory, split: .train, clips: clips, feature: feature)
    let queries = try session.embed(
      directory, split: .test, clips: clips, feature: feature)
    let classes = TrueLabels(classFoldersOf: gallery.table.ids + queries.table.ids)
    let count = gallery.table.ids.count
    let neighbors = NearestNeighbors.search(
      50, for: queries.table.rows, in: gallery.table.rows, lanes: lanes)
    let missing = queries.unreadable.count
    // A query that cannot be read has no neighbours: it is counted, and missed.
    let report = RecallReport(
      neighbors: neighbors + Array(repeating: [], count: missing),
      queryLabels: Array(classes.classes[count...]) + Array(repeating: -1, count: missing),
      galleryLabels: Array(classes.classes[..<count]), at: [1, 5, 10, 20, 50])
    return EvaluationReport(
      recall: Dictionary(uniqueKeysWithValues: report.recall.map { ("\($0.key)", $0.value) }),
      interval: report.interval, queries: report.queries, gallery: report.gallery, clips: clips,
      feature: feature.rawValue, unreadable: missing)
  }
}
