import ArgumentParser
import Collective
import Coordinator
import Foundation
import Retrieval
import Tensors

/// The command `kindreel search`.
struct Search: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find the videos of a library that are most similar to given ones.",
    discussion: """
      The library is what kindreel embed wrote: X.npy, with X.ids.tsv and X.encoder.json beside it. \
      Queries are embedded as the library's videos were, by the same encoder: another one is refused, \
      because its rows would compare with nothing. The search is exact; ties go to the lower id.

        kindreel embed --run RUN --data VIDEOS --out library.npy
        kindreel search --run RUN --library library.npy clip.mp4 --top 3

        clip.mp4
           1  0.9312  Walk/v_Walk_g08_c01.avi
           2  0.9127  …

      --json prints one object:

        {"library":"library.npy","queries":[{"query":"clip.mp4","neighbors":\
      [{"id":"Walk/v_Walk_g08_c01.avi","rank":1,"similarity":0.9312},…]}],"rows":1440}
      """)

  @OptionGroup var encoder: EncoderOptions

  @Option(help: "The .npy file that kindreel embed wrote.")
  var library: String

  @Argument(help: "Video files to search by.")
  var queries: [String]

  @Option(help: "How many videos to find for each.")
  var top = 10

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var world: WorldOptions

  func validate() throws {
    if top < 1 { throw ValidationError("--top is \(top); at least 1 is needed") }
    guard library.hasSuffix(".npy") else {
      throw ValidationError("--library is '\(library)'; it must end in .npy")
    }
    guard Set(queries.map { Array($0.utf8) }).count == queries.count else {
      throw ValidationError("a query is named twice")
    }
  }

  func run() throws {
    try reportingFailure {
      let table = try Library.read(library)
      let origin = try LibraryOrigin.read(beside: library)
      let (source, named) = (try encoder.source(), try encoder.named())
      for query in queries where !FileManager.default.fileExists(atPath: query) {
        throw FileError(query, "No such file or directory", fault: .missing)
      }
      let (library, queries, world) = (library, queries, world)
      let embedded = try world.launch(deadline: encoder.deadline()) { communicator in
        let session = try EncoderSession(
          source, configuration: named, lanes: world.lanesOfRank,
          ranksOfMachine: world.ranksOfMachine, communicator: communicator)
        EncoderOptions.report(session.loaded, communicator)
        try origin.check(session, of: library)
        return try session.embed(files: queries, recipe: origin.recipe).table
      }
      guard let embedded else { return }
      guard table.rows.rows == 0 || embedded.rows.columns == table.rows.columns else {
        throw FileError(
          library,
          "has rows of \(table.rows.columns) numbers, and the encoder gives \(embedded.rows.columns)"
        )
      }
      let found = NearestNeighbors.search(
        top, for: embedded.rows, in: table.rows, lanes: LanePool(count: world.lanesOfRank))
      let results = SearchResults(
        library: library, embedded: embedded, table: table, found: found, order: queries)
      if json { try printJSON(results) } else { print(results.text) }
    }
  }
}

/// The rows of a library, sorted by id.
enum Library {
  static func read(_ npy: String) throws -> EmbeddingTable {
    let matrix = try Npy.readMatrix(npy)
    let list = IdList.path(beside: npy)
    guard FileManager.default.fileExists(atPath: list) else {
      throw FileError(list, "is missing; kindreel embed writes it beside the rows", fault: .missing)
    }
    let ids = try IdList.read(beside: npy, count: matrix.rows)
    for (row, id) in ids.enumerated() {
      guard matrix.row(row).allSatisfy(\.isFinite) else {
        throw FileError(npy, "has NaN or infinite elements in the row of \(id) (row \(row))")
      }
      guard matrix.row(row).contains(where: { $0 != 0 }) else {
        throw FileError(npy, "has only zeros in the row of \(id) (row \(row))")
      }
    }
    let order = ids.indices.sorted { ids[$0] < ids[$1] }
    return EmbeddingTable(ids: order.map { ids[$0] }, rows: matrix.rows(order).unitRows())
  }
}

/// What a search found, query by query as they were named.
struct SearchResults: Encodable {
  struct Found: Encodable {
    let rank: Int
    let similarity: Float
    let id: String
  }

  struct Query: Encodable {
    let query: String
    let neighbors: [Found]
  }

  let library: String
  let rows: Int
  let queries: [Query]

  /// - Parameters:
  ///   - embedded: the queries, in any order.
  ///   - found: their neighbours in `table`, in the order of `embedded`.
  ///   - order: the queries' names as they were given.
  init(
    library: String, embedded: EmbeddingTable, table: EmbeddingTable, found: [[Neighbor]],
    order: [String]
  ) {
    self.library = library
    rows = table.ids.count
    let byName = Dictionary(uniqueKeysWithValues: zip(embedded.ids, found))
    queries = order.map { name in
      let neighbors = (byName[name] ?? []).enumerated().map { place, neighbor in
        Found(
          rank: place + 1, similarity: neighbor.similarity, id: table.ids[neighbor.index])
      }
      return Query(query: name, neighbors: neighbors)
    }
  }

  /// A block of lines for each query.
  var text: String {
    queries.map { query in
      let lines = query.neighbors.map {
        "\($0.rank)".leftPadded(to: 4) + String(format: "  %.4f  ", $0.similarity) + $0.id
      }
      return ([query.query] + lines).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
