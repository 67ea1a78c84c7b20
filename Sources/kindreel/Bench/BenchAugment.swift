// `unsafe` is sound here because the clip lives as long as the command, and is lent to one call at a
// time.
import ArgumentParser
import Coordinator
import Foundation
import Model
import Tensors
import Video

/// The command `kindreel bench augment`.
struct BenchAugment: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "augment",
    abstract: "Training views of decoded clips, one after the other on one core.",
    discussion: """
      Beside the whole, 'operators' says what each costs in microseconds a clip, beyond cropping \
      and normalising, which stand for themselves; 'views' says what each recipe costs as a whole. \
      With --json also: seconds, clips_per_second and microseconds_per_clip.
      """)

  @Option(help: "A YAML file, or the name of a preset.")
  var config = "actions"

  @Option(help: "A dataset.")
  var data: String

  @OptionGroup var options: BenchOptions

  func run() throws {
    try reportingFailure {
      let configuration = try RunConfiguration.load(config)
      let clip = AlignedStorage(count: try dataset(configuration).source.clipElements)
      let timing = try time(view: 0, configuration, clip)
      try options.report(
        "augment",
        [
          "clips_per_second": .number(Double(clips) / timing.median),
          "microseconds_per_clip": .number(timing.median / Double(clips) * 1e6),
          "operators": .rows(try operators(configuration, clip)),
          "views": .rows(try views(configuration, clip)), "seconds": .seconds(timing),
        ])
    }
  }

  /// The samples that are decoded, and the clips that are made of them.
  private var samples: Int { 16 }
  private var clips: Int { samples * 16 }

  private func dataset(_ configuration: RunConfiguration) throws -> Dataset {
    try Dataset(data, split: .train, configuration: configuration, byteLimit: 1 << 30)
  }

  /// Times one view of each sample, at many epochs.
  private func time(
    view: Int, _ configuration: RunConfiguration, _ clip: AlignedStorage
  ) throws -> Seconds {
    let dataset = try dataset(configuration)
    return try options.time {
      for place in 0..<clips {
        let sample = place % min(samples, dataset.count)
        try unsafe dataset.source.augmentedClip(
          sample: sample, epoch: place / samples, view: view, into: clip.buffer)
      }
    }
  }

  private func views(
    _ configuration: RunConfiguration, _ clip: AlignedStorage
  ) throws -> [[String: BenchFigure]] {
    try ViewSheet.all.map { recipe in
      var configuration = configuration
      configuration.objective.name = .simclr
      configuration.views = [ViewRecipe(), recipe]
      let median = try time(view: 1, configuration, clip).median
      return row("\(recipe)", median / Double(clips))
    }
  }

  private func operators(
    _ configuration: RunConfiguration, _ clip: AlignedStorage
  ) throws -> [[String: BenchFigure]] {
    let settings = configuration.video
    let augmentation = ClipAugmentation(configuration.augmentation, size: settings.size)
    let frame = PixelSize(width: settings.shortSide * 4 / 3, height: settings.shortSide)
    var random = RandomStream(seed: 0, purpose: .test)
    let pixels = (0..<settings.frames * frame.width * frame.height * 3).map { _ in
      UInt8(truncatingIfNeeded: random.next32())
    }
    func cost(_ change: (inout ClipAugmentation.Draw) -> Void) -> Double {
      var draw = ClipAugmentation.Draw(
        crop: CropRectangle(x: 0, y: 0, width: frame.width, height: frame.height))
      change(&draw)
      return options.time {
        for _ in 0..<64 {
          unsafe augmentation.apply(
            draw, to: pixels, frames: settings.frames, of: frame, into: clip.buffer)
        }
      }.median / 64
    }
    let plain = cost { _ in }
    let changes: [(String, (inout ClipAugmentation.Draw) -> Void)] = [
      ("flip", { $0.isFlipped = true }), ("rotation", { $0.rotation = 10 }),
      ("brightness", { $0.adjustments = [.brightness(1.2)] }),
      ("contrast", { $0.adjustments = [.contrast(1.2)] }),
      ("saturation", { $0.adjustments = [.saturation(1.2)] }),
      ("hue", { $0.adjustments = [.hue(0.1)] }), ("grayscale", { $0.isGray = true }),
      ("blur", { $0.blurSigma = 1 }),
    ]
    return [row("crop and normalise", plain)]
      + changes.map { row($0.0, max(0, cost($0.1) - plain)) }
  }

  private func row(_ name: String, _ seconds: Double) -> [String: BenchFigure] {
    ["name": .text(name), "microseconds": .number(seconds * 1e6)]
  }
}
