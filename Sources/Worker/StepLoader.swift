// `unsafe` is sound here because every clip is written inside its own part of the lane's buffer.
import Foundation
internal import Model
internal import Tensors
internal import Video

/// Loads the clips of a step's microbatches, and remembers what had to be replaced.
///
/// `@unchecked Sendable`: `actual` and `failures` are touched under the lock alone.
final class StepLoader: @unchecked Sendable {
  private let source: ClipSource
  private let views: [Int]
  private let planned: [[Int]]
  private let sampleCount: Int
  private let seed: UInt64
  private let epoch: Int
  private let perMicrobatch: Int
  private let lock = NSLock()
  private var actual: [[Int]]
  private var failures: [Int: String] = [:]

  /// - Parameters:
  ///   - planned: the samples that each view shows, this rank's, microbatch after microbatch.
  ///   - perMicrobatch: the samples of a microbatch; it holds all their views, view after view.
  ///   - views: which of the objective's views are made.
  init(
    _ source: ClipSource, planned: [[Int]], perMicrobatch: Int, views: [Int], sampleCount: Int,
    seed: UInt64, epoch: Int
  ) {
    self.source = source
    self.planned = planned
    self.perMicrobatch = perMicrobatch
    self.views = views
    self.sampleCount = sampleCount
    self.seed = seed
    self.epoch = epoch
    actual = planned
  }

  /// The samples that were really loaded for each view, and those that could not be read with the
  /// reason.
  var outcome: (samples: [[Int]], failures: [Int: String]) {
    lock.withLock { (actual, failures) }
  }

  /// Writes the views of a microbatch's samples, view after view.
  ///
  /// A sample that cannot be read is replaced by another, drawn from a stream of its own: the same
  /// on any rank, and for all views.
  func load(_ microbatch: Int, into clips: UnsafeMutableBufferPointer<Float>) throws {
    let elements = source.clipElements
    for (turn, view) in views.enumerated() {
      for place in 0..<perMicrobatch {
        let start = (turn * perMicrobatch + place) * elements
        let clip = unsafe UnsafeMutableBufferPointer(rebasing: clips[start..<start + elements])
        let index = microbatch * perMicrobatch + place
        let sample = try unsafe load(planned[turn][index], view: view, into: clip)
        lock.withLock { actual[turn][index] = sample }
      }
    }
  }

  /// Writes one view of a sample, or of the one that stands in for it; returns which.
  private func load(
    _ planned: Int, view: Int, into clip: UnsafeMutableBufferPointer<Float>
  ) throws(VideoError) -> Int {
    var (sample, avoided) = (planned, Set<Int>())
    while true {
      do throws(VideoError) {
        try unsafe source.augmentedClip(sample: sample, epoch: epoch, view: view, into: clip)
        return sample
      } catch {
        lock.withLock { failures[sample] = error.description }
        avoided.insert(sample)
        if avoided.count >= min(sampleCount, 64) { throw error }
        sample = BatchPlan.replacement(
          for: sample, among: sampleCount, avoiding: avoided, seed: seed, epoch: epoch)
      }
    }
  }
}
