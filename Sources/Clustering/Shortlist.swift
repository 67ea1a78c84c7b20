// `unsafe` is sound here because a list has 16 values followed by 16 ids in C's layout, places are
// checked against 16, and only the lane that was given the cluster touches its list.
internal import CPanels

/// The clusters most similar to one cluster, in descending order of upper bounds on similarity.
@safe
struct Shortlist {
  static let capacity = 16

  private let list: UnsafeMutablePointer<cpanels_list>

  init(_ list: UnsafeMutablePointer<cpanels_list>) { unsafe self.list = unsafe list }

  /// The bound at a place.
  func value(_ place: Int) -> Float {
    precondition(place >= 0 && place < Self.capacity)
    return unsafe UnsafeRawPointer(list).load(fromByteOffset: 4 * place, as: Float.self)
  }

  /// The slot at a place, or −1 from the end of the list on.
  func slot(_ place: Int) -> Int32 {
    precondition(place >= 0 && place < Self.capacity)
    return unsafe UnsafeRawPointer(list).load(
      fromByteOffset: 4 * (Self.capacity + place), as: Int32.self)
  }

  /// What no cluster outside a list fresh from a search exceeds; −infinity where the list has room.
  var bound: Float { value(Self.capacity - 1) }

  func clear() { unsafe cpanels_clear(list) }

  /// Takes note of a bound, if it is among the highest.
  func offer(_ value: Float, _ slot: Int32) { unsafe cpanels_offer(list, value, slot) }

  /// Puts a new cluster in the place of two that have ended, one of whose slots it has.
  ///
  /// - Returns: the highest bound that the list has no room for; −infinity where it has.
  func replace(_ ended: Int32, by slot: Int32, _ value: Float) -> Float {
    unsafe cpanels_replace(list, ended, slot, value)
  }

  /// Offers all that another list holds.
  func offer(_ other: Shortlist) {
    for place in 0..<Self.capacity where other.slot(place) >= 0 {
      offer(other.value(place), other.slot(place))
    }
  }
}

extension Float {
  /// The lowest float that is not below a number.
  init(above value: Double) {
    let nearest = Float(value)
    self = Double(nearest) < value ? nearest.nextUp : nearest
  }
}
