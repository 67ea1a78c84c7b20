import ArgumentParser
import Coordinator

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
    main(nil)
  }
}
