import Foundation
import Tensors

@testable import Retrieval

/// What NumPy, SciPy and scikit-learn say; written by `Fixtures/retrieval/generate.py`.
struct RetrievalFixture: Decodable {
  struct Reranked: Decodable {
    let k1: Int
    let k2: Int
    let lambda: Double
    let distances: [Double]
  }

  struct Logistic: Decodable {
    let l2: Double
    let weights: [Double]
    let intercepts: [Double]
    let logits: [Double]
  }

  let width: Int
  let queries: [Float]
  let gallery: [Float]
  let queryLabels: [Int32]
  let galleryLabels: [Int32]
  let recall: [String: Double]
  let map: Double
  let centred: [Double]
  let whitened: [Double]
  let expanded: [Double]
  let reranked: [Reranked]
  let logistic: [Logistic]

  static func load() throws -> RetrievalFixture {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Fixtures/retrieval/retrieval.json")
    return try JSONDecoder().decode(RetrievalFixture.self, from: Data(contentsOf: file))
  }

  var queryRows: Matrix {
    Matrix(rows: queries.count / width, columns: width, values: queries)
  }

  var galleryRows: Matrix {
    Matrix(rows: gallery.count / width, columns: width, values: gallery)
  }

  var truth: RetrievalTruth { .named(queryLabels, galleryLabels) }
}

extension RetrievalTruth {
  /// Truth of samples called `class 3/0.mp4` and so on, each a footage of its own.
  static func named(
    _ queries: [Int32], _ gallery: [Int32], missed: [Int32] = []
  ) -> RetrievalTruth {
    func ids(_ labels: [Int32]) -> [String] {
      labels.enumerated().map { $1 < 0 ? "\($0).mp4" : "class \($1)/\($0).mp4" }
    }
    return RetrievalTruth(
      queryIDs: ids(queries), galleryIDs: ids(gallery), missed: ids(missed)
    ) { _ in nil }
  }
}

/// The largest difference between the cosines of two sets of rows and given ones.
func cosineDeviation(_ queries: Matrix, _ gallery: Matrix, from expected: [Double]) -> Double {
  var largest = 0.0
  for query in 0..<queries.rows {
    for row in 0..<gallery.rows {
      let cosine = zip(queries.row(query), gallery.row(row)).reduce(0.0) {
        $0 + Double($1.0) * Double($1.1)
      }
      largest = max(largest, abs(cosine - expected[query * gallery.rows + row]))
    }
  }
  return largest
}
