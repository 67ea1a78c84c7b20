internal import Clustering
internal import Collective

/// The ranks of a run as a team that searches for neighbours together.
struct RankTeam: SearchTeam {
  let communicator: Communicator

  var rank: Int { communicator.rank }
  var size: Int { communicator.size }

  func gather<Element: BitwiseCopyable & Sendable>(_ mine: [Element]) throws -> [Element] {
    try communicator.allGather(mine).joined
  }
}
