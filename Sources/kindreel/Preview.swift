import ArgumentParser
import Coordinator
import Foundation
import Tensors
import Video

/// The command `kindreel preview`.
struct Preview: ParsableCommand, RunsAlone {
  static let configuration = CommandConfiguration(
    abstract: "Show what the network sees of a video: a PNG with a row a view, a column a frame.",
    discussion: """
      --views takes recipes, separated by commas; each is \(ViewRecipe.forms). All rows show the \
      same window with the same crop and colours, except where a recipe says start, again, apart, \
      disjoint or x2, x4, x8. 'all' shows every word once.

      Residual frames are gray where nothing moves. Motion vectors (mv) are coded by a colour \
      wheel: red moves right, green-yellow down, cyan left, violet up, white rests, gray has none. \
      In ab red stands against green and yellow against blue.
      """)

  @Argument(help: "A video file.")
  var file: String

  @Option(help: "Recipes separated by commas, or all.")
  var views = "all"

  @Option(help: "The PNG file to write.")
  var out: String

  @Option(help: "A YAML file, or the name of a preset: the clips and their augmentation.")
  var config: String?

  @Option(name: .customLong("set"), help: "KEY=VALUE: one setting, as in video.size=112.")
  var overrides: [String] = []

  @Option(help: "The seed of the draws.")
  var seed: UInt64 = 0

  func validate() throws {
    guard out.hasSuffix(".png") else {
      throw ValidationError("--out is '\(out)'; it must end in .png")
    }
    _ = try recipes()
  }

  func run() throws {
    try reportingFailure {
      try OutputPath.check(out)
      guard OutputPath.resolved(out) != OutputPath.resolved(file) else {
        throw UnwritableOutput(description: "\(out): is the video itself")
      }
      let settings = try RunConfiguration.load(config, overrides: overrides)
      let sheet = ViewSheet(
        try recipes(), video: settings.video, augmentation: settings.augmentation, seed: seed)
      if let problem = sheet.views.problem(frames: settings.video.frames) {
        throw ConfigurationError(origin: "--views", problem)
      }
      let size = sheet.size
      let png = try PNG.encode(try sheet.draw(file), of: size)
      try AtomicFile.write(Data(png), to: out)
      print("\(sheet.views.count - 1) views of \(file), \(size.width)×\(size.height), in \(out)")
    }
  }

  private func recipes() throws -> [ViewRecipe] {
    if views == "all" { return ViewSheet.all }
    return try views.split(separator: ",", omittingEmptySubsequences: false).map { text in
      guard let recipe = ViewRecipe(text.trimmingCharacters(in: .whitespaces)) else {
        throw ValidationError("'\(text)' in --views is no view; write \(ViewRecipe.forms)")
      }
      return recipe
    }
  }
}
