import ArgumentParser
import Collective
import Coordinator
import Foundation
import Tensors

/// Refuses more ranks or lanes than anybody has cores for; each of them is a thread.
func checkThreads(_ name: String, _ count: Int?) throws {
  if let count, !(1...1024).contains(count) {
    throw ValidationError("--\(name) is \(count); it must lie in 1…1024")
  }
}

/// How many ranks and lanes compute; under mpirun, it says how many ranks there are.
struct WorldOptions: ParsableArguments {
  @Option(help: "Simulated ranks, as threads of this process; not together with mpirun.")
  var ranks: Int?

  @Option(help: "Compute threads of each rank; the default shares the cores this process may use.")
  var lanes: Int?

  func validate() throws {
    try checkThreads("ranks", ranks)
    try checkThreads("lanes", lanes)
    if let ranks, ranks > 1, Launch.isUnderMPI {
      throw ValidationError("--ranks \(ranks) and mpirun exclude each other; leave --ranks out")
    }
  }

  /// The ranks that share this machine.
  var ranksOfMachine: Int {
    Launch.isUnderMPI ? Launch.ranksOfMachine ?? 1 : ranks ?? 1
  }

  /// The lanes of each rank: as asked for, or an equal share of the cores of the affinity mask.
  ///
  /// A mask smaller than the machine is taken as this rank's own.
  var lanesOfRank: Int {
    if let lanes { return lanes }
    let machine = ProcessInfo.processInfo
    let mine = LanePool.cores
    return Launch.isUnderMPI && mine < machine.processorCount ? mine : max(1, mine / ranksOfMachine)
  }

  /// Runs the same body on every rank, and returns rank 0's result; nil on other MPI ranks.
  func launch<Result: Sendable>(
    deadline: Double, _ body: @escaping @Sendable (Communicator) throws -> Result
  ) throws -> Result? {
    if Launch.isUnderMPI {
      return try Launch.mpi(deadline: .seconds(deadline)) { communicator in
        let result = try body(communicator)
        return communicator.rank == 0 ? result : nil
      }
    }
    return try Launch.simulated(ranks: ranks ?? 1, deadline: .seconds(deadline), body)[0]
  }
}

/// Prints the failure and leaves with its exit code.
func reportingFailure(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch let error as any ExitCoded {
    try leave(error, code: error.exitCode)
  } catch let code as ArgumentParser.ExitCode {
    throw code
  } catch let error as ValidationError {
    throw error
  } catch {
    try leave(error, code: Coordinator.ExitCode.unexpected.rawValue)
  }
}

private func leave(_ error: any Error, code: Int32) throws {
  StandardError.say("kindreel: error: \(error)")
  throw ArgumentParser.ExitCode(code)
}

/// Prints a value as one line of JSON with sorted keys.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
