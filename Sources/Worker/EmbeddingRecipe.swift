public import Model
public import Video

/// Which output of the encoder stands for a clip.
public enum Feature: String, Codable, Sendable, CaseIterable {
  /// The pooled feature of the backbone, N·F.
  case pooled
  /// The output of the projection head, N·D.
  case head
  /// The backbone's last map, max-pooled in space and flattened: `ResNet3D.mapShape`.
  case map
}

extension ResNet3D {
  /// The numbers of a clip's row.
  public func width(of feature: Feature) -> Int {
    switch feature {
    case .pooled: features
    case .head: embeddingWidth
    case .map: mapWidth
    }
  }
}

/// How a video becomes a row.
public struct EmbeddingRecipe: Sendable, Equatable {
  /// The windows of a video; the rows of all clips that the view makes of them are averaged.
  public var clips: Int
  /// What stands for a clip.
  public var feature: Feature
  /// Where clips are taken, and what they show.
  public var view: EvaluationView
  /// What the clips show; of several, the rows stand side by side.
  public var shows: [ViewRecipe.Content]
  /// Whether each clip's row, and then the mean, has unit length; else the mean is plain.
  public var normalisesClips: Bool

  /// The standard recipe: evenly spaced, centre-cropped clips of unit length.
  public init(
    clips: Int, feature: Feature, view: EvaluationView = .standard,
    shows: [ViewRecipe.Content] = [.rgb], normalisesClips: Bool = true
  ) {
    precondition(clips >= 1, "\(clips) clips have no mean")
    self.clips = clips
    self.feature = feature
    self.view = view
    self.shows = shows
    self.normalisesClips = normalisesClips
  }
}
