import Tensors
import Testing

@testable import Clustering

@Suite("FINCH is the paper's")
struct FinchTests {
  init() { BLAS.useOneThread() }

  @Test(
    "All partitions are those of the authors' package", arguments: try ClusteringFixtures.finch())
  func authors(_ known: ClusteringFixtures.FinchCase) throws {
    let found = try Finch(of: known.matrix, lanes: LanePool(count: 2)).partitions.map(\.labels)
    #expect(known.firstAlone ? [found[0]] == known.partitions : found == known.partitions)
  }

  @Test(
    "Partitions of a required number of clusters are those of the authors' package",
    arguments: try ClusteringFixtures.finch())
  func required(_ known: ClusteringFixtures.FinchCase) throws {
    let finch = try Finch(of: known.matrix, lanes: LanePool(count: 2))
    for labels in known.required {
      let count = Int(labels.max() ?? -1) + 1
      let found = finch.levels(of: known.matrix, fine: count, coarse: max(count / 2, 1))
      #expect(found.fine.labels == labels)
      #expect(found.coarse.clusterCount == max(count / 2, 1) && found.coarse.contains(found.fine))
    }
    let first = finch.partitions[0]
    #expect(finch.levels(of: known.matrix, fine: 10_000, coarse: 10_000).fine == first)
  }

  @Test("Random rows give the partitions of the definition", arguments: 0..<10)
  func definition(_ seed: UInt64) throws {
    let (count, width) = (Int(seed) * 37 + 3, Int(seed) % 5 + 4)
    let rows =
      seed.isMultiple(of: 2)
      ? RandomRows.scattered(count, width, seed: seed)
      : RandomRows.clustered(count, width, centres: 8, spread: 0.3, seed: seed)
    let finch = try Finch(of: rows, lanes: LanePool(count: 2))
    #expect(finch.partitions == NaiveFinch.partitions(rows))
  }

  @Test("Partitions are nested, and each has at most half the clusters of the one before")
  func nested() throws {
    let rows = RandomRows.clustered(1500, 16, centres: 40, spread: 0.5, seed: 2)
    let seen = Seen()
    let one = try Finch(of: rows, lanes: LanePool(count: 1)) { seen.note($0) }
    #expect(seen.counts == one.partitions.map(\.clusterCount))
    #expect(one.partitions.count >= 3)
    #expect(one.partitions[0].clusterCount <= 750)
    for (fine, coarse) in zip(one.partitions, one.partitions.dropFirst()) {
      #expect(coarse.contains(fine))
      #expect(coarse.clusterCount <= fine.clusterCount / 2)
    }
    #expect(try Finch(of: rows, lanes: LanePool(count: 3)) == one)
    let levels = one.levels(fine: 0, coarse: 99)
    #expect(levels.fine == one.partitions.first && levels.coarse == one.partitions.last)
  }

  @Test("Permuted rows give the permuted partitions")
  func permutation() throws {
    let rows = RandomRows.clustered(300, 8, centres: 12, spread: 0.4, seed: 6)
    var random = RandomStream(seed: 6, purpose: .test, sample: 2)
    let order = random.permutation(of: rows.rows)
    let pool = LanePool(count: 1)
    let plain = try Finch(of: rows, lanes: pool).partitions
    let permuted = try Finch(of: rows.rows(order), lanes: pool).partitions
    #expect(
      permuted == plain.map { known in Partition(numbering: order.map { known.labels[$0] }) })
  }

  @Test("Copies are each other's first neighbours")
  func copies() throws {
    let rows = Matrix(rows: 5, columns: 2, values: [1, 0, 1, 0, 1, 0.1, 0, 1, 0.1, 1])
    let found = try FirstNeighbors(
      of: RowSpace(rows, metric: .cosine), lanes: LanePool(count: 1))
    #expect(found.neighbors == [1, 0, 0, 4, 3])
    #expect(found.components.labels == [0, 0, 0, 1, 1])
    let equal = Matrix(rows: 700, columns: 3, repeating: 2)
    let finch = try Finch(of: equal, lanes: LanePool(count: 2))
    #expect(finch.partitions.map(\.clusterCount) == [1])
  }

  @Test("Few rows, rows that cancel out, and rows without a direction have defined results")
  func degenerate() throws {
    let pool = LanePool(count: 1)
    func counts(_ rows: Matrix) throws -> [Int] {
      try Finch(of: rows, lanes: pool).partitions.map(\.clusterCount)
    }
    #expect(try counts(Matrix(rows: 0, columns: 3)) == [0])
    #expect(try counts(Matrix(rows: 1, columns: 3, repeating: 1)) == [1])
    #expect(try counts(Matrix(rows: 2, columns: 1, values: [1, -1])) == [1])
    #expect(throws: ClusteringError(fault: .zero, rows: [1], count: 3)) {
      try counts(Matrix(rows: 3, columns: 1, values: [1, 0, 2]))
    }
  }
}

/// FINCH as the paper has it, on a whole matrix of cosines in double precision.
enum NaiveFinch {
  static func partitions(_ rows: Matrix) -> [Partition] {
    let data = (0..<rows.rows).map { rows.row($0).map(Double.init) }
    var current = step(data)
    var partitions = [current]
    while current.clusterCount > 1 {
      let means = (0..<Int32(current.clusterCount)).map { cluster in
        let members = data.indices.filter { current.labels[$0] == cluster }
        return (0..<rows.columns).map { column in
          members.reduce(0) { $0 + data[$1][column] } / Double(members.count)
        }
      }
      let joined = step(means)
      if joined.clusterCount == 1 { break }
      current = Partition(numbering: current.labels.map { joined.labels[Int($0)] })
      partitions.append(current)
    }
    return partitions
  }

  /// Equation 1, and its connected components by spreading the lowest number.
  private static func step(_ data: [[Double]]) -> Partition {
    let first = data.indices.map { row in
      data.indices.filter { $0 != row }.max {
        cosine(data[row], data[$0]) < cosine(data[row], data[$1])
      }
        ?? row
    }
    var numbers = Array(data.indices)
    var changed = true
    while changed {
      changed = false
      for one in data.indices {
        for other in data.indices
        where first[one] == other || first[other] == one || first[one] == first[other] {
          let lowest = min(numbers[one], numbers[other])
          if numbers[one] != lowest || numbers[other] != lowest { changed = true }
          (numbers[one], numbers[other]) = (lowest, lowest)
        }
      }
    }
    return Partition(numbering: numbers)
  }

  private static func cosine(_ one: [Double], _ other: [Double]) -> Double {
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    return dot(one, other) / (dot(one, one) * dot(other, other)).squareRoot()
  }
}
