import Foundation

/// Named arrays with shapes, in the safetensors format: a length, a JSON header, raw values.
///
/// The format is documented at huggingface.co/docs/safetensors; Python opens what this writes.
public struct SafeTensors: Sendable, Equatable {
  /// The elements of a tensor, row-major.
  public enum Values: Sendable, Equatable {
    /// 32-bit floats; written as `F32`, read from `F16`, `BF16`, `F32` and `F64`.
    case floats([Float])
    /// Integers; written as `I64`, read from `I32`, `I64` and `U64`.
    case integers([Int64])

    /// The number of elements.
    public var count: Int {
      switch self {
      case .floats(let values): values.count
      case .integers(let values): values.count
      }
    }
  }

  /// One tensor: a name, a shape and as many values as the shape has places.
  public struct Entry: Sendable, Equatable {
    /// The tensor's name; each occurs once in a file.
    public let name: String
    /// The extents, outermost first; none for a scalar.
    public let shape: [Int]
    /// The elements.
    public let values: Values

    /// Creates a tensor from as many values as the shape has places.
    public init(_ name: String, shape: [Int], values: Values) {
      precondition(
        shape.reduce(1, *) == values.count,
        "\(values.count) values cannot fill '\(name)' of shape \(shape)")
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  /// The tensors; in a file they follow by element size, then by name.
  public var entries: [Entry]
  /// Free text about the file.
  public var metadata: [String: String]

  /// Collects tensors of distinct names.
  public init(_ entries: [Entry], metadata: [String: String] = [:]) {
    self.entries = entries
    self.metadata = metadata
  }

  /// The tensor of a name; nil if there is none.
  public subscript(name: String) -> Entry? { entries.first { $0.name == name } }

  /// The floats of a tensor; nil if there is none of that name, or it holds integers.
  public func floats(_ name: String) -> [Float]? {
    guard case .floats(let values)? = self[name]?.values else { return nil }
    return values
  }

  /// The integers of a tensor; nil if there is none of that name, or it holds floats.
  public func integers(_ name: String) -> [Int64]? {
    guard case .integers(let values)? = self[name]?.values else { return nil }
    return values
  }
}
