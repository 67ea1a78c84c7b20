/// A named stream of random numbers: the same name gives the same numbers everywhere.
///
/// The generator is counter-based, so there is no hidden state to save, and nothing depends on the
/// order of decoding, on ranks or on lanes. Philox 4×32 with ten rounds: Salmon et al., "Parallel
/// random numbers: as easy as 1, 2, 3", SC 2011, section 3.3.
public struct RandomStream: RandomNumberGenerator, Sendable {
  /// What the numbers are for; two purposes never share a number.
  public enum Purpose: UInt32, Sendable {
    /// The fixed shuffle of a manifest.
    case manifest = 1
    /// Initial weights.
    case weights
    /// The choice of samples for the steps of an epoch.
    case plan
    /// The choice of frames in a video.
    case window
    /// Augmentation draws.
    case augmentation
    /// Draws that an objective makes.
    case objective
    /// The replacement of an unreadable file.
    case replacement
    /// Resampling in reports.
    case bootstrap
    /// Clustering draws (seeding).
    case clustering
    /// Test and benchmark data.
    case test
    /// What a view's recipe leaves to chance: the order of frames, and how the picture is bent.
    case recipe
    /// Which samples' keys are embedded together.
    case keys
    /// Which cluster mate shows a sample's positive.
    case mates
  }

  private let key: SIMD2<UInt32>
  private var counter: SIMD4<UInt32>
  private var block: SIMD4<UInt32> = .zero
  private var used = 4

  /// Opens the stream of a name.
  public init(seed: UInt64, purpose: Purpose, epoch: Int = 0, sample: Int = 0, view: Int = 0) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(
      0, UInt32(truncatingIfNeeded: sample), UInt32(truncatingIfNeeded: epoch),
      purpose.rawValue << 16 | UInt32(truncatingIfNeeded: view & 0xffff))
  }

  /// One Philox block: ten rounds over a counter.
  static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var x = counter
    var k = key
    for _ in 0..<10 {
      let first = UInt64(x[0]) * 0xD251_1F53
      let second = UInt64(x[2]) * 0xCD9E_8D57
      x = SIMD4(
        UInt32(truncatingIfNeeded: second >> 32) ^ x[1] ^ k[0],
        UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ x[3] ^ k[1],
        UInt32(truncatingIfNeeded: first))
      k = SIMD2(k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85)
    }
    return x
  }

  /// The next 32 random bits.
  public mutating func next32() -> UInt32 {
    if used == 4 {
      block = Self.philox(counter: counter, key: key)
      counter[0] &+= 1
      used = 0
    }
    defer { used += 1 }
    return block[used]
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let low = UInt64(next32())
    return UInt64(next32()) << 32 | low
  }

  /// A number in 0 ..< 1, a multiple of 2⁻²⁴.
  public mutating func uniform() -> Float { Float(next32() >> 8) * 0x1p-24 }

  /// A number between two bounds.
  public mutating func uniform(in bounds: ClosedRange<Float>) -> Float {
    bounds.lowerBound + (bounds.upperBound - bounds.lowerBound) * uniform()
  }

  /// An integer in 0 ..< `bound`, without bias.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "no integer lies below \(bound)")
    let limit = UInt64(bound)
    let threshold = (0 &- limit) % limit
    while true {
      let product = next().multipliedFullWidth(by: limit)
      if product.low >= threshold { return Int(product.high) }
    }
  }

  /// Whether an event of the given probability happens.
  public mutating func chance(_ probability: Float) -> Bool { uniform() < probability }

  /// A permutation of 0 ..< `count`: Fisher–Yates, written out because the standard library does
  /// not promise to keep its own the same.
  public mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, integer(below: last + 1))
    }
    return order
  }
}
