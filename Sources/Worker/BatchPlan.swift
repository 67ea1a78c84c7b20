internal import Tensors

/// Which samples every step of an epoch trains on: a pure function of labels, seed and epoch.
///
/// The global batch of a step is planned first and then cut into microbatches, so ranks and lanes
/// cannot change it. A sample occurs at most once an epoch, with all its views in one microbatch:
/// its video is decoded by one rank. With `static` shards that is the same rank in every epoch.
public struct BatchPlan: Sendable, Equatable {
  /// The samples of every step, as places in the manifest, in microbatch order.
  public let steps: [[Int]]

  /// Plans an epoch.
  ///
  /// With labels, groups of up to `perCluster` samples of one fine cluster go into the same step, so that a
  /// query finds positives among the batch. Samples left over after the last full step rest until
  /// the next epoch, which shuffles anew.
  ///
  /// - Parameters:
  ///   - count: the samples of the manifest.
  ///   - shards: how many shards the samples are divided into, each for one microbatch of every step:
  ///     a part of the manifest, shuffled and grouped by itself. 1 shuffles all together.
  ///   - replacing: the unreadable samples; each is replaced by a readable one, the same on all ranks,
  ///     and from any shard.
  public init(
    count: Int, videosPerStep: Int, labels: PseudoLabels, perCluster: Int, shards: Int = 1,
    replacing unreadable: Set<Int>, seed: UInt64, epoch: Int
  ) {
    precondition(
      shards >= 1 && videosPerStep % shards == 0,
      "\(videosPerStep) videos a step in \(shards) shards")
    var random = RandomStream(seed: seed, purpose: .plan, epoch: epoch)
    let perShard = videosPerStep / shards
    let orders = (0..<shards).map { shard in
      let samples = RankShare.range(of: count, rank: shard, ranks: shards)
      let order = random.permutation(of: samples.count).map { samples.lowerBound + $0 }
      let groups = Self.groups(order, labels: labels, perCluster: perCluster)
      return random.permutation(of: groups.count).flatMap { groups[$0] }
    }
    steps = (0..<count / videosPerStep).map { step in
      let samples = orders.flatMap { $0[step * perShard..<(step + 1) * perShard] }
      // Within a shard's microbatch no order is better than another.
      let places = shards == 1 ? random.permutation(of: samples.count) : Array(samples.indices)
      return places.map { place in
        Self.replacement(
          for: samples[place], among: count, avoiding: unreadable, seed: seed, epoch: epoch)
      }
    }
  }

  /// The sample itself, or the readable one that stands in for it.
  public static func replacement(
    for sample: Int, among count: Int, avoiding unreadable: Set<Int>, seed: UInt64, epoch: Int
  ) -> Int {
    guard unreadable.contains(sample), unreadable.count < count else { return sample }
    var random = RandomStream(seed: seed, purpose: .replacement, epoch: epoch, sample: sample)
    while true {
      let other = random.integer(below: count)
      if !unreadable.contains(other) { return other }
    }
  }

  /// Cuts every fine cluster's samples, in the given order, into groups of at most `perCluster`.
  private static func groups(
    _ order: [Int], labels: PseudoLabels, perCluster: Int
  ) -> [[Int]] {
    var groups: [[Int]] = []
    var open: [Int32: Int] = [:]
    for sample in order {
      let label = labels.fine[sample]
      if label >= 0, let group = open[label], groups[group].count < perCluster {
        groups[group].append(sample)
      } else {
        if label >= 0 { open[label] = groups.count }
        groups.append([sample])
      }
    }
    return groups
  }
}
