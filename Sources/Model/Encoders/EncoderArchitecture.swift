/// The shape of a 3D-ResNet and its projection head, and what its training starts from.
///
/// Hara, Kataoka and Satoh, "Can spatiotemporal 3D CNNs retrace the history of 2D CNNs and
/// ImageNet?", CVPR 2018; the head follows SimCLR (Chen et al., ICML 2020, section 4.2).
public struct EncoderArchitecture: Codable, Sendable, Equatable {
  /// How a block's input reaches its output when the shapes differ.
  public enum Shortcut: String, Codable, Sendable, CaseIterable {
    /// Subsampling and zero-filled channels; no parameters.
    case a = "A"
    /// A strided 1×1×1 convolution with batch norm.
    case b = "B"
  }

  /// 10, 18, 34 (basic blocks) or 50 (bottleneck blocks).
  public var depth = 10
  /// The factor on 64, 128, 256 and 512 channels; the results must be multiples of 16.
  public var width = 0.25
  /// The stem's extent in time, 3 or 7; in space it is 7×7 with stride 2.
  public var stemTime = 3
  /// Whether a 3×3×3 max-pool with stride 2 follows the stem.
  public var stemPool = false
  /// The kind of shortcut.
  public var shortcut = Shortcut.b
  /// The hidden width of the projection head; 0 leaves the head out.
  public var headHidden = 512
  /// The width of the projection head's output, D.
  public var headWidth = 128
  /// A file of initial weights (`.pth`, `.pt`, `.safetensors`); empty: random ones.
  public var weights = ""
  /// The SHA-256 of that file, written by a run; a file with another one is refused.
  public var weightsHash = ""
  /// Beginnings of names, such as `layer4`, that the file may lack, or have besides.
  public var partial: [String] = []

  /// Creates the default architecture.
  public init() {}
}
