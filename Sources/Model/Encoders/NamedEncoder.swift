/// Encoders that have a name of their own, for benchmarks and for other people's weights.
public enum NamedEncoder: String, CaseIterable, Sendable {
  /// torchvision's `r3d_18`, and the like of it in depth 34 and 50: 3×7×7 stem, no pool.
  case r3d18, r3d34, r3d50
  /// Those of Hara's 3D-ResNets-PyTorch: 7×7×7 stem and max-pool.
  case hara18, hara34, hara50
  /// SLIC's: 7×7×7 stem, no pool, projection head.
  case slic18
  /// The `actions` preset's: R3D-10, quarter width.
  case actions

  /// The network's shape; all shortcuts are convolutions.
  public var architecture: EncoderArchitecture {
    var result = EncoderArchitecture()
    switch self {
    case .actions: return result
    case .r3d18, .hara18, .slic18: result.depth = 18
    case .r3d34, .hara34: result.depth = 34
    case .r3d50, .hara50: result.depth = 50
    }
    (result.width, result.headHidden) = (1, 0)
    switch self {
    case .hara18, .hara34, .hara50: (result.stemTime, result.stemPool) = (7, true)
    case .slic18: (result.stemTime, result.headHidden, result.headWidth) = (7, 2048, 128)
    case .r3d18, .r3d34, .r3d50, .actions: break
    }
    return result
  }
}
