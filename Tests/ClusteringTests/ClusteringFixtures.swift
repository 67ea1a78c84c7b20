import Foundation
import Tensors

@testable import Clustering

/// What SciPy, scikit-learn and FINCH's authors say; written by the scripts in `Fixtures/clustering`.
enum ClusteringFixtures {
  struct LinkageCase: Decodable, CustomStringConvertible {
    struct Cut: Decodable {
      let rule: CutRule
      let labels: [Int32]
    }

    let name: String
    let linkage: Linkage
    let metric: Metric
    let width: Int
    let rows: [Float]
    let heights: [Double]
    /// Left and right of every merge, where SciPy's order is to be ours.
    let merges: [Int]?
    let cuts: [Cut]

    var description: String { name }
    var matrix: Matrix { Matrix(rows: rows.count / width, columns: width, values: rows) }
  }

  struct QualityCase: Decodable, CustomStringConvertible {
    let name: String
    let labels: [Int32]
    let truth: [Int32]
    let nmi: Double
    let ami: Double
    let ari: Double
    let purity: Double
    let pairPrecision: Double
    let pairRecall: Double

    var description: String { name }
  }

  struct KMeansCase: Decodable, CustomStringConvertible {
    let name: String
    let width: Int
    let rows: [Float]
    let picks: [Int]
    let labels: [Int32]
    let cohesion: Double

    var description: String { name }
    var matrix: Matrix { Matrix(rows: rows.count / width, columns: width, values: rows) }
  }

  struct FinchCase: Decodable, CustomStringConvertible {
    let name: String
    let width: Int
    let rows: [Float]
    /// Whether only the first partition is clear, the means having ties.
    let firstAlone: Bool
    let partitions: [[Int32]]
    /// Partitions of required numbers of clusters.
    let required: [[Int32]]

    var description: String { name }
    var matrix: Matrix { Matrix(rows: rows.count / width, columns: width, values: rows) }
  }

  /// Rows in double precision.
  struct DoublesCase: Decodable, CustomStringConvertible {
    struct Cut: Decodable {
      let count: Int
      let labels: [Int32]
    }

    let linkage: Linkage
    let metric: Metric
    let width: Int
    let rows: [Double]
    let heights: [Double]
    let cuts: [Cut]

    var description: String { "\(linkage), \(metric)" }
    var matrix: DoubleMatrix {
      DoubleMatrix(rows: rows.count / width, columns: width, values: rows)
    }
  }

  static func doubles() throws -> [DoublesCase] { try read("doubles.json") }

  static func linkages() throws -> [LinkageCase] { try read("linkage.json") }

  static func inversions() throws -> [LinkageCase] { try read("inversions.json") }

  static func kMeans() throws -> [KMeansCase] { try read("kmeans.json") }

  static func finch() throws -> [FinchCase] { try read("finch.json") }

  static func qualities() throws -> [QualityCase] { try read("quality.json") }

  private static func read<Case: Decodable>(_ name: String) throws -> [Case] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = tests.appendingPathComponent("Fixtures/clustering/\(name)")
    return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
  }
}
