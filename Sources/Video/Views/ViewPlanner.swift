import Tensors

/// The random choices behind the views of a video: a function of (seed, epoch, sample, view) alone.
struct ViewPlanner: Sendable {
  /// Which view of which sample.
  struct Name: Sendable {
    var epoch: Int
    var sample: Int
    var view: Int
  }

  let recipes: [ViewRecipe]
  let frames: Int
  let stride: Int
  let seed: UInt64
  let augmentation: ClipAugmentation

  /// Creates a planner; the recipes must be usable: see their `problem`.
  init(
    _ recipes: [ViewRecipe], video: VideoSettings, augmentation: ClipAugmentation, seed: UInt64
  ) {
    precondition(
      recipes.problem(frames: video.frames) == nil, recipes.problem(frames: video.frames) ?? "")
    self.recipes = recipes
    self.augmentation = augmentation
    self.seed = seed
    frames = video.frames
    stride = video.stride
  }

  func mayStandForVideo(view: Int, showing contents: [ViewRecipe.Content]) -> Bool {
    recipes[view].standsForVideo && contents.contains(recipes[view].content)
      && !augmentation.settings.mayReplace(recipes[view], view: view)
  }

  func recipe(_ name: Name) -> ViewRecipe {
    precondition(
      recipes.indices.contains(name.view), "view \(name.view) of \(recipes.count) is asked for")
    return recipes[name.view]
  }

  /// The frames that a view takes.
  func window(_ name: Name, frameCount: Int) -> ClipWindow {
    let recipe = recipe(name)
    var random = stream(.window, name)
    let stride = stride * recipe.speed
    if recipe.place == .free {
      return ClipSampler.random(
        frameCount: frameCount, frames: frames, stride: stride, using: &random)
    }
    if recipe.place == .start { return ClipWindow(start: 0, frames: frames, stride: stride) }
    let first = window(anchor(of: name), frameCount: frameCount)
    let anchor = first.start
    var window = ClipWindow(start: anchor, frames: frames, stride: stride)
    let last = max(0, frameCount - window.span)
    switch recipe.place {
    case .free, .start, .same, .again: window.start = min(anchor, last)
    case .apart: window.start = Self.start((2, 2), from: anchor, upTo: last, using: &random)
    case .disjoint:
      window.start = Self.start((window.span, first.span), from: anchor, upTo: last, using: &random)
    }
    return window
  }

  /// A start that is at least so many frames before or after another, all such being equally likely;
  /// where there is none, the farthest.
  private static func start(
    _ distance: (before: Int, after: Int), from anchor: Int, upTo last: Int,
    using random: inout RandomStream
  ) -> Int {
    let before = min(max(0, anchor - distance.before + 1), last + 1)
    let after = max(0, last - anchor - distance.after + 1)
    guard before + after > 0 else { return anchor * 2 > last ? 0 : last }
    let place = random.integer(below: before + after)
    return place < before ? place : anchor + distance.after + place - before
  }

  /// The look of a view of frames of a size, and the order of its frames.
  func look(_ name: Name, in frame: PixelSize) -> (draw: ClipAugmentation.Draw, order: [Int]) {
    let recipe = recipe(name)
    var looks = stream(.augmentation, recipe.place == .same ? anchor(of: name) : name)
    var draw = augmentation.draw(using: &looks, in: frame)
    // The anchor is never replaced.
    if recipe.content != .rgb || name.view == 0 { draw.content = recipe.content }
    var chances = stream(.recipe, name)
    let order = recipe.order.frames(frames, using: &chances)
    switch recipe.shape {
    case .plain: break
    case .warp: draw.warps = LocalWarp.draw(using: &chances)
    case .spline: draw.spline = SplineWarp.draw(using: &chances)
    }
    return (draw, order)
  }

  private func anchor(of name: Name) -> Name {
    Name(epoch: name.epoch, sample: name.sample, view: 0)
  }

  private func stream(_ purpose: RandomStream.Purpose, _ name: Name) -> RandomStream {
    RandomStream(
      seed: seed, purpose: purpose, epoch: name.epoch, sample: name.sample, view: name.view)
  }
}
