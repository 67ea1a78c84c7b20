import ArgumentParser
import Collective
import Coordinator

/// The command `kindreel selftest`.
struct Selftest: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check this cluster before an expensive job.",
    discussion: "Run it the way the job will run: mpirun -n 4 kindreel selftest",
    subcommands: [SelftestCommunication.self, SelftestKernels.self],
    defaultSubcommand: SelftestCommunication.self)
}

/// The command `kindreel selftest communication`.
struct SelftestCommunication: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "communication", abstract: "Check the laws of communication.")

  @Option(help: "How long a collective may wait for a rank, in seconds.")
  var deadline = 30.0

  @OptionGroup var world: WorldOptions

  func run() throws {
    try reportingFailure {
      let ranks = try world.launch(deadline: deadline) { communicator in
        let results = try checkTransportLaws(communicator)
        if communicator.rank == 0 {
          for law in results {
            print("\(law.passed ? "ok    " : "FAILED") \(law.name) \(law.detail)")
          }
        }
        guard results.allSatisfy(\.passed) else {
          throw ReplicaError(description: "a law of communication does not hold here")
        }
        return communicator.size
      }
      if let ranks { print("all laws hold on \(ranks) ranks") }
    }
  }
}
