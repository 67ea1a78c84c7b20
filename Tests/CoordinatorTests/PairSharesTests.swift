import Clustering
import Model
import Testing
import Tensors
import Video
import Worker

@testable import Coordinator

@Suite struct PairSharesTests {
  /// Six clips of two classes, the first three of one footage.
  private static let manifest = Manifest(
    samples: [
      ("Run", "g01"), ("Run", "g01"), ("Run", "g02"), ("Walk", "g03"), ("Walk", "g03"),
      ("Walk", "g04"),
    ].enumerated().map { number, kind in
      Sample(
        id: "\(kind.0)/v_\(kind.0)_\(kind.1)_c0\(number).avi", path: "",
        group: "\(kind.0)/\(kind.1)")
    }, seed: 4)

  private static func sample(_ number: Int) -> Int {
    manifest.samples.firstIndex { $0.id.hasSuffix("c0\(number).avi") } ?? 0
  }

  @Test func `Shares of pairs are what classes and footage say`() throws {
    // Both views of SimCLR show clips 0, 2, 3: its positives are own videos, every other clip is a
    // negative, and 0 and 2 are of one class.
    var objective = SimCLR()
    let samples = [0, 2, 3].map(Self.sample)
    let unlabelled = [Int32](repeating: -1, count: 6)
    var random = RandomStream(seed: 1, purpose: .test)
    let views = (0..<2).map { _ in
      Matrix(rows: 3, columns: 4, values: Array(random.normals(12).prefix(12)))
    }
    let pairs = objective.evaluate(
      EmbeddedBatch(
        views: views, samples: [samples, samples], fine: unlabelled, coarse: unlabelled)
    ).pairs
    var shares = PairShares()
    LabelReport(Self.manifest).count(pairs, into: &shares)
    #expect(shares.ownVideos.all == 6 && shares.ownVideos.some == 6)
    #expect(shares.falsePositives.some == 0)
    #expect(shares.falseNegatives.all == 24 && shares.falseNegatives.some == 8)
    #expect(shares.siblings.all == 0)
    let names = Set(shares.shares.map(\.name))
    #expect(names == ["own_video_share", "false_positive_share", "false_negative_share"])
  }

  @Test func `Clips outside of class folders are of no class, not of one`() throws {
    let ids = ["Run/a.avi", "Run/b.avi", "Walk/c.avi", "d.avi", "e.avi"]
    let manifest = Manifest(samples: ids.map { Sample(id: $0, path: "") }, seed: 4)
    let samples = ids.map { id in manifest.samples.firstIndex { $0.id == id } ?? 0 }
    var objective = SimCLR()
    var random = RandomStream(seed: 1, purpose: .test)
    let views = (0..<2).map { _ in
      Matrix(rows: 5, columns: 4, values: Array(random.normals(20).prefix(20)))
    }
    let unlabelled = [Int32](repeating: -1, count: 5)
    let pairs = objective.evaluate(
      EmbeddedBatch(
        views: views, samples: [samples, samples], fine: unlabelled, coarse: unlabelled)
    ).pairs
    var shares = PairShares()
    LabelReport(manifest).count(pairs, into: &shares)
    // The own video's two views of the classed clips, and negatives among these alone.
    #expect(shares.falsePositives.all == 6 && shares.falsePositives.some == 0)
    #expect(shares.falseNegatives.all == 24 && shares.falseNegatives.some == 8)
  }

  @Test func `Positives of a cluster may be false, and siblings`() throws {
    // One fine cluster of clips 0, 1 (siblings) and 3 (another class).
    var fine = [Int32](repeating: -1, count: 6)
    for number in [0, 1, 3] { fine[Self.sample(number)] = 0 }
    for number in [2, 4, 5] { fine[Self.sample(number)] = Int32(number) }
    var objective = ClusterContrast(keepShare: 1, dropShare: 0)
    let samples = [0, 1, 3, 5].map(Self.sample)
    var random = RandomStream(seed: 2, purpose: .test)
    let views = (0..<2).map { _ in
      Matrix(rows: 4, columns: 4, values: Array(random.normals(16).prefix(16)))
    }
    let pairs = objective.evaluate(
      EmbeddedBatch(views: views, samples: [samples, samples], fine: fine, coarse: fine)
    ).pairs
    var shares = PairShares()
    LabelReport(Self.manifest).count(pairs, into: &shares)
    // Each of the six rows of the cluster has its other view and two rows of each of two others.
    #expect(shares.ownVideos.all == 6 * 5 + 2 && shares.ownVideos.some == 8)
    #expect(shares.falsePositives.some == 4 * 2 + 2 * 4)
    #expect(shares.siblings.all == 24 && shares.siblings.some == 8)
    // Clip 5 is of clip 3's class: two rows each, both ways; clips 0 and 1 are not.
    #expect(shares.falseNegatives.some == 2 * 2 * 2)
  }
}
