import ArgumentParser
import Coordinator
import Video

/// Whether a run is only estimated, and by what.
struct EstimateOptions: ParsableArguments {
  @Flag(help: "Train nothing: say what the run would take, for each number of ranks.")
  var estimate = false

  @Option(help: "With --estimate: how many training videos there would be, in place of --data.")
  var videos: Int?

  @Option(help: "With --videos: the frames of a video, in the mean.")
  var frames: Int?

  @Option(
    help: "With --estimate: seconds of a lane for a microbatch, in place of measuring; see bench.")
  var microbatchSeconds: Double?

  @Flag(help: "With --estimate: print one JSON object.")
  var json = false

  func validate(data: String?) throws {
    guard estimate else {
      if videos != nil || frames != nil || microbatchSeconds != nil || json {
        throw ValidationError(
          "--videos, --frames, --microbatch-seconds and --json go with --estimate")
      }
      return
    }
    guard data == nil || videos == nil else {
      throw ValidationError("--data and --videos exclude each other: both say how many videos")
    }
    guard data != nil || videos != nil else {
      throw ValidationError("name the videos to estimate for: --data DIR or --videos N")
    }
    if frames != nil && videos == nil {
      throw ValidationError("--frames is about --videos; --data has its own")
    }
    for (name, value, most) in [("videos", videos, 1_000_000_000), ("frames", frames, 10_000_000)] {
      if let value, !(1...most).contains(value) {
        throw ValidationError("--\(name) is \(value); it must lie in 1…\(most)")
      }
    }
    if let microbatchSeconds, !(microbatchSeconds > 0 && microbatchSeconds.isFinite) {
      throw ValidationError("--microbatch-seconds is \(microbatchSeconds); it must be above 0")
    }
  }

  /// Estimates and prints.
  func run(_ configuration: RunConfiguration, data: String?, lanes: Int) throws {
    var (count, bytes) = (videos ?? 0, frames.map { decodedBytes(of: $0, configuration) })
    if let data {
      let dataset = try Dataset(
        data, split: .train, configuration: configuration, byteLimit: 1 << 40)
      (count, bytes) = (dataset.count, dataset.decodedBytes())
    }
    let result = try RunEstimate(
      configuration, videos: count, videoBytes: bytes, lanes: lanes,
      given: microbatchSeconds.map { StepTiming(microbatch: $0) })
    if json { try printJSON(result) } else { print(EstimateTable(result).text) }
  }

  /// The bytes of a decoded video of a 4:3 picture.
  private func decodedBytes(of frames: Int, _ configuration: RunConfiguration) -> Double {
    let side = Double(configuration.video.shortSide)
    return Double(frames) * side * side * 4 / 3 * 3
  }
}
