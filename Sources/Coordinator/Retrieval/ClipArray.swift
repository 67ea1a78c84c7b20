// `unsafe` is sound here because each clip is written inside its own part of the lane's buffer.
public import Collective
internal import Model
public import Tensors
public import Worker

/// Clips that somebody else has cut and normalised: a NumPy array of float32, N×3×T×H×W.
public struct ClipArray: Sendable {
  private let path: String
  private let array: NpyArray

  /// Opens a file; any N, T, H and W will do.
  ///
  /// - Throws: `FileError`, for another type or shape.
  public init(reading path: String) throws(FileError) {
    array = try NpyArray(path)
    self.path = path
    let shape = array.shape
    guard shape.count == 5, shape[1] == 3 else {
      throw FileError(path, "has the shape \(shape); clips are N×3×T×H×W")
    }
    guard shape.allSatisfy({ $0 <= Int32.max }) else {
      throw FileError(path, "has the shape \(shape); extents up to \(Int32.max) are known")
    }
  }

  /// The number of clips, N.
  public var count: Int { array.shape[0] }
  /// The extents of a clip.
  public var extent: ClipExtent {
    ClipExtent(frames: array.shape[2], height: array.shape[3], width: array.shape[4])
  }

  /// Embeds the clips with running statistics, one row a clip as the encoder gives it, not scaled to
  /// unit length; every rank gets every row.
  ///
  /// - Throws: `FileError` for a clip that is not finite.
  public func embed(
    with loaded: LoadedEncoder, feature: Feature, lanes: LanePool, communicator: Communicator
  ) throws -> Matrix {
    try loaded.check(feature)
    let configuration = loaded.configuration
    let network = loaded.weights.network
    let clips = try blockClips(loaded, lanes: lanes.count, ranks: communicator.size)
    try loaded.checkEqual(communicator)
    let kernels = try loaded.kernels(clips: clips, communicator)
    let replica = try Replica(
      loaded.weights, precision: configuration.precision, kernels: kernels, clips: clips,
      lanes: lanes, for: .embedding)
    let blocks = (count + clips - 1) / clips
    let mine =
      communicator.rank * blocks / communicator.size..<(communicator.rank + 1) * blocks
      / communicator.size
    let result = try communicator.work {
      try unsafe replica.embed(feature, mine) { block, buffer in
        let range = block * clips..<min((block + 1) * clips, count)
        let values = try array.slices(range)
        try check(values, from: range.lowerBound)
        _ = unsafe buffer.update(fromContentsOf: values)
        unsafe buffer.extracting(values.count..<buffer.count).update(repeating: 0)
      }
    }
    let rows = result.flatMap(\.values)
    let width = network.width(of: feature)
    let all = try communicator.allGather(rows).joined
    return try Matrix(rows: count, columns: width, values: Array(all.prefix(count * width)))
      .finite("clips")
  }

  /// The clips that a lane embeds at once: a fair share of all, of those that fit in memory.
  ///
  /// A clip's row does not depend on how many others are computed with it.
  ///
  /// - Throws: `ModelError` where not even one fits.
  private func blockClips(
    _ loaded: LoadedEncoder, lanes: Int, ranks: Int
  ) throws(ModelError) -> Int {
    let configuration = loaded.configuration
    let budget = configuration.memoryMegabytes << 20
    func bytes(_ clips: Int) -> Int {
      lanes
        * LaneEncoder.embeddingBytes(
          loaded.weights.network, clips: clips, precision: configuration.precision)
    }
    let fair = (count + ranks * lanes - 1) / (ranks * lanes)
    if let clips = [4, 2].first(where: { $0 <= fair && bytes($0) <= budget }) { return clips }
    guard bytes(1) <= budget else {
      let need = (bytes(1) + (1 << 20) - 1) >> 20
      throw ModelError(
        "the activations of \(lanes) lanes take \(need) MiB with one clip of \(path) each, but "
          + "memoryMegabytes is \(configuration.memoryMegabytes); raise it, or take fewer lanes")
    }
    return 1
  }

  /// Refuses a number that is none, and says where it lies.
  private func check(_ values: [Float], from first: Int) throws(FileError) {
    guard let place = values.firstIndex(where: { !$0.isFinite }) else { return }
    var (rest, index) = (place, [Int]())
    for extent in array.shape.dropFirst().reversed() {
      index.insert(rest % extent, at: 0)
      rest /= extent
    }
    throw FileError(path, "holds \(values[place]) at \([first + rest] + index) (N, C, T, H, W)")
  }
}
