extension ViewRecipe: Codable, CustomStringConvertible {
  /// All words, by kind, for messages.
  public static let forms = """
    words joined by +, one of a kind: \(contents), \(orders), \(shapes), x2, x4, \
    x8, \(places)
    """

  private static let contents = Content.allCases.map(\.rawValue).joined(separator: ", ")
  private static let orders =
    Order.allCases.filter { $0 != .filmed }.map(\.rawValue).joined(separator: ", ")
  private static let shapes =
    Shape.allCases.filter { $0 != .plain }.map(\.rawValue).joined(separator: ", ")
  private static let places =
    Place.allCases.filter { $0 != .free }.map(\.rawValue).joined(separator: ", ")

  /// The words in their usual order, without those that go without saying: `same+x2+shuffle`.
  public var description: String {
    var words: [String] = []
    if place != .free { words.append(place.rawValue) }
    if speed != 1 { words.append("x\(speed)") }
    if order != .filmed { words.append(order.rawValue) }
    if shape != .plain { words.append(shape.rawValue) }
    if content != .rgb || words.isEmpty { words.append(content.rawValue) }
    return words.joined(separator: "+")
  }

  /// Reads the words; nil if one is unknown, or two are of a kind.
  public init?(_ text: String) {
    var kinds: Set<String> = []
    for part in text.split(separator: "+", omittingEmptySubsequences: false) {
      guard let kind = read(String(part)), kinds.insert(kind).inserted else { return nil }
    }
  }

  /// Takes a word in; returns its kind, or nil for an unknown one.
  private mutating func read(_ word: String) -> String? {
    if let content = Content(rawValue: word) {
      self.content = content
      return "content"
    }
    if let order = Order(rawValue: word), order != .filmed {
      self.order = order
      return "order"
    }
    if let place = Place(rawValue: word), place != .free {
      self.place = place
      return "place"
    }
    if let speed = Self.speeds.dropFirst().first(where: { "x\($0)" == word }) {
      self.speed = speed
      return "speed"
    }
    guard let shape = Shape(rawValue: word), shape != .plain else { return nil }
    self.shape = shape
    return "shape"
  }

  /// Reads the words.
  public init(from decoder: any Swift.Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let recipe = ViewRecipe(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(text)' is no view; write \(Self.forms)")
    }
    self = recipe
  }

  /// Writes the words.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension [ViewRecipe] {
  /// What cannot be made of a list of views with clips of `frames` frames, in words; nil when all can.
  public func problem(frames: Int) -> String? {
    if let first, first.refersToFirst {
      return "the first view is '\(first)', and cannot take another's window"
    }
    let moving = self.first { recipe in
      recipe.order != .filmed || recipe.content == .residual || recipe.content == .difference
    }
    if let moving, frames < 2 { return "'\(moving)' needs video.frames of 2 or more, is \(frames)" }
    let still = self.first { $0.content == .mv && $0.shape != .plain }
    return still.map { "'\($0)' cannot be: motion vectors are not warped" }
  }
}
