/// The clusters that may be the nearest to one cluster, as far as single precision can tell.
struct Shortlist: BitwiseCopyable {
  /// How many candidates fit.
  static let capacity = 16
  /// Below any cosine.
  static let nothing: Float = -2

  /// The highest value offered.
  private(set) var best = nothing
  /// The second highest value offered.
  private(set) var second = nothing
  /// The highest value that was a candidate and found no room.
  private(set) var lost = nothing
  private(set) var count = 0
  private var values = InlineArray<16, Float>(repeating: nothing)
  private var places = InlineArray<16, Int32>(repeating: -1)

  /// Values below this need not be offered.
  ///
  /// - Parameter window: twice the error of a value.
  func threshold(_ window: Float) -> Float { min(best - window, second) }

  /// Takes note of a value.
  mutating func offer(_ value: Float, at place: Int32, window: Float) {
    if value > best {
      second = best
      best = value
    } else if value > second {
      second = value
    }
    guard value >= best - window else { return }
    if count == Self.capacity { dropValues(below: best - window) }
    guard count < Self.capacity else {
      lost = max(lost, value)
      return
    }
    values[count] = value
    places[count] = place
    count += 1
  }

  private mutating func dropValues(below floor: Float) {
    var kept = 0
    for index in 0..<count where values[index] >= floor {
      values[kept] = values[index]
      places[kept] = places[index]
      kept += 1
    }
    count = kept
  }

  /// Calls `body` with the place of every candidate whose value is at least `floor`.
  func forEach(from floor: Float, _ body: (Int) -> Void) {
    for index in 0..<count where values[index] >= floor { body(Int(places[index])) }
  }
}
