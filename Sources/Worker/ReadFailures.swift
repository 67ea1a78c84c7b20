public import Collective
import Foundation

/// The samples (or clips, by number) that this rank's lanes could not read, with the reasons.
///
/// `@unchecked Sendable`: the dictionary is touched under the lock alone.
public final class ReadFailures: @unchecked Sendable {
  private let lock = NSLock()
  private var all: [Int: String] = [:]

  /// Nothing has failed yet.
  public init() {}

  /// Takes a sample; the first reason stays.
  public func add(_ sample: Int, _ reason: String) {
    lock.withLock { if all[sample] == nil { all[sample] = reason } }
  }

  /// What this rank's lanes have added.
  var mine: [Int: String] { lock.withLock { all } }

  /// Tells all ranks, and returns what has failed on any; the lowest rank's reason counts.
  public func gathered(
    _ communicator: Communicator, site: StaticString = #function
  ) throws -> [Int: String] {
    let mine = mine
    let lists = try communicator.allGather(
      mine.isEmpty ? [] : Array(JSONEncoder().encode(mine)), site: site)
    return try (0..<communicator.size).reduce(into: [:]) { together, rank in
      guard !lists[rank].isEmpty else { return }
      let theirs = try JSONDecoder().decode([Int: String].self, from: Data(lists[rank]))
      together.merge(theirs) { first, _ in first }
    }
  }
}
