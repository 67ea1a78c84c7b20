import ArgumentParser
import Collective
import Coordinator
import Foundation
import Model

/// The command `kindreel selftest kernels`.
struct SelftestKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Compare every kernel of a network with nested loops in double precision.",
    discussion: """
      Convolutions, batch norms, pools, shortcuts and the head's products. Training does the same \
      before it starts, once a machine, library and shape; here nothing is taken from the cache. One \
      row a shape and direction: layer, direction, implementation, the largest error beside what is \
      allowed, verdict. Wrong convolutions are replaced where something can replace them, and the \
      command ends with 0; otherwise with 78. Under mpirun every rank checks its own machine, and \
      rank 0 prints its own rows.

      --json: {"kernels":[{"bound":…,"direction":…,"error":…,"implementation":…,"layer":…,\
      "passed":…,"shape":…,"units":[…]}],"machine":…,"notes":[…],"seconds":…}; error is null where \
      it is no finite number.
      """)

  @Option(help: "A YAML file, or the name of a preset; its network and batch are checked.")
  var config: String?

  @Option(name: .customLong("set"), help: "Overrides one key, for example precision=bf16.")
  var overrides: [String] = []

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var world: WorldOptions

  func run() throws {
    try reportingFailure {
      let configuration = try RunConfiguration.load(config, overrides: overrides)
      let check = try configuration.kernelCheck()
      let report = try world.launch(deadline: configuration.deadlineSeconds) { communicator in
        let asked = try KernelSource.standard.choices(
          configuration.convolutions, configuration.kernelTiming(), communicator)
        let clock = ContinuousClock()
        var rows: [KernelCheck.Row] = []
        let time = try clock.measure {
          rows = try check.rows(asked) { try communicator.barrier() }
        }
        var report = Report(rows, seconds: time.inSeconds)
        if !json && communicator.rank == 0 { report.printRows() }
        _ = try KernelTrust(check, cache: nil).settle(asked, communicator) {
          report.notes.append($0)
        }
        return report
      }
      guard let report else { return }
      if json { return try printJSON(report) }
      for note in report.notes { print(note) }
      let failed = report.kernels.count { !$0.row.passed }
      print(
        "\(report.kernels.count) kernels, \(failed) wrong, "
          + String(format: "%.2f s", report.seconds))
    }
  }

  /// What one rank found.
  private struct Report: Encodable {
    struct Kernel: Encodable {
      let row: KernelCheck.Row

      private enum Key: CodingKey {
        case passed, error
      }

      func encode(to encoder: any Encoder) throws {
        try row.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(row.passed, forKey: .passed)
        try container.encode(row.error, forKey: .error)
      }
    }

    let kernels: [Kernel]
    let machine = "\(Machine.processor), \(Machine.instructionSet), oneDNN \(Machine.oneDNNVersion)"
    var notes: [String] = []
    let seconds: Double

    init(_ rows: [KernelCheck.Row], seconds: Double) {
      kernels = rows.map(Kernel.init)
      self.seconds = seconds
    }

    func printRows() {
      print(machine)
      for row in kernels.map(\.row) {
        let error = row.error.map { String(format: "%.1e", $0) } ?? "not finite"
        let others = row.units.count > 1 ? " and \(row.units.count - 1) alike" : ""
        print(
          "\(row.passed ? "ok   " : "WRONG") \(row.layer)\(others) \(row.direction.rawValue): "
            + "\(row.implementation), error \(error) of \(row.bound)")
      }
    }
  }
}
