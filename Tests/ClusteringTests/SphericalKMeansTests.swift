import Tensors
import Testing

@testable import Clustering

@Suite("Spherical k-means")
struct SphericalKMeansTests {
  private let pool = LanePool(count: 2)

  init() { BLAS.useOneThread() }

  private func stream(_ seed: UInt64) -> RandomStream {
    RandomStream(seed: seed, purpose: .clustering)
  }

  @Test(
    "From the same centres it ends with the reference's clusters",
    arguments: try ClusteringFixtures.kMeans())
  func reference(_ known: ClusteringFixtures.KMeansCase) throws {
    let rows = known.matrix
    let found = try SphericalKMeans(of: rows, centres: rows.rows(known.picks), lanes: pool)
    #expect(found.assignments == known.labels)
    #expect(abs(found.cohesion - known.cohesion) < 1e-6)
    #expect(found.rounds < 100)
  }

  @Test("Any number of lanes gives the same bits")
  func lanes() throws {
    let rows = RandomRows.clustered(1700, 24, centres: 30, spread: 0.8, seed: 5)
    let one = try SphericalKMeans(
      of: rows, clusters: 40, random: stream(1), lanes: LanePool(count: 1))
    #expect(one.partition.clusterCount == 40)
    for count in [2, 3] {
      let other = try SphericalKMeans(
        of: rows, clusters: 40, random: stream(1), lanes: LanePool(count: count))
      #expect(other == one)
    }
    #expect(try SphericalKMeans(of: rows, clusters: 40, random: stream(2), lanes: pool) != one)
  }

  @Test("Every round brings rows and centres closer")
  func rounds() throws {
    let rows = RandomRows.scattered(600, 8, seed: 3)
    let cohesions = try (1...12).map { rounds in
      try SphericalKMeans(
        of: rows, clusters: 15, random: stream(0), maximumRounds: rounds, lanes: pool
      ).cohesion
    }
    for (before, after) in zip(cohesions, cohesions.dropFirst()) { #expect(after > before - 1e-6) }
    #expect(cohesions[11] > cohesions[0] + 0.01)
  }

  @Test("Every centre drawn and every round is told, and rows that moved")
  func progress() throws {
    let rows = RandomRows.scattered(600, 8, seed: 3)
    let seen = Seen()
    let found = try SphericalKMeans(of: rows, clusters: 15, random: stream(0), lanes: pool) {
      seen.note($0)
    }
    let centres = (1...15).map { ClusteringProgress.seeding(centres: $0, of: 15) }
    #expect(Array(seen.all.prefix(15)) == centres)
    let rounds = seen.all.dropFirst(15)
    #expect(rounds.count == found.rounds - 1)
    #expect(rounds.last == .assigning(centres: 15, round: found.rounds, moved: 0))
    #expect(
      rounds.dropLast().allSatisfy {
        if case .assigning(15, _, let moved) = $0 { moved > 0 } else { false }
      })
  }

  @Test("Seeds are spread: separate clusters get one each, nearly always")
  func seeding() throws {
    let rows = RandomRows.clustered(400, 16, centres: 6, spread: 0.05, seed: 8)
    let truth = try Dendrogram(of: rows, lanes: pool).cut(.count(6))
    let hits = try (0..<20).count { seed in
      let found = try SphericalKMeans(
        of: rows, clusters: 6, random: stream(UInt64(seed)), lanes: pool)
      return found.partition == truth
    }
    #expect(hits >= 14)
  }

  @Test("A centre that has no rows takes one that lies far from its own")
  func empty() throws {
    let rows = Matrix(rows: 5, columns: 2, values: [1, 0, 1, 0.1, 1, 0.2, 0, 1, 0.6, 1])
    let centres = Matrix(rows: 3, columns: 2, values: [1, 0, 0, 1, -1, -1])
    let found = try SphericalKMeans(of: rows, centres: centres, lanes: pool)
    #expect(found.partition.labels == [0, 0, 0, 1, 2])
  }

  @Test("There are no more clusters than distinct rows")
  func copies() throws {
    let rows = RandomRows.scattered(5, 4, seed: 1).rows((0..<400).map { $0 % 5 })
    let found = try SphericalKMeans(of: rows, clusters: 9, random: stream(0), lanes: pool)
    #expect(found.partition == Partition(numbering: (0..<400).map { $0 % 5 }))
    let few = try SphericalKMeans(
      of: RandomRows.scattered(3, 4, seed: 1), clusters: 9, random: stream(0), lanes: pool)
    #expect(few.partition.clusterCount == 3)
  }

  @Test("Rows count by their weights")
  func weights() throws {
    let rows = Matrix(rows: 2, columns: 2, values: [1, 0, 0, 3])
    let found = try SphericalKMeans(
      of: rows, clusters: 1, weights: [3, 4], random: stream(0), lanes: pool)
    #expect(abs(found.centres.values[0] - 0.6) < 1e-6 && abs(found.centres.values[1] - 0.8) < 1e-6)
    #expect(abs(found.cohesion - (3 * 0.6 + 4 * 0.8) / 7) < 1e-6)
  }

  @Test("No rows, one row, and rows without a direction have defined results")
  func degenerate() throws {
    for count in 0...1 {
      let rows = Matrix(rows: count, columns: 3, repeating: 1)
      let found = try SphericalKMeans(of: rows, clusters: 4, random: stream(0), lanes: pool)
      #expect(found.partition.clusterCount == count)
    }
    #expect(throws: ClusteringError(fault: .notFinite, rows: [1], count: 2)) {
      try SphericalKMeans(
        of: Matrix(rows: 2, columns: 1, values: [1, .nan]), clusters: 1, random: stream(0),
        lanes: pool)
    }
  }

  @Test("Coarse clusters hold whole fine ones")
  func levels() throws {
    let rows = RandomRows.clustered(500, 10, centres: 25, spread: 0.6, seed: 4)
    let levels = try TwoLevelPartition(
      kMeansOf: rows, fine: 50, coarse: 12, random: (stream(1), stream(2)), lanes: pool)
    #expect(levels.fine.clusterCount == 50 && levels.coarse.clusterCount == 12)
    let opposite = Matrix(rows: 2, columns: 1, values: [1, -1])
    let one = try TwoLevelPartition(
      kMeansOf: opposite, fine: 1, coarse: 1, random: (stream(1), stream(2)), lanes: pool)
    #expect(one.coarse.clusterCount == 1)
  }
}
