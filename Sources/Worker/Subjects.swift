internal import Model
internal import Tensors

extension View.Subject {
  /// The sample that a view shows in each row of a batch.
  ///
  /// A cluster mate is drawn from a stream of its own, every other member of the fine cluster being
  /// equally likely; a sample without mates shows itself. Its file may be another rank's, too, so a
  /// video can be decoded by several ranks.
  func samples(
    for batch: [Int], labels: PseudoLabels, seed: UInt64, epoch: Int
  ) -> [Int] {
    guard case .mate(let ownShare) = self else { return batch }
    return batch.map { sample in
      var random = RandomStream(seed: seed, purpose: .mates, epoch: epoch, sample: sample)
      let label = labels.fine[sample]
      if random.chance(Float(ownShare)) || label < 0 { return sample }
      let mates = labels.fine.indices.filter { labels.fine[$0] == label && $0 != sample }
      return mates.isEmpty ? sample : mates[random.integer(below: mates.count)]
    }
  }
}
