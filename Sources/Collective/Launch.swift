import Foundation
import Synchronization

/// The two worlds in which the same body runs on every rank.
public enum Launch {
  /// How long ranks wait for each other unless told otherwise.
  public static let defaultDeadline: Duration = .seconds(300)

  /// Whether a launcher of MPI (Open MPI, MPICH, PMIx under Slurm) started this process.
  public static var isUnderMPI: Bool {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"].contains { environment[$0] != nil }
  }

  /// The ranks that a launcher started together, as it says (Open MPI, MPICH, Slurm); nil without one.
  public static var ranksOfJob: Int? { ranksOfJob(in: ProcessInfo.processInfo.environment) }

  static func ranksOfJob(in environment: [String: String]) -> Int? {
    // Slurm's variable is set in an allocation's shell, too; a process manager's is not.
    let names =
      ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"]
      + (environment["PMIX_RANK"] == nil ? [] : ["SLURM_STEP_NUM_TASKS"])
    return names.lazy.compactMap { environment[$0].flatMap(Int.init) }.first
  }

  /// The ranks that share this machine, as their launcher (Open MPI, MPICH, Slurm) says; nil if it does
  /// not.
  public static var ranksOfMachine: Int? {
    ranksOfMachine(in: ProcessInfo.processInfo.environment)
  }

  static func ranksOfMachine(in environment: [String: String]) -> Int? {
    for name in ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"] {
      if let count = environment[name].flatMap(Int.init), count > 0 { return count }
    }
    // Slurm lists all nodes', as in "8(x2),4", and tells the place of this one.
    guard let tasks = environment["SLURM_STEP_TASKS_PER_NODE"],
      var node = environment["SLURM_NODEID"].flatMap(Int.init)
    else { return nil }
    for part in tasks.split(separator: ",") {
      let numbers = part.split { "(x)".contains($0) }.map { Int($0) ?? 0 }
      guard let count = numbers.first, count > 0 else { return nil }
      let nodes = numbers.count > 1 ? numbers[1] : 1
      if node < nodes { return count }
      node -= nodes
    }
    return nil
  }

  /// Runs `body` on simulated ranks: threads of this process.
  ///
  /// - Parameters:
  ///   - ranks: How many, at least 1. A single rank runs on the calling thread.
  ///   - deadline: How long ranks wait for each other.
  ///   - body: One rank's work.
  /// - Returns: What the ranks returned, in rank order.
  /// - Throws: The error of the lowest rank that failed by itself; its peers got `.peerFailed`.
  public static func simulated<R: Sendable>(
    ranks: Int, deadline: Duration = defaultDeadline,
    _ body: @escaping @Sendable (Communicator) throws -> R
  ) throws -> [R] {
    try simulated(ranks: ranks, deadline: deadline, bytesPerMessage: 64 << 20, body)
  }

  static func simulated<R: Sendable>(
    ranks: Int, deadline: Duration, bytesPerMessage: Int,
    _ body: @escaping @Sendable (Communicator) throws -> R
  ) throws -> [R] {
    precondition(ranks >= 1, "a world of \(ranks) ranks cannot work")
    let world = SimulatedWorld(size: ranks)
    let results = Mutex<[Int: Result<R, any Error>]>([:])
    let run = { @Sendable (rank: Int) in
      let communicator = Communicator(
        SimulatedTransport(world: world, rank: rank), deadline: deadline,
        bytesPerMessage: bytesPerMessage)
      let (result, _) = work(on: communicator, body)
      results.withLock { $0[rank] = result }
    }
    if ranks == 1 {
      run(0)
    } else {
      Threads.run(ranks, run)
    }
    let all = results.withLock { results in (0..<ranks).compactMap { results[$0] } }
    let errors = all.compactMap { result -> (any Error)? in
      if case .failure(let error) = result { error } else { nil }
    }
    let own = errors.first { ($0 as? CollectiveError)?.isRelayed != true }
    if let error = own ?? errors.first { throw error }
    return try all.map { try $0.get() }
  }

  /// Runs `body` on this process as one rank of an MPI job, from MPI's start to its end.
  ///
  /// If the body throws on some rank, all ranks end MPI in order and throw errors with the same
  /// exit code. Where a rank does not come to the end, the others print their error, and the job is
  /// ended by force with that code after `grace`. MPI can be started once in a process.
  ///
  /// - Parameters:
  ///   - deadline: How long ranks wait for each other.
  ///   - grace: How long to wait for an orderly end after a failure.
  ///   - body: This rank's work.
  /// - Throws: What `body` throws here, `.peerFailed` where another rank failed first, or
  ///   ``CollectiveError`` of MPI itself.
  public static func mpi<R>(
    deadline: Duration = defaultDeadline, grace: Duration = .seconds(5),
    _ body: (Communicator) throws -> R
  ) throws -> R {
    let session = try MPISession()
    let transport = MPITransport(session)
    let (result, ending) = work(on: Communicator(transport, deadline: deadline), body)
    guard case .failure(let error) = result else {
      try session.finalize()
      return try result.get()
    }
    let lastWords = "rank \(transport.rank) of \(transport.size): \(error)"
    let code = CollectiveError.exitCode(of: error)
    if transport.isTorn {
      try? FileHandle.standardError.write(contentsOf: Data((lastWords + "\n").utf8))
      Thread.sleep(forTimeInterval: grace / .seconds(1))
      session.abort(code)
      exit(code)
    }
    // Peers that know of the failure come when their own work has unwound; others may never come.
    Guillotine.fall(after: ending?.leavesPeersBehind == true ? grace : deadline, lastWords, code)
    try session.finalize()
    throw error
  }

  /// One rank's work with its farewell; the error it leaves with and what ended its world.
  private static func work<R>(
    on communicator: Communicator, _ body: (Communicator) throws -> R
  ) -> (Result<R, any Error>, CollectiveError?) {
    let result = Result { try body(communicator) }
    var own: (any Error)?
    if case .failure(let error) = result { own = error }
    let ending = communicator.leave(after: own)
    communicator.close()
    guard let ending else { return (result, nil) }
    guard let own else { return (.failure(ending), ending) }
    guard case .peerFailed(let rank, let message, let code) = ending.kind,
      code != CollectiveError.exitCode(of: own)
    else { return (result, ending) }
    // Two ranks failed at once: all leave with the code of the first, and lose no words.
    let words = "\(message); rank \(communicator.rank) failed too: \(own)"
    return (
      .failure(CollectiveError(.peerFailed(rank: rank, message: words, exitCode: code))), ending
    )
  }
}

/// Threads with room for deep stacks, all waited for.
private enum Threads {
  static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let done = DispatchSemaphore(value: 0)
    for index in 0..<count {
      let thread = Thread {
        body(index)
        done.signal()
      }
      thread.stackSize = 16 << 20
      thread.name = "rank \(index)"
      thread.start()
    }
    for _ in 0..<count { done.wait() }
  }
}

/// The end by force of a process that waits in `MPI_Finalize` for a rank that never comes.
///
/// `MPI_Abort` may not be called then; a launcher takes the other ranks down when one exits.
private enum Guillotine {
  static func fall(after grace: Duration, _ lastWords: String, _ code: Int32) {
    let thread = Thread {
      Thread.sleep(forTimeInterval: grace / .seconds(1))
      try? FileHandle.standardError.write(contentsOf: Data((lastWords + "\n").utf8))
      _exit(code)
    }
    thread.start()
  }
}
