extension Double {
  /// The number's bits as an integer: how files of integers keep it exactly.
  public var storedBits: Int { Int(bitPattern: UInt(bitPattern)) }

  /// The number of the bits.
  public init(storedBits: Int) { self.init(bitPattern: UInt64(UInt(bitPattern: storedBits))) }
}
