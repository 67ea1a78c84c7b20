/// What a file's tensors fill of a network, what they do not, and why.
public struct WeightMapping: Sendable {
  /// Named arrays with their shapes.
  public typealias Tensors = [String: (shape: [Int], values: [Float])]

  /// What became of one tensor of the network or of the file.
  public enum Outcome: Sendable, Equatable {
    /// The network's tensor is the file's.
    case taken
    /// A two-dimensional kernel, repeated over this many frames and divided by them.
    case inflated(frames: Int)
    /// The network's tensor is not in the file.
    case missing
    /// The file's tensor has another shape.
    case wrongShape(file: [Int], network: [Int])
    /// The file's tensor has no place in the network.
    case unexpected
  }

  /// One line of the table.
  public struct Line: Sendable, Equatable {
    /// The tensor's name in the network, or in the file if it has no place there.
    public let name: String
    /// Its name in the file, where that is another.
    public let fileName: String?
    /// What became of it.
    public let outcome: Outcome
    /// Whether this does not stop the weights from being used.
    public let isAllowed: Bool
  }

  /// The network's tensors in forward order, then what the file has besides.
  public let lines: [Line]
  /// Whether the file holds the projection head, or the network has none.
  public let fillsHead: Bool
  /// All of the network's tensors that the file fills, in its shapes.
  let filled: Tensors

  /// Finds for every tensor of a network the file's.
  ///
  /// A classifier (`fc`) has no place in an encoder, and a file may lack the projection head as a
  /// whole, which then keeps its initial values; both are reported and allowed.
  ///
  /// - Parameters:
  ///   - tensors: the float tensors of a file; counters of batches are no floats.
  ///   - omitted: beginnings of names that may be missing, unexpected or of another shape.
  /// - Throws: where no tensor can be the stem's, or several can.
  public init(
    _ tensors: Tensors, into network: ResNet3D, omitting omitted: [String] = []
  ) throws(ModelError) {
    let (naming, prefix) = try WeightNaming.find(in: tensors.keys)
    func isOmitted(_ name: String) -> Bool {
      omitted.contains { name == $0 || name.hasPrefix($0 + ".") }
    }
    let entries = network.layout.parameters + network.layout.statistics
    var unused = Set(tensors.keys)
    for entry in entries { unused.remove(prefix + naming.name(of: entry.name)) }
    let hasHead = entries.contains {
      $0.name.hasPrefix("head.") && tensors[prefix + naming.name(of: $0.name)] != nil
    }
    var lines: [Line] = []
    var filled: Tensors = [:]
    for entry in entries {
      let fileName = prefix + naming.name(of: entry.name)
      let outcome: Outcome
      if let tensor = tensors[fileName] {
        if let fitting = Self.fitted(tensor, to: entry.shape) {
          filled[entry.name] = fitting.tensor
          outcome = fitting.outcome
        } else {
          outcome = .wrongShape(file: tensor.shape, network: entry.shape)
        }
      } else {
        outcome = .missing
      }
      let isNewHead = entry.name.hasPrefix("head.") && !hasHead
      lines.append(
        Line(
          name: entry.name, fileName: fileName == entry.name ? nil : fileName, outcome: outcome,
          isAllowed: filled[entry.name] != nil || isNewHead || isOmitted(entry.name)))
    }
    for name in unused.sorted() {
      let plain = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
      let isClassifier = name.hasPrefix(prefix) && plain.hasPrefix("fc.")
      lines.append(
        Line(
          name: name, fileName: nil, outcome: .unexpected,
          isAllowed: isClassifier || isOmitted(name) || isOmitted(plain)))
    }
    self.lines = lines
    fillsHead = hasHead || network.head == nil
    self.filled = filled
  }

  /// A tensor in a network's shape; a two-dimensional kernel is repeated over the frames and divided
  /// by them (Carreira and Zisserman, CVPR 2017, section 2.4).
  private static func fitted(
    _ tensor: (shape: [Int], values: [Float]), to shape: [Int]
  ) -> (tensor: (shape: [Int], values: [Float]), outcome: Outcome)? {
    guard tensor.values.count == tensor.shape.reduce(1, *) else { return nil }
    if tensor.shape == shape { return (tensor, .taken) }
    guard shape.count == 5, tensor.shape == [shape[0], shape[1], shape[3], shape[4]] else {
      return nil
    }
    let (frames, plane) = (shape[2], shape[3] * shape[4])
    var values: [Float] = []
    values.reserveCapacity(tensor.values.count * frames)
    for kernel in 0..<shape[0] * shape[1] {
      let part = tensor.values[kernel * plane..<(kernel + 1) * plane].map { $0 / Float(frames) }
      for _ in 0..<frames { values.append(contentsOf: part) }
    }
    return ((shape, values), .inflated(frames: frames))
  }

  /// The lines that stop the weights from being used.
  public var problems: [Line] { lines.filter { !$0.isAllowed } }
}

extension EncoderWeights {
  /// Takes over what a mapping fills; all other weights stay as they are.
  ///
  /// - Throws: `ModelError` with a table of what stands in the way; then nothing has changed.
  public func load(_ mapping: WeightMapping) throws(ModelError) {
    guard mapping.problems.isEmpty else {
      throw ModelError(
        "the weights do not fit the network:\n" + mapping.table(of: mapping.problems))
    }
    var tensors = mapping.filled
    for tensor in self.tensors where tensors[tensor.name] == nil {
      tensors[tensor.name] = (tensor.shape, tensor.values)
    }
    try load(tensors)
  }
}
