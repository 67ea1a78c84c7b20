// `unsafe` is sound here because a view is written into an array of its own, lent for one call.

/// A sheet of what the network sees: a row a recipe, the frames of the view as its columns.
public struct ViewSheet: Sendable {
  /// The recipes that `all` stands for: every word once.
  public static let all: [ViewRecipe] = [
    "rgb", "start", "again", "apart", "disjoint", "x2", "x4", "x8", "reverse", "repeat", "shuffle",
    "jumble", "warp", "spline", "residual", "difference", "lightness", "ab", "luma", "cbcr", "mv",
  ].map { word in
    guard let recipe = ViewRecipe(word) else { preconditionFailure("'\(word)' is no recipe") }
    return recipe
  }

  /// Pixels between tiles and around the sheet.
  static let gap = 2

  private let recipes: [ViewRecipe]
  private let video: VideoSettings
  private let augmentation: AugmentationSettings
  private let seed: UInt64

  /// Plans a sheet; settings and seed are those of a run, whose first epoch is shown.
  ///
  /// A recipe that does not say whose window it takes gets the same window and look as the others, so
  /// that rows can be compared.
  public init(
    _ recipes: [ViewRecipe], video: VideoSettings, augmentation: AugmentationSettings, seed: UInt64
  ) {
    precondition(!recipes.isEmpty, "a sheet without views")
    self.recipes = recipes
    self.video = video
    self.augmentation = augmentation
    self.seed = seed
  }

  /// The views that the sheet makes: an anchor that is not shown, then the rows.
  public var views: [ViewRecipe] {
    [ViewRecipe()]
      + recipes.map { recipe in
        var recipe = recipe
        if recipe.place == .free { recipe.place = .same }
        return recipe
      }
  }

  /// The size of the sheet.
  public var size: PixelSize {
    let row = Glyph.height + 2 * Self.gap + video.size
    return PixelSize(
      width: video.frames * (video.size + Self.gap) + Self.gap,
      height: recipes.count * row + Self.gap)
  }

  /// Draws the sheet of a file: H·W·3 bytes of RGB.
  ///
  /// - Throws: why the file cannot be decoded.
  public func draw(_ file: String) throws(VideoError) -> [UInt8] {
    let source = ClipSource(
      manifest: Manifest(samples: [Sample(id: file, path: file)], seed: 1), settings: video,
      augmentation: augmentation, views: views, byteLimit: 1 << 30, seed: seed)
    var canvas = Canvas(size, gray: 24)
    var clip = [Float](repeating: 0, count: source.clipElements)
    for row in recipes.indices {
      let shown = try write(row + 1, of: source, to: &clip)
      let top = Self.gap + row * (Glyph.height + 2 * Self.gap + video.size)
      canvas.write(recipes[row].description, x: Self.gap, y: top, SIMD3(repeating: 232))
      draw(clip, ViewColours(shown, augmentation), at: top + Glyph.height + Self.gap, on: &canvas)
    }
    return canvas.pixels
  }

  /// Makes a view, and says what its channels hold.
  private func write(
    _ view: Int, of source: ClipSource, to clip: inout [Float]
  ) throws(VideoError) -> ViewRecipe.Content {
    try unsafe clip.withUnsafeMutableBufferPointer { (clip) throws(VideoError) in
      try unsafe source.augmentedClip(sample: 0, epoch: 0, view: view, into: clip)
    }
    return try source.content(sample: 0, epoch: 0, view: view)
  }

  private func draw(
    _ clip: [Float], _ colours: ViewColours, at top: Int, on canvas: inout Canvas
  ) {
    let plane = video.size * video.size
    for frame in 0..<video.frames {
      let left = Self.gap + frame * (video.size + Self.gap)
      for y in 0..<video.size {
        for x in 0..<video.size {
          let at = frame * plane + y * video.size + x
          let third = video.frames * plane
          canvas.set(
            x: left + x, y: top + y,
            colours[SIMD3(clip[at], clip[third + at], clip[2 * third + at])])
        }
      }
    }
  }
}
