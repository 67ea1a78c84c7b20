// `unsafe` is sound here because every clip is written inside its own part of the lane's buffer.
public import Collective
internal import Model
public import Tensors
public import Video

/// Embeds every video of a manifest, spread over ranks and lanes.
///
/// Clips are numbered sample after sample and cut into blocks of N at fixed places, so a row's bits
/// do not depend on who computes it. A rank takes whole samples, and averages their clips before
/// anything is sent; so no rank ever holds more than some clips' rows beside one row a sample.
public struct EmbeddingPass {
  /// About as many clips are embedded before they are averaged.
  private static let clipsAtOnce = 4096

  private let replica: Replica
  private let source: ClipSource
  private let sampleCount: Int
  private let recipe: EmbeddingRecipe

  /// Plans a pass over the first `sampleCount` samples.
  public init(
    _ replica: Replica, source: ClipSource, sampleCount: Int, recipe: EmbeddingRecipe
  ) {
    self.replica = replica
    self.source = source
    self.sampleCount = sampleCount
    self.recipe = recipe
  }

  /// Plans a pass with `clips` evenly spaced, centre-cropped clips a video.
  public init(
    _ replica: Replica, source: ClipSource, sampleCount: Int, clips: Int, feature: Feature,
    shows: [ViewRecipe.Content] = [.rgb]
  ) {
    self.init(
      replica, source: source, sampleCount: sampleCount,
      recipe: EmbeddingRecipe(clips: clips, feature: feature, shows: shows))
  }

  /// The clips of a video.
  private var clips: Int { recipe.clips * recipe.view.crops.count }

  /// Embeds the whole manifest; every rank gets every row, and learns which samples cannot be read.
  ///
  /// A row is the mean of its clips' rows; both have unit length if the recipe says so, for each content that
  /// is shown. Where no clip was readable it is zeros, and the sample is among the unreadable ones.
  public func run(
    _ communicator: Communicator
  ) throws -> (rows: Matrix, unreadable: [Int: String]) {
    let failures = ReadFailures()
    let mine = try communicator.work { try share(communicator, failures) }
    let rows = try communicator.allGather(mine).joined
    return (
      Matrix(rows: sampleCount, columns: width, values: rows),
      try failures.gathered(communicator)
    )
  }

  /// The width of a row.
  private var width: Int { featureWidth * recipe.shows.count }

  /// The width of what one clip gives.
  private var featureWidth: Int { replica.weights.network.width(of: recipe.feature) }

  /// The rows of this rank's samples.
  private func share(_ communicator: Communicator, _ failures: ReadFailures) throws -> [Float] {
    let share = Share(
      of: sampleCount, clips: clips, blockClips: replica.clips, rank: communicator.rank,
      ranks: communicator.size)
    var rows: [Float] = []
    for samples in share.parts(ofClips: Self.clipsAtOnce) {
      let parts = try recipe.shows.map { try embed(samples, showing: $0, failures) }
      for sample in 0..<samples.count { for part in parts { rows += part.row(sample) } }
    }
    return rows
  }

  /// One row for each of some samples, of which the first starts a block.
  private func embed(
    _ samples: Range<Int>, showing content: ViewRecipe.Content, _ failures: ReadFailures
  ) throws -> Matrix {
    let (first, end) = (samples.lowerBound * clips, samples.upperBound * clips)
    let blockClips = replica.clips
    let blocks = first / blockClips..<(end + blockClips - 1) / blockClips
    let unreadable = ReadFailures()
    let result = try unsafe replica.embed(recipe.feature, blocks) {
      [source, recipe, clips] block, buffer in
      let elements = source.clipElements
      var window: ClipSource.DecodedWindow?
      for place in 0..<blockClips {
        let item = block * blockClips + place
        let part = unsafe UnsafeMutableBufferPointer(
          rebasing: buffer[place * elements..<(place + 1) * elements])
        guard item < end else {
          unsafe part.update(repeating: 0)
          continue
        }
        do throws(VideoError) {
          try unsafe source.evaluationClip(
            sample: item / clips, clip: item % clips, of: recipe.clips, view: recipe.view,
            showing: content, after: &window, into: part)
        } catch {
          unsafe part.update(repeating: 0)
          unreadable.add(item, error.reason)
        }
      }
    }
    let parts = result.map { recipe.normalisesClips ? $0.unitRows() : $0 }
    let width = featureWidth
    var means = Matrix(rows: samples.count, columns: width)
    let left = unreadable.mine
    for item in first..<end where left[item] == nil {
      let (block, place) = ((item - first) / blockClips, (item - first) % blockClips)
      let sample = item / clips - samples.lowerBound
      for column in 0..<width { means[sample, column] += parts[block][place, column] }
    }
    for sample in samples {
      let items = sample * clips..<(sample + 1) * clips
      let readable = items.count { left[$0] == nil }
      if readable == 0, let reason = left[items.lowerBound] { failures.add(sample, reason) }
      if recipe.normalisesClips { continue }
      let row = sample - samples.lowerBound
      for column in 0..<width { means[row, column] /= Float(max(readable, 1)) }
    }
    return recipe.normalisesClips ? means.unitRows() : means
  }

  /// The samples of one rank: whole ones whose clips fill whole blocks, but for the last block.
  struct Share {
    /// The rank's samples.
    let samples: Range<Int>
    /// So many samples fill whole blocks.
    private let unit: Int
    private let clips: Int

    /// - Parameters:
    ///   - count: the samples of all ranks.
    ///   - blockClips: the clips of a block.
    init(of count: Int, clips: Int, blockClips: Int, rank: Int, ranks: Int) {
      var (one, other) = (clips, blockClips)
      while other > 0 { (one, other) = (other, one % other) }
      let unit = blockClips / one
      let units = (count + unit - 1) / unit
      let bounds = [rank, rank + 1].map { min($0 * units / ranks * unit, count) }
      samples = bounds[0]..<bounds[1]
      self.unit = unit
      self.clips = clips
    }

    /// The samples in parts that start with a block, of about so many clips.
    func parts(ofClips limit: Int) -> [Range<Int>] {
      let step = max(limit / (unit * clips), 1) * unit
      return stride(from: samples.lowerBound, to: samples.upperBound, by: step).map {
        $0..<min($0 + step, samples.upperBound)
      }
    }
  }
}
