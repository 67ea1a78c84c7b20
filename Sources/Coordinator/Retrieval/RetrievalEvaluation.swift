internal import Collective
internal import Retrieval
internal import Tensors
public import Video
public import Worker

/// What a user asks of an evaluation.
public struct EvaluationRequest: Sendable {
  /// The dataset's directory.
  public var data: String
  /// How videos become rows.
  public var retrievalProtocol = RetrievalProtocol.kindreel
  /// The clips of a video; nil for the protocol's.
  public var clips: Int?
  /// What is compared, in place of the run's `evaluation.feature`; for kindreel's own protocol alone.
  public var feature: Feature?
  /// What the clips show, in place of the run's `evaluation.shows`; empty for the run's.
  public var shows: [ViewRecipe.Content] = []
  /// The queries: the test list, or held-out groups of the training list.
  public var split = EvaluationReport.Queries.test
  /// The further columns.
  public var post: [PostProcessing] = []
  /// Whether a linear classifier is fitted.
  public var probes = false

  /// Asks for kindreel's own protocol on the test list.
  public init(data: String) { self.data = data }
}

/// k-nearest-neighbour retrieval by cosine.
///
/// Every query counts; one that cannot be read is missed.
public struct RetrievalEvaluation {
  private let session: EncoderSession
  private let request: EvaluationRequest

  /// Prepares an evaluation with a loaded encoder.
  public init(_ session: EncoderSession, _ request: EvaluationRequest) {
    self.session = session
    self.request = request
  }

  /// Embeds on all ranks, and compares on rank 0; every rank gets the report.
  ///
  /// - Throws: where a split is missing or too much of it cannot be read.
  public func run() throws -> EvaluationReport {
    var settings = session.configuration.evaluation
    if let feature = request.feature { settings.feature = feature }
    if !request.shows.isEmpty {
      settings.shows = request.shows
      var asked = session.configuration
      asked.evaluation = settings
      try asked.validate()
    }
    let recipe = request.retrievalProtocol.recipe(clips: request.clips, settings: settings)
    let sides: Sides
    switch request.split {
    case .test:
      let gallery = try session.embed(request.data, split: .train, recipe: recipe)
      let queries = try session.embed(request.data, split: .test, recipe: recipe)
      sides = Sides(gallery: gallery, queries: queries)
    case .heldOut:
      sides = try Sides(
        holdingOut: session.embed(request.data, split: .train, recipe: recipe), of: request.data)
    }
    return try session.communicator.decide(gathering: [UInt8]()) { _ in
      try report(sides, recipe: recipe)
    }
  }

  private func report(_ sides: Sides, recipe: EmbeddingRecipe) throws -> EvaluationReport {
    let (truth, lanes) = (sides.truth, session.lanes)
    guard !truth.names.isEmpty else {
      throw DatasetError(
        description: "\(request.data): no video lies in a class folder, so there is nothing to "
          + "measure by",
        code: .badData)
    }
    let centres = request.retrievalProtocol.centresEachSet
    func plain(_ rows: Matrix) -> Matrix {
      centres ? Centring(fitting: rows).apply(to: rows) : rows.unitRows()
    }
    let (gallery, queries) = (plain(sides.gallery.rows), plain(sides.queries.rows))
    func figures(_ kind: PostProcessing) -> RetrievalFigures {
      switch kind {
      case .centred:
        let centring = Centring(fitting: sides.gallery.rows)
        return RetrievalFigures(
          queries: centring.apply(to: sides.queries.rows),
          gallery: centring.apply(to: sides.gallery.rows), truth: truth, lanes: lanes)
      case .whitened:
        let whitening = Whitening(fitting: sides.gallery.rows, lanes: lanes)
        return RetrievalFigures(
          queries: whitening.apply(to: sides.queries.rows, lanes: lanes),
          gallery: whitening.apply(to: sides.gallery.rows, lanes: lanes), truth: truth, lanes: lanes
        )
      case .expanded:
        return RetrievalFigures(
          queries: QueryExpansion.expand(queries, in: gallery, lanes: lanes), gallery: gallery,
          truth: truth, lanes: lanes)
      case .reranked:
        return RetrievalFigures(
          queries: queries, gallery: gallery, truth: truth,
          reranking: ReciprocalReranking(queries: queries, gallery: gallery, lanes: lanes),
          lanes: lanes)
      }
    }
    let post = Set(request.post).map { ($0.rawValue, figures($0)) }
    return EvaluationReport(
      retrievalProtocol: request.retrievalProtocol, split: request.split,
      queries: truth.queryClasses.count + truth.missedClasses.count, gallery: gallery.rows,
      classes: truth.names.count, clips: recipe.clips, feature: recipe.feature.rawValue,
      shows: recipe.shows, width: gallery.columns, unreadable: truth.missedClasses.count,
      unreadableGallery: sides.unreadableGallery,
      figures: RetrievalFigures(queries: queries, gallery: gallery, truth: truth, lanes: lanes),
      post: Dictionary(uniqueKeysWithValues: post),
      probe: request.probes ? try probe(queries, gallery, sides) : nil)
  }

  private func probe(
    _ queries: Matrix, _ gallery: Matrix, _ sides: Sides
  ) throws -> ProbeFigures {
    let held = HeldOutGroups(ids: sides.gallery.ids) { sides.groups[$0] }
    let marks = sides.gallery.ids.map(held.contains)
    guard marks.contains(true), marks.contains(false) else {
      throw DatasetError(
        description:
          "\(request.data): the penalty of the probe is chosen on held-out groups of the "
          + "training videos, and no class folder has two groups",
        code: .badData)
    }
    return LinearProbe(gallery, truth: sides.truth, lanes: session.lanes)
      .evaluate(queries, isHeldOut: marks)
  }
}

/// Queries and gallery of an evaluation.
private struct Sides {
  let gallery: EmbeddingTable
  let queries: EmbeddingTable
  let unreadableGallery: Int
  let groups: [String: String]
  let truth: RetrievalTruth

  init(gallery: EmbeddedVideos, queries: EmbeddedVideos) {
    self.init(
      gallery: gallery.table, queries: queries.table, missed: queries.unreadable.keys.sorted(),
      unreadableGallery: gallery.unreadable.count,
      groups: gallery.groups.merging(queries.groups) { first, _ in first })
  }

  /// Makes queries of a fifth of the groups.
  init(holdingOut all: EmbeddedVideos, of directory: String) throws {
    let held = HeldOutGroups(ids: all.table.ids + all.unreadable.keys) { all.groups[$0] }
    func part(_ isHeld: Bool) -> EmbeddingTable {
      let rows = all.table.ids.indices.filter { held.contains(all.table.ids[$0]) == isHeld }
      return EmbeddingTable(ids: rows.map { all.table.ids[$0] }, rows: all.table.rows.rows(rows))
    }
    let missed = all.unreadable.keys.filter(held.contains).sorted()
    self.init(
      gallery: part(false), queries: part(true), missed: missed,
      unreadableGallery: all.unreadable.count - missed.count, groups: all.groups)
    guard queries.ids.count + missed.count > 0 else {
      throw DatasetError(
        description: "\(directory): nothing can be held out, for no class folder has two groups",
        code: .badData)
    }
  }

  private init(
    gallery: EmbeddingTable, queries: EmbeddingTable, missed: [String], unreadableGallery: Int,
    groups: [String: String]
  ) {
    self.gallery = gallery
    self.queries = queries
    self.unreadableGallery = unreadableGallery
    self.groups = groups
    truth = RetrievalTruth(queryIDs: queries.ids, galleryIDs: gallery.ids, missed: missed) {
      groups[$0]
    }
  }
}
