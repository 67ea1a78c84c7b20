/// How others name the tensors of a network that we name as torchvision does.
enum WeightNaming: String, Sendable {
  /// torchvision's `video.resnet`: `stem.0`, `layer1.0.conv1.0`; also kindreel's own.
  case torchvision = "torchvision's"
  /// Hara's 3D-ResNets-PyTorch, and torchvision's two-dimensional ResNets: `conv1`, `bn1`,
  /// `layer1.0.conv1`, `layer1.0.bn1`.
  case plain = "3D-ResNets-PyTorch's"

  private var stem: String { self == .torchvision ? "stem.0.weight" : "conv1.weight" }

  /// The naming of a file's tensors, and what stands before each name, such as `module.`.
  ///
  /// - Throws: where no tensor can be the stem's, or several can.
  static func find(
    in names: some Sequence<String>
  ) throws(ModelError) -> (naming: WeightNaming, prefix: String) {
    var found: [(naming: WeightNaming, prefix: String)] = []
    for name in names {
      for naming in [torchvision, plain] where name.hasSuffix(naming.stem) {
        let prefix = String(name.dropLast(naming.stem.count))
        let isWhole = prefix.isEmpty || prefix.hasSuffix(".")
        if isWhole && !prefix.contains("layer") { found.append((naming, prefix)) }
      }
    }
    // MoCo's checkpoints hold two encoders; the one that was trained is the query's.
    if found.count > 1 {
      let queries = found.filter { $0.prefix.contains("encoder_q") }
      if queries.count == 1 { found = queries }
    }
    guard found.count <= 1 else {
      throw ModelError(
        "the weights hold several networks, under "
          + found.map { "'\($0.prefix)'" }.sorted().joined(separator: ", "))
    }
    guard let one = found.first else {
      throw ModelError(
        "the weights are of no known network: none is named 'stem.0.weight' (torchvision) or "
          + "'conv1.weight' (3D-ResNets-PyTorch, two-dimensional ResNets)")
    }
    return one
  }

  /// The name in the file of a tensor of ours, without the prefix.
  func name(of ours: String) -> String {
    guard self == .plain else { return ours }
    var parts = ours.split(separator: ".").map(String.init)
    switch parts[0] {
    case "stem": return (parts[1] == "0" ? "conv1." : "bn1.") + parts[2]
    case "head":
      // SLIC's names for the head of SimCLR.
      let heads = ["0": "fc1", "1": "bn_proj", "3": "fc2"]
      return (heads[parts[1]] ?? parts[1]) + "." + parts[2]
    default:
      // layerL.B.convK.0 and .1 are convK and bnK; downsample keeps its numbers.
      guard parts.count == 5, parts[2].hasPrefix("conv") else { return ours }
      if parts[3] == "1" { parts[2] = "bn" + parts[2].dropFirst("conv".count) }
      parts.remove(at: 3)
      return parts.joined(separator: ".")
    }
  }
}
