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
      (starts) are read one after the other, in every repetition the same, from files that stay open or, \
      with --reopen, are opened anew for every window. The processor's time is told beside the clock's: \
      other programs disturb it less. With --json: files, frames, windows, reopened, starts, seconds, \
      clips_per_second, clips_per_processor_second, index_seconds and peak_rss_bytes.
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
      let drawn = videos.map { video in
        (0..<windows).map { _ in
          ClipSampler.random(
            frameCount: video.frameCount, frames: frames, stride: 1, using: &random)
        }
      }
      var spent: [Double] = []
      let timing = try options.time {
        let start = processorTime
        for (video, windows) in zip(videos, drawn) {
          for window in windows {
            if reopen { try video.reopen() }
            _ = try video.read(window, scaledTo: PixelSize(width: 171, height: 128))
          }
        }
        spent.append(processorTime - start)
      }
      let processor = Seconds(Array(spent.dropFirst()))
      let clips = Double(windows * videos.count)
      try options.report(
        "decode",
        [
          "files": .integer(files.count), "frames": .integer(frames),
          "windows": .integer(windows), "reopened": .text(reopen ? "yes" : "no"),
          "clips_per_second": .number(clips / timing.median),
          "clips_per_processor_second": .number(clips / processor.median),
          "index_seconds": .number(indexing.inSeconds), "seconds": .seconds(timing),
          "starts": .text(drawn.joined().map { "\($0.start)" }.joined(separator: ",")),
          "peak_rss_bytes": .integer(peakMemory),
        ])
    }
  }
}
