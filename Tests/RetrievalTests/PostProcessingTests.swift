import Tensors
import Testing

@testable import Retrieval

@Suite("Post-processing is what NumPy and scikit-learn make of the same rows")
struct PostProcessingTests {
  private let pool = LanePool(count: 2)
  private let fixture: RetrievalFixture

  init() throws {
    BLAS.useOneThread()
    fixture = try RetrievalFixture.load()
  }

  @Test("Centring by the gallery's mean")
  func centred() {
    let centring = Centring(fitting: fixture.galleryRows)
    let deviation = cosineDeviation(
      centring.apply(to: fixture.queryRows), centring.apply(to: fixture.galleryRows),
      from: fixture.centred)
    #expect(deviation < 1e-6)
  }

  @Test("Whitening: the cosines of PCA with a shrunken covariance, on any number of lanes")
  func whitened() {
    let whitening = Whitening(fitting: fixture.galleryRows, lanes: pool)
    let queries = whitening.apply(to: fixture.queryRows, lanes: pool)
    let deviation = cosineDeviation(
      queries, whitening.apply(to: fixture.galleryRows, lanes: pool), from: fixture.whitened)
    #expect(deviation < 1e-6)
    let alone = LanePool(count: 1)
    #expect(
      Whitening(fitting: fixture.galleryRows, lanes: alone).apply(
        to: fixture.queryRows, lanes: alone)
        == queries)
  }

  @Test("Whitening survives equal rows, fewer rows than columns, and none")
  func degenerate() {
    let equal = Matrix(rows: 3, columns: 4, values: [Float](repeating: 0.5, count: 12))
    #expect(
      Whitening(fitting: equal, lanes: pool).apply(to: equal, lanes: pool).values.allSatisfy {
        $0 == 0
      })
    let few = fixture.galleryRows.rows(0..<3)
    let white = Whitening(fitting: few, lanes: pool).apply(to: few, lanes: pool)
    #expect(white.values.allSatisfy { $0.isFinite })
    let none = Matrix(rows: 0, columns: 4)
    #expect(Whitening(fitting: none, lanes: pool).apply(to: none, lanes: pool).rows == 0)
  }

  @Test("A Cholesky factor times its transpose is the matrix")
  func cholesky() {
    let matrix: [Double] = [4, 0, 0, 2, 5, 0, -2, 1, 6]
    let factor = CholeskyFactor(of: matrix, width: 3)
    // L·z = x and x·A⁻¹·x = z·z, with A·(1, 2, 3) = (2, 15, 18).
    let z = factor.solve([2, 15, 18])
    #expect(abs(z.reduce(0) { $0 + $1 * $1 } - (2 + 30 + 54)) < 1e-12)
  }

  @Test("Average query expansion")
  func expanded() {
    let queries = QueryExpansion.expand(fixture.queryRows, in: fixture.galleryRows, lanes: pool)
    #expect(cosineDeviation(queries, fixture.galleryRows, from: fixture.expanded) < 1e-6)
    let none = Matrix(rows: 0, columns: fixture.width)
    let alone = QueryExpansion.expand(fixture.queryRows, in: none, lanes: pool)
    #expect(zip(alone.values, fixture.queries).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("k-reciprocal re-ranking: the distances of the paper's full matrices")
  func reranked() {
    let (queries, gallery) = (fixture.queryRows, fixture.galleryRows)
    for expected in fixture.reranked {
      var parameters = ReciprocalReranking.Parameters()
      (parameters.k1, parameters.k2, parameters.lambda) = (
        expected.k1, expected.k2, expected.lambda
      )
      let reranking = ReciprocalReranking(
        queries: queries, gallery: gallery, parameters: parameters, lanes: pool)
      for query in 0..<queries.rows {
        var scores = (0..<gallery.rows).map {
          DoubleRow(queries, row: query).product(DoubleRow(gallery, row: $0))
        }
        reranking.rescore(&scores, of: query)
        for row in 0..<gallery.rows {
          let distance = expected.distances[query * gallery.rows + row]
          #expect(abs(-scores[row] - distance) < 1e-6, "k1 \(expected.k1), \(query) to \(row)")
        }
      }
    }
  }

  @Test("Re-ranking finds copies first, and survives equal rows and a gallery smaller than k1")
  func rerankedDegenerate() {
    let gallery = fixture.galleryRows.rows(0..<5)
    let reranking = ReciprocalReranking(queries: gallery, gallery: gallery, lanes: pool)
    for query in 0..<5 {
      var scores = (0..<5).map {
        DoubleRow(gallery, row: query).product(DoubleRow(gallery, row: $0))
      }
      reranking.rescore(&scores, of: query)
      #expect(WholeRanking.order(scores).first == query)
    }
    let equal = Matrix(rows: 4, columns: 2, values: [1, 0, 1, 0, 1, 0, 1, 0])
    let same = ReciprocalReranking(queries: equal, gallery: equal, lanes: pool)
    var scores = [1.0, 1, 1, 1]
    same.rescore(&scores, of: 0)
    #expect(scores.allSatisfy { $0.isFinite && $0 == scores[0] })
  }
}
