public import ArgumentParser
import Collective
import Coordinator
import Foundation
import Tensors
public import Video
import Worker

/// The command `kindreel embed`.
struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Embed a folder of videos, or clips in an array: float32 N×D as .npy.",
    discussion: """
      With --data, writes X.npy with one unit row a readable video, and X.ids.tsv with the columns \
      row, id; row i belongs to id i. X.encoder.json says which encoder and clips made the rows, for \
      kindreel search. Unreadable videos are named on standard error.

      With --tensor, the clips are a NumPy array of float32, N×3×T×H×W of any extents, already \
      normalised; row i is clip i's, as the encoder gives it and not scaled to unit length:

        kindreel embed --weights r3d_18.pth --encoder r3d18 --tensor X.npy --out Y.npy

      Files of weights are read without running anything. torchvision's names fit r3d18, r3d34 and \
      r3d50, those of 3D-ResNets-PyTorch hara18, hara34 and hara50; two-dimensional ResNets are \
      inflated (I3D). Every tensor must fit; fc is left out, and a head may be missing. What else may \
      be missing or left over is named by --partial.
      """)

  @OptionGroup var encoder: EncoderOptions

  @Option(help: "A folder of videos in any layout, or a manifest: see kindreel help scan.")
  var data: String?

  @Option(help: "Clips instead of videos: a .npy file of float32, N×3×T×H×W, normalised.")
  var tensor: String?

  @Option(help: "The .npy file to write.")
  var out: String

  @Option(help: "train, test or all; the default is all.")
  var split: Manifest.Split?

  @Option(help: "Evenly spaced clips a video; their unit rows are averaged.")
  var clips: Int?

  @Option(help: "pooled (the backbone's feature), head (the projection) or map (its last map).")
  var feature: Feature?

  @OptionGroup var world: WorldOptions

  func validate() throws {
    if let clips, !(1...1000).contains(clips) {
      throw ValidationError("--clips is \(clips); it must lie in 1…1000")
    }
    guard out.hasSuffix(".npy") else {
      throw ValidationError("--out is '\(out)'; it must end in .npy")
    }
    guard (data == nil) != (tensor == nil) else {
      throw ValidationError("name one input: --data FOLDER or --tensor CLIPS.npy")
    }
    if tensor != nil && (split != nil || clips != nil) {
      throw ValidationError("--split and --clips are about --data; --tensor has its clips")
    }
    let outputs = [out, IdList.path(beside: out), LibraryOrigin.path(beside: out)]
    let inputs = Set([data, tensor, encoder.weights].compactMap(\.self).map(OutputPath.resolved))
    for output in outputs where inputs.contains(OutputPath.resolved(output)) {
      throw ValidationError("\(output) would be written over an input; name another --out")
    }
  }

  func run() throws {
    try reportingFailure {
      try OutputPath.check(out)
      if let tensor { return try embed(ClipArray(reading: tensor)) }
      let (source, named) = (try encoder.source(), try encoder.named())
      let (data, clips, feature, split) = (data ?? "", clips, feature, split ?? .all)
      let world = world
      let result = try world.launch(deadline: encoder.deadline()) { communicator in
        let session = try EncoderSession(
          source, configuration: named, lanes: world.lanesOfRank,
          ranksOfMachine: world.ranksOfMachine, communicator: communicator)
        EncoderOptions.report(session.loaded, communicator)
        var settings = session.configuration.evaluation
        if let feature { settings.feature = feature }
        let recipe = RetrievalProtocol.kindreel.recipe(clips: clips, settings: settings)
        return (
          try session.embed(data, split: split, recipe: recipe),
          LibraryOrigin(session, recipe: recipe)
        )
      }
      guard let (videos, origin) = result else { return }
      let table = videos.table
      for (id, reason) in videos.unreadable.sorted(by: { $0.key < $1.key }) {
        StandardError.say("kindreel: \(id): \(reason)")
      }
      // All three are on the disk before the first takes its place.
      try IdList.write(table.ids, beside: out) {
        try origin.write(beside: out) { try writeAlone(table.rows) }
      }
      print("\(table.ids.count) rows of \(table.rows.columns) in \(out)")
    }
  }

  private func embed(_ clips: ClipArray) throws {
    let (source, named, feature) = (try encoder.source(), try encoder.named(), feature ?? .pooled)
    let world = world
    let rows = try world.launch(deadline: encoder.deadline()) { communicator in
      let loaded = try source.load(named, for: clips.extent)
      EncoderOptions.report(loaded, communicator)
      return try clips.embed(
        with: loaded, feature: feature, lanes: LanePool(count: world.lanesOfRank),
        communicator: communicator)
    }
    guard let rows else { return }
    try writeAlone(rows)
    print("\(rows.rows) rows of \(rows.columns) in \(out)")
  }

  /// Writes rows; what an earlier command wrote beside them says nothing about these, and goes first.
  private func writeAlone(_ rows: Matrix) throws {
    try Npy.write(rows, to: out) {
      for path in [IdList.path(beside: out), LibraryOrigin.path(beside: out)] {
        // A link stays, as for all outputs: what it names is about to be written.
        try? FileManager.default.removeItem(atPath: OutputPath.resolved(path))
      }
    }
  }
}

extension Manifest.Split: ExpressibleByArgument {}
