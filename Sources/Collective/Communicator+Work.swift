extension Communicator {
  /// Does work of this rank alone whose length differs from rank to rank, and may be longer than any
  /// deadline: reading or embedding this rank's share of the videos.
  ///
  /// While `body` runs and computes, the communication thread gives signs of life, from the last of
  /// which the deadline of peers counts that wait in the next collective. Where nothing is computed,
  /// there are none, and the deadline finds out. `body` may not use the communicator.
  ///
  /// - Throws: What `body` throws; else ``CollectiveError`` where the transport fails.
  public func work<Value>(_ body: () throws -> Value) throws -> Value {
    try work(Pulse(), body)
  }

  func work<Value>(_ pulse: Pulse, _ body: () throws -> Value) throws -> Value {
    guard let desk else { return try body() }
    return try desk.beside(pulse) { (station) throws(CollectiveError) in
      try pulse.whileComputing(station.beatInterval) { () throws(CollectiveError) in
        try station.showLife()
      }
    } while: {
      try body()
    }
  }
}

extension Desk {
  /// Runs `body` on the caller's thread, and on the communication thread meanwhile `beats`, which
  /// must end when `pulse` stops.
  func beside<Value>(
    _ pulse: Pulse, _ beats: @escaping @Sendable (inout Station) throws(CollectiveError) -> Void,
    while body: () throws -> Value
  ) throws -> Value {
    let outcome = Outcome<Void>()
    start { outcome.set(from: &$0, beats) }
    let result = Result { try body() }
    pulse.stop()
    wait()
    let value = try result.get()
    try outcome.get()
    return value
  }
}
