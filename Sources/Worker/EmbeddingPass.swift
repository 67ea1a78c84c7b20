// `unsafe` is sound here because every clip is written inside its own part of the lane's buffer.
public import Collective
import Foundation
internal import Model
public import Tensors
public import Video

/// Which output of the encoder stands for a video.
public enum Feature: String, Codable, Sendable, CaseIterable {
  /// The pooled feature of the backbone, N·F.
  case pooled
  /// The output of the projection head, N·D.
  case head
}

/// Embeds every video of a manifest, spread over ranks and lanes.
///
/// Clips are numbered sample after sample and cut into blocks of N at fixed places, so a row's bits
/// do not depend on who computes it.
public struct EmbeddingPass {
  private let replica: Replica
  private let source: ClipSource
  private let sampleCount: Int
  private let clips: Int
  private let feature: Feature

  /// Plans a pass with `clips` evenly spaced, centre-cropped clips a video.
  public init(
    _ replica: Replica, source: ClipSource, sampleCount: Int, clips: Int, feature: Feature
  ) {
    self.replica = replica
    self.source = source
    self.sampleCount = sampleCount
    self.clips = clips
    self.feature = feature
  }

  /// The width of a row.
  public var width: Int {
    let network = replica.weights.network
    return feature == .pooled ? network.features : network.embeddingWidth
  }

  /// Embeds this rank's share of the blocks: the rows of its clips, in order, each of unit length.
  ///
  /// A clip that cannot be read gives a row of zeros.
  public func share(_ communicator: Communicator) throws -> [Float] {
    let items = sampleCount * clips
    let blocks = (items + replica.clips - 1) / replica.clips
    let mine =
      communicator.rank * blocks / communicator.size..<(communicator.rank + 1) * blocks
      / communicator.size
    let unreadable = Unreadable()
    let replicaClips = replica.clips
    let result = try unsafe replica.embed(mine) { [source, clips] block, buffer in
      let elements = source.clipElements
      for place in 0..<replicaClips {
        let item = block * replicaClips + place
        let part = unsafe UnsafeMutableBufferPointer(
          rebasing: buffer[place * elements..<(place + 1) * elements])
        do {
          guard item < items else {
            unsafe part.update(repeating: 0)
            continue
          }
          try unsafe source.evaluationClip(
            sample: item / clips, clip: item % clips, of: clips, into: part)
        } catch {
          unsafe part.update(repeating: 0)
          unreadable.insert(item)
        }
      }
    }
    let rows = (feature == .pooled ? result.features : result.embeddings).flatMap {
      $0.unitRows().values
    }
    let first = mine.lowerBound * replica.clips
    let count = max(0, min(items, mine.upperBound * replica.clips) - first)
    var kept = Array(rows.prefix(count * width))
    for item in unreadable.items {
      let start = (item - first) * width
      for index in start..<start + width { kept[index] = 0 }
    }
    return kept
  }

  /// One row a sample from the clips' rows: their mean, of unit length; zeros where none was readable.
  public func rows(from all: [Float]) -> Matrix {
    var means = Matrix(rows: sampleCount, columns: width)
    for sample in 0..<sampleCount {
      for clip in 0..<clips {
        let start = (sample * clips + clip) * width
        for column in 0..<width { means[sample, column] += all[start + column] }
      }
    }
    return means.unitRows()
  }

  /// Embeds the whole manifest; every rank gets every row.
  public func run(_ communicator: Communicator) throws -> Matrix {
    rows(from: try communicator.allGather(share(communicator)).joined)
  }
}

/// The clips that a pass could not read.
///
/// `@unchecked Sendable`: the set is touched under the lock alone.
private final class Unreadable: @unchecked Sendable {
  private let lock = NSLock()
  private var set: Set<Int> = []

  func insert(_ item: Int) { _ = lock.withLock { set.insert(item) } }

  var items: [Int] { lock.withLock { set.sorted() } }
}
