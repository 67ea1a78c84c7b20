import Foundation
import Testing

@testable import Clustering

@Suite("Partition quality")
struct PartitionQualityTests {
  @Test("The figures are scikit-learn's", arguments: try ClusteringFixtures.qualities())
  func scikitLearn(_ known: ClusteringFixtures.QualityCase) {
    let quality = PartitionQuality(of: known.labels, against: known.truth)
    #expect(abs(quality.nmi - known.nmi) < 1e-12)
    #expect(abs(quality.ami - known.ami) < 1e-10)
    #expect(abs(quality.ari - known.ari) < 1e-12)
    #expect(abs(quality.purity - known.purity) < 1e-12)
    #expect(abs(quality.pairPrecision - known.pairPrecision) < 1e-12)
    #expect(abs(quality.pairRecall - known.pairRecall) < 1e-12)
  }

  @Test("Pairs alone tell the same ARI, precision and recall, and count")
  func pairs() throws {
    for known in try ClusteringFixtures.qualities() {
      let pairs = PairAgreement(of: known.labels, with: known.truth)
      #expect(abs(pairs.ari - known.ari) < 1e-12)
      #expect(abs(pairs.precision - known.pairPrecision) < 1e-12)
      #expect(abs(pairs.recall - known.pairRecall) < 1e-12)
    }
    let pairs = PairAgreement(of: [0, 0, 0, 1, 1], with: [7, 7, 8, 8, 8])
    #expect(pairs.pairsInClusters == 4 && pairs.pairsInClasses == 4 && pairs.pairsInBoth == 2)
  }

  @Test("Shares of the largest cluster and of lone rows")
  func shares() {
    let quality = PartitionQuality(of: [4, 4, 4, 7, 9], against: [0, 0, 1, 1, 1])
    #expect(quality.clusterCount == 3)
    #expect(quality.largestShare == 0.6)
    #expect(quality.singletonShare == 0.4)
  }

  @Test("Numbers of clusters and classes mean nothing")
  func renumbered() {
    let one = PartitionQuality(of: [0, 0, 1, 2], against: [5, 5, 6, 6])
    let other = PartitionQuality(of: [9, 9, -1, 4], against: [-1, -1, 0, 0])
    #expect(one == other)
  }

  @Test("No rows agree perfectly, and have a JSON form")
  func empty() throws {
    let quality = PartitionQuality(of: [], against: [])
    #expect(quality.nmi == 1 && quality.ami == 1 && quality.ari == 1 && quality.purity == 1)
    #expect(quality.clusterCount == 0 && quality.largestShare == 0)
    let text = try JSONEncoder().encode(quality)
    #expect(try JSONDecoder().decode(PartitionQuality.self, from: text) == quality)
  }
}
