/// Where a dendrogram is cut: merges up to the cut hold, the others do not.
public enum CutRule: Sendable, Equatable {
  /// Keeps the merges whose height is at most this.
  case height(Double)
  /// Gives this many clusters.
  case count(Int)
  /// Keeps this share of the merges, the lowest first.
  case quantile(Double)
}

extension CutRule: Codable, CustomStringConvertible {
  /// The text form: `height:0.24`, `count:101` or `quantile:0.9`.
  public var description: String {
    switch self {
    case .height(let height): "height:\(height)"
    case .count(let count): "count:\(count)"
    case .quantile(let share): "quantile:\(share)"
    }
  }

  /// Reads the text form; nil if it is none.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    switch parts[0] {
    case "height":
      guard let height = Double(parts[1]), height.isFinite else { return nil }
      self = .height(height)
    case "count":
      guard let count = Int(parts[1]), count >= 1 else { return nil }
      self = .count(count)
    case "quantile":
      guard let share = Double(parts[1]), (0...1).contains(share) else { return nil }
      self = .quantile(share)
    default: return nil
    }
  }

  /// Reads the text form.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let rule = CutRule(text) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "'\(text)' is no cut; write height:H, count:K or quantile:Q")
    }
    self = rule
  }

  /// Writes the text form.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
