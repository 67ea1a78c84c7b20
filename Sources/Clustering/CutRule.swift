/// Where a dendrogram is cut: merges up to the cut hold, the others do not.
public enum CutRule: Sendable, Equatable {
  /// Keeps the merges whose height is at most this.
  case height(Double)
  /// Gives this many clusters.
  case count(Int)
  /// Keeps this share of the merges, the lowest first: a quantile of the heights. All of equal rows, if any.
  case quantile(Double)
  /// Cuts where two successive heights are farthest apart, leaving at least this many clusters, two
  /// or more; of equal gaps at the highest. Equal heights are no gap.
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
    guard let rule = try? CutRule(parsing: text) else { return nil }
    self = rule
  }

  /// A text that is no cut, and why.
  public struct Problem: Error, CustomStringConvertible, Sendable {
    /// The text and what would be one.
    public let description: String
  }

  /// Reads the text form.
  ///
  /// - Throws: `Problem`.
  public init(parsing text: String) throws(Problem) {
    func require<Value>(
      _ value: Value?, _ isAllowed: (Value) -> Bool, _ range: String
    ) throws(Problem) -> Value {
      guard let value, isAllowed(value) else {
        throw Problem(description: "'\(text)' is no cut: \(range)")
      }
      return value
    }
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    let number = parts.count == 2 ? parts[1] : ""
    switch parts.first {
    case "gap" where text == "gap": self = .gap(atLeast: 2)
    case "height":
      self = .height(try require(Double(number), \.isFinite, "H of height:H is a number"))
    case "count":
      self = .count(try require(Int(number), { $0 >= 1 }, "K of count:K is at least 1"))
    case "quantile":
      self = .quantile(
        try require(Double(number), { (0...1).contains($0) }, "Q of quantile:Q lies in 0…1"))
    case "gap":
      self = .gap(atLeast: try require(Int(number), { $0 >= 2 }, "K of gap:K is at least 2"))
    default: throw Problem(description: "'\(text)' is no cut; write \(Self.forms)")
    }
  }

  /// Reads the text form.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      self = try CutRule(parsing: try container.decode(String.self))
    } catch let problem as Problem {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: problem.description)
    }
  }

  /// Writes the text form.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
