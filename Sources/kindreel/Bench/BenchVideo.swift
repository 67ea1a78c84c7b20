import ArgumentParser
import Coordinator
import Foundation
import Tensors
import Video

/// The command `kindreel bench decode`.
struct BenchDecode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Random windows of files, decoded and scaled to 171×128, on one core.",
    discussion: """
      Every file is decoded once before, as a scan does (index_seconds). Then windows at random places \
      are read one after the other, from files that stay open or, with --reopen, are opened anew for \
      every window.
      """)

  @Argument(help: "Video files.")
  var files: [String]

  @Option(help: "Frames of a window, consecutive.")
  var frames = 16

  @Option(help: "Windows a file in each repetition.")
  var windows = 20

  @Flag(help: "Open the file anew for every window.")
  var reopen = false

  @OptionGroup var options: BenchOptions

  func validate() throws {
    if frames < 1 { throw ValidationError("--frames is \(frames); at least 1 is needed") }
    if windows < 1 { throw ValidationError("--windows is \(windows); at least 1 is needed") }
  }

  func run() throws {
    try reportingFailure {
      let clock = ContinuousClock()
      var videos: [IndexedVideo] = []
      let indexing = try clock.measure {
        for file in files { videos.append(try IndexedVideo(file)) }
      }
      var random = RandomStream(seed: 0, purpose: .test)
      let timing = try options.time {
        for video in videos {
          for _ in 0..<windows {
            let window = ClipSampler.random(
              frameCount: video.frameCount, frames: frames, stride: 1, using: &random)
            if reopen { try video.reopen() }
            _ = try video.read(window, scaledTo: PixelSize(width: 171, height: 128))
          }
        }
      }
      let clips = Double(windows * videos.count)
      try options.report(
        "decode",
        [
          "files": .integer(files.count), "frames": .integer(frames),
          "windows": .integer(windows), "reopened": .text(reopen ? "yes" : "no"),
          "clips_per_second": .number(clips / timing.median),
          "index_seconds": .number(indexing.inSeconds), "seconds": .seconds(timing),
          "peak_rss_bytes": .integer(peakMemory),
        ])
    }
  }
}
