import Model
public import Video

extension RunConfiguration {
  /// What each view of a video shows, in the objective's order: `views`, or what the objective names.
  ///
  /// With `objective.bothDirections` a list of the views as filmed is enough: the same follow backwards,
  /// of the first one's very picture.
  ///
  /// - Throws: `ConfigurationError` when the list does not fit the objective or the clips.
  public func viewRecipes() throws(ConfigurationError) -> [ViewRecipe] {
    let named: [View]
    do throws(ModelError) {
      named = try objective.make().views
    } catch {
      throw ConfigurationError(origin: "settings", error.reason)
    }
    let listed =
      objective.bothDirections && 2 * views.count == named.count
      ? views + (try viewsBackwards()) : views
    guard listed.isEmpty || listed.count == named.count else {
      let less = objective.bothDirections ? ", or the \(named.count / 2) as filmed" : ""
      throw ConfigurationError(
        key: "views",
        "must name \(named.count) views, as objective '\(objective.name)' takes\(less), names "
          + "\(views.count)")
    }
    let recipes = listed.isEmpty ? named.map { Self.recipe($0.recipe) } : listed
    if let problem = recipes.problem(frames: video.frames) {
      throw ConfigurationError(key: "views", problem)
    }
    if augmentation.motionVectors > 0,
      let warped = recipes.dropFirst().first(where: { $0.content == .rgb && $0.shape != .plain })
    {
      throw ConfigurationError(
        key: "augmentation.motionVectors",
        "must be 0 with the view '\(warped)': vectors are not warped"
      )
    }
    return recipes
  }

  /// The listed views played backwards.
  private func viewsBackwards() throws(ConfigurationError) -> [ViewRecipe] {
    var backwards: [ViewRecipe] = []
    for (turn, view) in views.enumerated() {
      guard var recipe = view.backwards else {
        throw ConfigurationError(
          key: "views[\(turn)]",
          "'\(view)' is not in the order that was filmed, and objective.bothDirections plays it backwards"
        )
      }
      if turn == 0 { recipe.place = .same }
      backwards.append(recipe)
    }
    return backwards
  }

  /// Refuses labels of the bank where no trained view shows what is to be clustered.
  ///
  /// - Parameter views: the objective's.
  func validateBankViews(_ views: [View]) throws(ConfigurationError) {
    let recipes = try viewRecipes()
    let whole = recipes.indices.filter {
      views[$0].source == .trained && recipes[$0].standsForVideo
        && !augmentation.mayReplace(recipes[$0], view: $0)
    }
    let shown = Set(whole.map { recipes[$0].content.rawValue }).sorted()
    let asked = labels.shows.map(\.rawValue)
    guard asked.count != 1 || !shown.contains(asked[0]) else { return }
    throw ConfigurationError(
      key: "labels.shows",
      "must be one of what the views show, \(shown.joined(separator: " or ")), where labels.source is "
        + "bank, is [\(asked.joined(separator: ", "))]")
  }

  /// The recipe that an objective names; its text is tested to be one.
  static func recipe(_ named: View.Recipe) -> ViewRecipe {
    guard let recipe = ViewRecipe(named.rawValue) else {
      preconditionFailure("an objective names the view '\(named.rawValue)'")
    }
    return recipe
  }
}
