import Foundation

extension Communicator {
  /// Gathers, computes at the root, and gives every rank the value or the failure.
  ///
  /// While `body` runs, the root's communication thread sends heartbeats, from the last of which the
  /// peers' deadline counts: the work may take longer than any deadline. The value travels as JSON.
  ///
  /// ```swift
  /// let labels = try communicator.decide(gathering: embeddings) { everyone in cluster(everyone) }
  /// ```
  /// - Parameters:
  ///   - mine: This rank's elements; ranks may give different numbers.
  ///   - body: Runs on the root alone.
  /// - Throws: At the root what `body` throws, elsewhere `.peerFailed` with its words; after that
  ///   the ranks are still in step. Else ``CollectiveError``, as ``barrier(_:)``.
  public func decide<E: BitwiseCopyable & Sendable, Value: Codable & Sendable>(
    gathering mine: [E], at root: Int = 0, site: StaticString = #function,
    _ body: (Gathered<E>) throws -> Value
  ) throws -> Value {
    try decide(.decide, gathering: mine, at: root, site: site, body) {
      try Self.encoder.encode(Sole(value: $0)).map { $0 }
    } decode: {
      try Self.decoder.decode(Sole<Value>.self, from: Data($0)).value
    }
  }

  /// The same for a value that is an array of plain elements: it travels as bytes, not as JSON.
  public func decide<E: BitwiseCopyable & Sendable, V: BitwiseCopyable & Codable & Sendable>(
    gathering mine: [E], at root: Int = 0, site: StaticString = #function,
    _ body: (Gathered<E>) throws -> [V]
  ) throws -> [V] {
    try decide(.decide, gathering: mine, at: root, site: site, body) {
      try unsafe $0.withBytes { unsafe Array($0) }
    } decode: {
      try [V](bytes: $0)
    }
  }

  /// Gives every rank the root's value, as JSON.
  ///
  /// - Parameter value: The value at the root; not looked at elsewhere.
  /// - Throws: `.invalid` where the root has none, its encoding error, or ``CollectiveError`` as
  ///   ``barrier(_:)``; on every rank.
  public func broadcast<V: Codable & Sendable>(
    value: V?, from root: Int = 0, site: StaticString = #function
  ) throws -> V {
    try decide(.broadcast, gathering: [UInt8](), at: root, site: site) { _ in
      guard let value else {
        throw CollectiveError(.invalid("rank \(root) has no value to broadcast in \(site)"))
      }
      return value
    } encode: {
      try Self.encoder.encode(Sole(value: $0)).map { $0 }
    } decode: {
      try Self.decoder.decode(Sole<V>.self, from: Data($0)).value
    }
  }

  private func decide<E: BitwiseCopyable & Sendable, Value>(
    _ verb: Verb, gathering mine: [E], at root: Int, site: StaticString,
    _ body: (Gathered<E>) throws -> Value, encode: (Value) throws -> [UInt8],
    decode: ([UInt8]) throws -> Value
  ) throws -> Value {
    check(root)
    guard let desk else { return try body(Gathered(joined: mine, counts: [mine.count])) }
    let gathered = try desk.perform { (station) throws(CollectiveError) -> Gathered<E>? in
      let counts = try station.counts(verb, of: mine, root: root, at: site)
      return try station.collect(mine, counts: counts, at: root)
    }
    guard let gathered else {
      return try decode(
        desk.perform { (station) throws(CollectiveError) in try station.awaitVerdict(of: root) })
    }
    let pulse = Pulse()
    var verdict = Verdict.value([])
    let result = try desk.beside(pulse) { (station) throws(CollectiveError) in
      try station.beat(while: pulse)
    } while: {
      Result {
        let value = try body(gathered)
        verdict = .value(try encode(value))
        return value
      }
    }
    if case .failure(let error) = result {
      let failure = Farewell.Failure(error)
      verdict = .failure(message: failure.message, exitCode: failure.exitCode)
    }
    let conclusion = verdict
    try desk.perform { (station) throws(CollectiveError) in try station.conclude(conclusion) }
    return try result.get()
  }

  /// A value of its own in JSON, which older readers want inside an object.
  private struct Sole<Value: Codable>: Codable { let value: Value }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}
