import Clustering
import Collective
import Foundation
import Tensors
import Testing
import Video
import Worker

@testable import Coordinator

@Suite struct RelabellingTests {
  init() { BLAS.useOneThread() }

  /// Two clips of each of `groups` source videos, three of them a class, all near their class.
  private static func dataset(groups: Int) -> (manifest: Manifest, rows: Matrix) {
    let samples = (0..<groups * 2).map { clip in
      let (group, name) = (clip / 2, "Class\(clip / 6)")
      let number = group < 10 ? "0\(group)" : "\(group)"
      return Sample(
        id: "\(name)/v_\(name)_g\(number)_c0\(clip % 2 + 1).avi", path: "",
        group: "\(name)/g\(number)")
    }
    let manifest = Manifest(samples: samples, seed: 1)
    var random = RandomStream(seed: 3, purpose: .test)
    let classes = random.normals(groups * 16)
    let footage = random.normals(groups * 16, deviation: 0.3)
    var rows = Matrix(rows: samples.count, columns: 16, values: random.normals(groups * 32))
    for (place, sample) in manifest.samples.enumerated() {
      let clip = samples.firstIndex(of: sample) ?? 0
      for column in 0..<16 {
        rows[place, column] =
          classes[clip / 6 * 16 + column] + footage[clip / 2 * 16 + column]
          + 0.1 * rows[place, column]
      }
    }
    return (manifest, rows)
  }

  private static func settings(
    _ method: LabellingMethod, _ change: (inout LabelSettings) -> Void = { _ in }
  ) -> LabelSettings {
    var settings = LabelSettings()
    settings.method = method
    settings.fine = .count(12)
    settings.coarse = .count(4)
    settings.finch.coarse = 1
    change(&settings)
    return settings
  }

  /// What every rank comes to.
  private static func outcomes(
    of rows: Matrix, _ settings: LabelSettings, seed: UInt64 = 5, epoch: Int = 2, ranks: Int = 1,
    lanes: Int = 1, unreadable: Set<Int> = []
  ) throws -> [Relabelling.Outcome] {
    try Launch.simulated(ranks: ranks, deadline: .seconds(60)) { communicator in
      let relabelling = Relabelling(
        settings: settings, seed: seed, epoch: epoch, lanes: LanePool(count: lanes),
        communicator: communicator, ids: (0..<rows.rows).map { "video \($0)" })
      return try relabelling(rows, unreadable: unreadable)
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: LabellingMethod.allCases)
  func `Every method finds footage and classes, and nests them`(method: LabellingMethod) throws {
    let (manifest, rows) = Self.dataset(groups: 12)
    let outcome = try #require(
      try Self.outcomes(of: rows, Self.settings(method), lanes: 2, unreadable: [7]).first)
    let ranks = try Self.outcomes(of: rows, Self.settings(method), ranks: 3, unreadable: [7])
    #expect(ranks.count == 3)
    #expect(ranks.allSatisfy { $0.labels == outcome.labels })
    #expect(ranks.allSatisfy { $0.dendrogram == outcome.dendrogram })
    #expect((outcome.dendrogram != nil) == (method == .agglomerative))
    #expect(outcome.labels.fine[7] == -1 && outcome.labels.coarse[7] == -1)
    #expect(outcome.members.count == 23 && !outcome.members.contains(7))
    let fine = Partition(numbering: outcome.members.map { outcome.labels.fine[$0] })
    let coarse = Partition(numbering: outcome.members.map { outcome.labels.coarse[$0] })
    #expect(coarse.contains(fine))
    #expect(outcome.report.fineClusters == fine.clusterCount)
    #expect(outcome.report.coarseClusters == coarse.clusterCount)

    let report = LabelReport(manifest).describe(outcome, before: .none(24))
    #expect(report.againstClasses?.pairPrecision ?? 0 > 0.9)
    #expect(report.siblingShare ?? 0 > 0.4)
    #expect(report.ariToLast == nil)
    let again = LabelReport(manifest).describe(outcome, before: outcome.labels)
    #expect(again.ariToLast == 1)
  }

  @Test(.timeLimit(.minutes(10)))
  func `Every linkage and metric that go together give what the library gives, on any ranks`()
    throws
  {
    let rows = Self.dataset(groups: 12).rows
    for linkage in Linkage.allCases {
      for metric in Metric.allCases where linkage.isDefined(on: metric) {
        let settings = Self.settings(.agglomerative) {
          $0.linkage = linkage
          $0.metric = metric
        }
        let tree = try Dendrogram(
          of: rows, linkage: linkage, metric: metric, lanes: LanePool(count: 1))
        let levels = tree.cut(settings.cut)
        for outcomes in [
          try Self.outcomes(of: rows, settings, lanes: 2),
          try Self.outcomes(of: rows, settings, ranks: 3),
        ] {
          #expect(outcomes[0].dendrogram == tree, "\(linkage) on \(metric)")
          for outcome in outcomes {
            #expect(outcome.labels.fine == levels.fine.labels, "\(linkage) on \(metric)")
            #expect(outcome.labels.coarse == levels.coarse.labels, "\(linkage) on \(metric)")
          }
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: [Linkage.complete, .average])
  func `Rank 0 clusters for longer than any deadline, reports, and nobody gives up`(
    linkage: Linkage
  ) throws {
    final class Reports: @unchecked Sendable {
      // Only rank 0's thread, which computes alone, writes it; it is read after the launch.
      var counts: [Int] = []
    }
    let rows = Matrix(rows: 600, columns: 4, values: random(2400))
    let settings = Self.settings(.agglomerative) {
      $0.linkage = linkage
      $0.metric = .euclidean
    }
    let reports = Reports()
    let outcomes = try Launch.simulated(ranks: 3, deadline: .seconds(2)) { communicator in
      var relabelling = Relabelling(
        settings: settings, seed: 1, epoch: 0, lanes: LanePool(count: 1),
        communicator: communicator, ids: (0..<600).map { "video \($0)" })
      relabelling.progress = { progress in
        if reports.counts.isEmpty { Thread.sleep(forTimeInterval: 5) }
        switch progress {
        case .joining(let left): reports.counts.append(left)
        case .comparing(let rows, _): reports.counts.append(rows)
        default: Issue.record("\(progress) of \(linkage) linkage")
        }
      }
      return try relabelling(rows, unreadable: [])
    }
    #expect(reports.counts.count > 0 && reports.counts == reports.counts.sorted(by: >))
    #expect(outcomes.allSatisfy { $0.labels == outcomes[0].labels })
  }

  @Test func `Distances that would not fit are refused with the numbers and the key`() throws {
    let settings = Self.settings(.agglomerative) { $0.linkage = .complete }
    try settings.checkMemory(samples: 1000, limit: 4 << 20)
    let error = #expect(throws: ConfigurationError.self) {
      try settings.checkMemory(samples: 100_000, limit: 4 << 20)
    }
    let words = "labels.linkage: complete on cosine distance: the distances of all pairs of 100000 "
    #expect(error?.description.hasPrefix(words + "rows take 38146 MB, and there are 4 MB") == true)
    let single = Self.settings(.agglomerative) { $0.linkage = .single }
    try single.checkMemory(samples: 100_000, limit: 0)
    try Self.settings(.finch).checkMemory(samples: 100_000, limit: 0)
  }

  @Test func `The draws of k-means follow the seed and the epoch`() throws {
    let rows = Matrix(rows: 90, columns: 5, values: random(450))
    func labels(seed: UInt64, epoch: Int, lanes: Int) throws -> PseudoLabels {
      let outcomes = try Self.outcomes(
        of: rows, Self.settings(.kmeans), seed: seed, epoch: epoch, lanes: lanes)
      return try #require(outcomes.first).labels
    }
    let one = try labels(seed: 1, epoch: 1, lanes: 1)
    #expect(try labels(seed: 1, epoch: 1, lanes: 3) == one)
    #expect(try labels(seed: 2, epoch: 1, lanes: 1) != one)
    #expect(try labels(seed: 1, epoch: 2, lanes: 1) != one)
  }

  @Test(.timeLimit(.minutes(10)), arguments: LabellingMethod.allCases)
  func `Samples that cannot be clustered are named by id on every rank`(
    method: LabellingMethod
  ) throws {
    var rows = Matrix(rows: 30, columns: 5, values: random(150))
    // Samples 1 and 4 are left out, so this is row 5 of those that are clustered.
    rows[7, 3] = .nan
    let words = "1 of 28 rows have NaN or infinite elements: video 7"
    let failures = try Launch.simulated(ranks: 2, deadline: .seconds(60)) { [rows] communicator in
      let relabelling = Relabelling(
        settings: Self.settings(method), seed: 5, epoch: 2, lanes: LanePool(count: 1),
        communicator: communicator, ids: (0..<30).map { "video \($0)" })
      do {
        _ = try relabelling(rows, unreadable: [1, 4])
        return "none"
      } catch {
        return "\(error)"
      }
    }
    #expect(failures.count == 2)
    for failure in failures { #expect(failure.contains(words), "\(failure)") }
    let error = #expect(throws: DatasetError.self) {
      try Self.outcomes(of: rows, Self.settings(method), ranks: 2, unreadable: [1, 4])
    }
    #expect(error?.code == .badData)
  }

  @Test func `Readable videos of zeros get no label, and are known`() throws {
    var rows = Matrix(rows: 30, columns: 5, values: random(150))
    for row in [3, 4, 9] { for column in 0..<5 { rows[row, column] = 0 } }
    for outcome in try Self.outcomes(
      of: rows, Self.settings(.agglomerative), ranks: 2, unreadable: [4])
    {
      #expect(outcome.directionless == [3, 9])
      #expect([3, 4, 9].allSatisfy { outcome.labels.fine[$0] == -1 })
    }
  }

  @Test func `A cap and a policy for singletons reach the labels`() throws {
    let rows = Matrix(rows: 120, columns: 6, values: random(720))
    func sizes(_ change: (inout LabelSettings) -> Void) throws -> [Int] {
      let settings = Self.settings(.agglomerative) {
        $0.fine = .count(40)
        $0.coarse = .count(2)
        change(&$0)
      }
      let outcome = try #require(try Self.outcomes(of: rows, settings).first)
      return Partition(numbering: outcome.labels.fine).sizes
    }
    let plain = try sizes { _ in }
    let capped = try sizes { $0.largest = 3 }
    let joined = try sizes { $0.singletons = .join }
    #expect(plain.count == 40 && plain.max() ?? 0 > 3)
    #expect(capped.max() == 3)
    #expect(joined.count { $0 == 1 } < plain.count { $0 == 1 })
  }

  @Test func `The share of siblings counts pairs of positives cut from the same footage`() throws {
    let ids = ["Run/v_Run_g01_c01.avi", "Run/v_Run_g01_c02.avi", "Run/v_Run_g02_c01.avi", "x.avi"]
    let groups = ["Run/g01", "Run/g01", "Run/g02", nil]
    let manifest = Manifest(
      samples: zip(ids, groups).map { Sample(id: $0, path: "", group: $1) }, seed: 0)
    func share(_ labels: [Int32]) -> Double? {
      let partition = Partition(numbering: labels)
      let levels = TwoLevelPartition(fine: partition, coarse: partition)
      // The labels are those of the ids above, and a manifest is shuffled.
      let fine = manifest.samples.map { labels[ids.firstIndex(of: $0.id) ?? 0] }
      let outcome = Relabelling.Outcome(
        labels: PseudoLabels(fine: fine, coarse: fine), dendrogram: nil, members: [0, 1, 2, 3],
        report: ClusterReport(of: levels, seconds: 0))
      return LabelReport(manifest).describe(outcome, before: .none(4)).siblingShare
    }
    #expect(share([0, 0, 1, 1]) == 0.5)
    #expect(share([0, 0, 0, 0]) == 1.0 / 6)
    #expect(share([0, 1, 2, 3]) == nil)
  }

  @Test func `What is known is in the fields of the log, and nothing else`() throws {
    let partition = Partition(numbering: [0, 0, 1])
    var report = ClusterReport(
      of: TwoLevelPartition(fine: partition, coarse: partition), seconds: 0.5)
    #expect(report.fields.count == 5)
    #expect(report.fields["clusters"] == 2)
    report.ariToLast = 0.25
    report.siblingShare = 0.75
    report.againstClasses = PartitionQuality(of: [0, 0, 1], against: [0, 0, 1])
    #expect(report.fields["ari_to_last"] == 0.25 && report.fields["sibling_share"] == 0.75)
    for key in ["nmi", "ami", "ari", "purity", "pair_precision", "pair_recall"] {
      #expect(report.fields[key] == 1.0, "\(key)")
    }
  }

  private func random(_ count: Int) -> [Float] {
    var random = RandomStream(seed: 11, purpose: .test)
    return random.normals(count)
  }
}
