internal import Video
public import Worker

/// How videos become rows to compare, as published work does it or as kindreel does.
///
/// Clips have the run's own frames, stride and size, and its own normalisation of colours, because the
/// encoder was trained on them; what the published protocols say in pixels is said in shares of the
/// frame. The published clips are those of `video.frames` 16, `stride` 1 and `size` 112 (IIC) or 128.
public enum RetrievalProtocol: String, Codable, Sendable, CaseIterable {
  /// The run's `evaluation.clips` and `evaluation.feature`; every clip's row has unit length before the
  /// mean.
  case kindreel
  /// VCOP (Xu et al., CVPR 2019) and IIC (Tao et al., ACM MM 2020): the last map, max-pooled.
  case iic
  /// SLIC (Khorasgani et al., CVPR 2022): the output of the head.
  case slic
  /// CoCLR (Han et al., NeurIPS 2020): the pooled feature, and each set without its own mean.
  case coclr

  /// How a video becomes a row; the settings are those of the run.
  ///
  /// - Parameter clips: the clips a video; nil for the protocol's.
  public func recipe(clips: Int?, settings: EvaluationSettings) -> EmbeddingRecipe {
    func plain(_ feature: Feature, _ framing: EvaluationView.Framing) -> EmbeddingRecipe {
      EmbeddingRecipe(
        clips: clips ?? 10, feature: feature,
        view: EvaluationView(placement: .ends, framing: framing), normalisesClips: false)
    }
    return switch self {
    case .kindreel:
      EmbeddingRecipe(
        clips: clips ?? settings.clips, feature: settings.feature, shows: settings.shows)
    case .iic: plain(.map, .stretched(side: 112))
    case .slic: plain(.head, .stretched(side: 128))
    case .coclr: plain(.pooled, .square(share: 224.0 / 256))
    }
  }

  /// Whether the mean of the queries is subtracted from the queries, and the mean of the gallery from
  /// the gallery, before rows are compared.
  public var centresEachSet: Bool { self == .coclr }
}
