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

/// The command `kindreel bench augment`.
struct BenchAugment: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "augment",
    abstract: "Training views of decoded clips, one after the other on one core.")

  @Option(help: "A YAML file, or the name of a preset.")
  var config = "actions"

  @Option(help: "A dataset.")
  var data: String

  @OptionGroup var options: BenchOptions

  func run() throws {
    try reportingFailure {
      let configuration = try RunConfiguration.load(config)
      let dataset = try Dataset(
        data, split: .train, configuration: configuration, byteLimit: 1 << 30)
      let samples = min(32, dataset.count)
      let clip = AlignedStorage(count: dataset.source.clipElements)
      let timing = try options.time {
        for sample in 0..<samples {
          for epoch in 0..<8 {
            try unsafe dataset.source.augmentedClip(
              sample: sample, epoch: epoch, view: 0, into: clip.buffer)
          }
        }
      }
      let clips = Double(samples * 8)
      try options.report(
        "augment",
        [
          "clips_per_second": .number(clips / timing.median),
          "microseconds_per_clip": .number(timing.median / clips * 1e6),
          "seconds": .seconds(timing),
        ])
    }
  }
}
