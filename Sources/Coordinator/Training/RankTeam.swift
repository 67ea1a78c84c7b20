public import Clustering
public import Collective

/// The ranks of a run as a team that clusters together.
public struct RankTeam: SearchTeam {
  private let communicator: Communicator

  /// Every rank of the communicator is of the team.
  public init(_ communicator: Communicator) { self.communicator = communicator }

  /// This rank's number.
  public var rank: Int { communicator.rank }
  /// The number of ranks.
  public var size: Int { communicator.size }

  /// Does what every rank does alone, however long it takes.
  func work<Value>(_ body: () throws -> Value) throws -> Value { try communicator.work(body) }

  /// Gives every rank everybody's elements, joined in rank order.
  public func gather<Element: BitwiseCopyable & Sendable>(_ mine: [Element]) throws -> [Element] {
    try communicator.allGather(mine).joined
  }
}
