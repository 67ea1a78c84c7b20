import ArgumentParser
import Collective
import Coordinator
import Foundation

/// The command line of kindreel.
@main
struct Kindreel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kindreel",
    abstract: "Learn, without labels, which videos are alike; then find them.",
    discussion: """
      One job trains an encoder on a folder of unlabelled videos:

        mpirun -n 4 kindreel train --config demo --data Samples/actions --out runs/first

      Exit codes: 0 ok, 64 usage, 65 bad data, 66 input missing, 70 replicas differ, 73 cannot \
      write, 74 I/O, 75 saved and stopped (start again with --resume), 76 ranks disagree, 77 no \
      permission, 78 bad configuration, 79 a rank did not answer in time, 80 no finite numbers.
      """,
    version: Versions.text,
    subcommands: [
      Train.self, ScanVideos.self, Shard.self, Embed.self, Export.self, Search.self, Cluster.self,
      Evaluate.self, FineTune.self, Report.self, Preview.self, Selftest.self, Bench.self,
      Doctor.self,
    ])

  static func main() {
    StandardOutput.checkAtExit()
    // Where files may not grow, writing fails and says so.
    signal(SIGXFSZ, SIG_IGN)
    do {
      try refuseOtherBytes()
      var command = try parseAsRoot()
      if let alone = command as? any RunsAlone { try alone.refuseCompany() }
      try command.run()
    } catch {
      exit(withError: error)
    }
  }
}

extension Kindreel {
  /// Refuses arguments that are no UTF-8: what Swift makes of them names other files.
  private static func refuseOtherBytes() throws {
    for place in 0..<Int(CommandLine.argc) {
      guard let argument = unsafe CommandLine.unsafeArgv[place] else { continue }
      if unsafe String(validatingCString: argument) == nil {
        throw ValidationError(
          "argument \(place) is no UTF-8: '\(CommandLine.arguments[place])'; a list or a folder may hold "
            + "files of any name, the command line cannot")
      }
    }
  }
}

/// A command that is one process's work: several would do it all at once and write one file.
protocol RunsAlone: ParsableCommand {}

extension RunsAlone {
  /// Refuses a launcher's further processes.
  fileprivate func refuseCompany() throws {
    guard let ranks = Launch.ranksOfJob, ranks > 1 else { return }
    throw ValidationError(
      "this is the work of one process, and a launcher has started \(ranks); leave mpirun out")
  }
}
