import ArgumentParser
import Collective
import Coordinator
import Foundation
import Model
import Tensors
import Video

/// The command `kindreel doctor`.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this machine offers and what would go wrong.")

  @OptionGroup var world: WorldOptions

  func run() throws {
    try reportingFailure {
      let info = ProcessInfo.processInfo
      let lines = [
        "kindreel        \(Program.version)",
        "oneDNN          \(Machine.oneDNNVersion), \(Machine.instructionSet)",
        "bf16            \(Precision.bf16.isSupported ? "native" : "not on this CPU")",
        "OpenBLAS        \(BLAS.configuration)",
        "libav           \(LibAVVersion.text)",
        "MPI             \(Launch.mpiVersion)",
        "cores           \(LanePool.cores) of \(info.processorCount) for this process",
        "memory          \(info.physicalMemory >> 20) MiB",
        "launched by     \(Launch.isUnderMPI ? "mpirun" : "hand"), \(world.ranksOfMachine) ranks "
          + "on this machine, \(world.lanesOfRank) lanes a rank",
      ]
      let advice = Self.advice(world, info)
      let printed = try world.launch(deadline: 30) { communicator in
        try communicator.barrier()
        return communicator.size
      }
      guard let printed else { return }
      print((lines + ["ranks           \(printed) answered"]).joined(separator: "\n"))
      for line in advice { print("advice: \(line)") }
    }
  }

  private static func advice(_ world: WorldOptions, _ info: ProcessInfo) -> [String] {
    var advice: [String] = []
    let threads = world.ranksOfMachine * world.lanesOfRank
    if threads > info.processorCount {
      advice.append("\(threads) lanes share \(info.processorCount) cores; use fewer ranks or lanes")
    }
    if Launch.isUnderMPI, LanePool.cores == 1, info.processorCount > world.ranksOfMachine {
      advice.append(
        "mpirun bound this rank to one core; for more lanes a rank use --map-by slot:PE=LANES")
    }
    return advice
  }
}
