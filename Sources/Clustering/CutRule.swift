/// Where a dendrogram is cut: merges up to the cut hold, the others do not.
public enum CutRule: Sendable, Equatable {
  /// Keeps the merges whose height is at most this.
  case height(Double)
  /// Gives this many clusters.
  case count(Int)
  /// Keeps this share of the merges, the lowest first: a quantile of the heights.
  case quantile(Double)
  /// Cuts where two successive heights are farthest apart, leaving at least this many clusters, two
  /// or more; of equal gaps at the highest.
  case gap(atLeast: Int)

  /// The text forms, for messages.
  public static let forms = "height:H, count:K, quantile:Q, gap or gap:K"
}

extension CutRule {
  /// Whether a cut lies below another in every dendrogram; what depends on the dendrogram counts as no.
  public func isBelow(_ finer: CutRule) -> Bool {
    switch (finer, self) {
    case (.count(let fine), .count(let coarse)), (.gap(let fine), .gap(let coarse)):
      coarse > fine
    case (.height(let fine), .height(let coarse)), (.quantile(let fine), .quantile(let coarse)):
      coarse < fine
    default: false
    }
  }
}

extension CutRule: Codable, CustomStringConvertible {
  /// The text form: `height:0.24`, `count:101`, `quantile:0.9` or `gap:20`; `gap` is `gap:2`.
  public var description: String {
    switch self {
    case .height(let height): "height:\(height)"
    case .count(let count): "count:\(count)"
    case .quantile(let share): "quantile:\(share)"
    case .gap(let count): count == 2 ? "gap" : "gap:\(count)"
    }
  }

  /// Reads the text form; nil if it is none.
  public init?(_ text: String) {
    if text == "gap" {
      self = .gap(atLeast: 2)
      return
    }
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
    case "gap":
      guard let count = Int(parts[1]), count >= 2 else { return nil }
      self = .gap(atLeast: count)
    default: return nil
    }
  }

  /// Reads the text form.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let rule = CutRule(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(text)' is no cut; write \(Self.forms)")
    }
    self = rule
  }

  /// Writes the text form.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
