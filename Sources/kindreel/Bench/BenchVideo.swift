import ArgumentParser
import Coordinator
import Foundation
import Tensors
import Video

/// The command `kindreel bench decode`.
struct BenchDecode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Random windows of files, decoded and scaled to 171×128, on one core.")

  @Argument(help: "Video files.")
  var files: [String]

  @Option(help: "Frames of a window, consecutive.")
  var frames = 16

  @OptionGroup var options: BenchOptions

  func run() throws {
    try reportingFailure {
      var windows = 0
      let timing = try options.time {
        windows = 0
        var random = RandomStream(seed: 0, purpose: .test)
        for file in files {
          var reader = try VideoReader(opening: file)
          let count = try reader.frameCount()
          for _ in 0..<4 {
            let window = ClipSampler.random(
              frameCount: count, frames: frames, stride: 1, using: &random)
            _ = try reader.read(
              window, crop: nil, scaledTo: PixelSize(width: 171, height: 128))
            windows += 1
          }
        }
      }
      try options.report(
        "decode",
        [
          "files": .integer(files.count), "frames": .integer(frames),
          "clips_per_second": .number(Double(windows) / timing.median),
          "seconds": .seconds(timing), "peak_rss_bytes": .integer(peakMemory),
        ])
    }
  }
}
