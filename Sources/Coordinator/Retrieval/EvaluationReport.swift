public import Retrieval
public import Video

/// What happens to rows between embedding and comparing.
///
/// It has columns of its own and is never mixed with the plain figures; everything is fitted on the
/// gallery alone, and only `reranked`, which fits nothing, looks at other queries.
public enum PostProcessing: String, Codable, Sendable, CaseIterable {
  /// The gallery's mean is subtracted from gallery and queries.
  case centred
  /// The same, and the shrunken covariance of the gallery becomes the identity.
  case whitened
  /// A query becomes the mean of itself and its five nearest gallery rows.
  case expanded
  /// k-reciprocal re-ranking with k1 = 20, k2 = 6, λ = 0.3.
  case reranked
}

/// What `kindreel evaluate` prints: how well queries find their class in the gallery.
///
/// The figures of the plain ranking stand at the top level of its JSON.
public struct EvaluationReport: Codable, Sendable, Equatable {
  /// What the queries are.
  public enum Queries: String, Codable, Sendable {
    /// The test list; the gallery is the training list.
    case test
    /// Held-out groups of the training list; the gallery is the rest of it.
    case heldOut = "held-out"
  }

  /// How videos became rows.
  public var retrievalProtocol: RetrievalProtocol
  /// What the queries are.
  public var split: Queries
  /// The number of queries; every one counts.
  public var queries: Int
  /// The number of gallery videos.
  public var gallery: Int
  /// The number of classes among them.
  public var classes: Int
  /// The clips of a video.
  public var clips: Int
  /// What was compared.
  public var feature: String
  /// What the clips showed; of several, the rows stood side by side.
  public var shows: [ViewRecipe.Content]
  /// The numbers of a row.
  public var width: Int
  /// Queries that cannot be read; they count as misses.
  public var unreadable: Int
  /// Gallery videos that cannot be read; they are not there.
  public var unreadableGallery: Int
  /// The figures of the plain ranking.
  public var figures: RetrievalFigures
  /// The figures after each kind of post-processing that was asked for, by its name.
  public var post: [String: RetrievalFigures]
  /// The linear probe, if it was asked for.
  public var probe: ProbeFigures?

  private enum CodingKeys: String, CodingKey {
    case retrievalProtocol = "protocol"
    case split, queries, gallery, classes, clips, feature, shows, width, unreadable
    case unreadableGallery = "unreadable_gallery"
    case interval, post, probe
  }
}

extension EvaluationReport {
  /// Writes the plain figures and the rest side by side, with R@1's interval as `interval`.
  public func encode(to encoder: any Encoder) throws {
    try figures.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(retrievalProtocol, forKey: .retrievalProtocol)
    try container.encode(split, forKey: .split)
    try container.encode(queries, forKey: .queries)
    try container.encode(gallery, forKey: .gallery)
    try container.encode(classes, forKey: .classes)
    try container.encode(clips, forKey: .clips)
    try container.encode(feature, forKey: .feature)
    try container.encode(shows, forKey: .shows)
    try container.encode(width, forKey: .width)
    try container.encode(unreadable, forKey: .unreadable)
    try container.encode(unreadableGallery, forKey: .unreadableGallery)
    try container.encode(figures.intervals["1"], forKey: .interval)
    if !post.isEmpty { try container.encode(post, forKey: .post) }
    try container.encodeIfPresent(probe, forKey: .probe)
  }

  /// Reads what `encode` wrote.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      retrievalProtocol: try container.decode(RetrievalProtocol.self, forKey: .retrievalProtocol),
      split: try container.decode(Queries.self, forKey: .split),
      queries: try container.decode(Int.self, forKey: .queries),
      gallery: try container.decode(Int.self, forKey: .gallery),
      classes: try container.decode(Int.self, forKey: .classes),
      clips: try container.decode(Int.self, forKey: .clips),
      feature: try container.decode(String.self, forKey: .feature),
      shows: try container.decodeIfPresent([ViewRecipe.Content].self, forKey: .shows) ?? [.rgb],
      width: try container.decode(Int.self, forKey: .width),
      unreadable: try container.decode(Int.self, forKey: .unreadable),
      unreadableGallery: try container.decode(Int.self, forKey: .unreadableGallery),
      figures: try RetrievalFigures(from: decoder),
      post: try container.decodeIfPresent([String: RetrievalFigures].self, forKey: .post) ?? [:],
      probe: try container.decodeIfPresent(ProbeFigures.self, forKey: .probe))
  }
}
