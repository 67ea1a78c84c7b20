import Collective
import Foundation
import Testing

@testable import Coordinator
@testable import Model

/// Law 9 of ARCHITECTURE.md: a wrong kernel is replaced on all ranks, or the run refused.
@Suite struct KernelTrustTests {
  private let network: ResNet3D
  private let check: KernelCheck

  init() throws {
    network = try ResNet3D(EncoderArchitecture(), frames: 4, size: 32)
    check = KernelCheck(network, clips: 2, precision: .fp32, for: .training)
  }

  /// Rows of the real kernels, with the results of some spoilt.
  private func rows(
    _ choices: KernelChoices, spoiling isWrong: (any KernelProbe, KernelDirection) -> Bool
  ) throws -> [KernelCheck.Row] {
    try check.rows(choices) { probe, direction in
      if isWrong(probe, direction) { probe.forget(direction) }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `kernels that are right stay as they are`() throws {
    _ = try Launch.simulated(ranks: 2, deadline: .seconds(30)) { communicator in
      let choices = try KernelTrust(check, cache: nil).settle(KernelChoices(.auto), communicator) {
        _ in
        Issue.record("nothing is to be said")
      }
      #expect(choices.isPlain)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a kernel that is wrong on one rank is replaced on all, with a line`() throws {
    let all = try Launch.simulated(ranks: 3, deadline: .seconds(30)) { communicator in
      var notes: [String] = []
      let trust = KernelTrust(check) { choices, _ in
        try rows(choices) { probe, direction in
          communicator.rank == 1 && direction == .backwardData
            && probe.implementation(direction).hasPrefix("winograd")
        }
      }
      let choices = try trust.settle(KernelChoices(.auto), communicator) { notes.append($0) }
      return (choices, notes)
    }
    let expected = all[0].0
    guard !expected.isPlain else { return }  // This CPU has no AVX-512.
    #expect(all.allSatisfy { $0.0 == expected && $0.1.count == all[0].1.count })
    #expect(all[1].1[0].contains("backwardData is off by inf on rank 1"))
    #expect(all[1].1[0].contains("replaced on all ranks"))
    let replaced = try check.rows(expected)
    #expect(
      replaced.allSatisfy { $0.direction != .backwardData || !$0.implementation.hasPrefix("w") })
  }

  /// Why each of two ranks refuses to go on where a layer's forward pass is wrong on one of them.
  private func refusals(of layer: String, wrongOn rank: Int) throws -> [String] {
    try Launch.simulated(ranks: 2, deadline: .seconds(30)) { communicator in
      let trust = KernelTrust(check) { choices, _ in
        try rows(choices) { probe, direction in
          communicator.rank == rank && probe.name == layer && direction == .forward
        }
      }
      let error = #expect(throws: ModelError.self) {
        try trust.settle(KernelChoices(.auto), communicator) { _ in }
      }
      return error?.reason ?? ""
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a wrong kernel that nothing can replace is refused on every rank`() throws {
    for reason in try refusals(of: "stem.0", wrongOn: 1) {
      #expect(reason.contains("stem.0 forward is off by inf on rank 1"), "\(reason)")
      #expect(reason.contains("nothing can replace it"))
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a wrong batch norm is refused on every rank, for nothing replaces it`() throws {
    for reason in try refusals(of: "stem.0 norm", wrongOn: 0) {
      #expect(reason.contains("stem.0 norm forward is off by inf on rank 0"), "\(reason)")
      #expect(reason.contains("another version of kindreel may help"))
    }
  }

  @Test func `what was found right is remembered, what was found wrong is not`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("kindreel-" + UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let cache = KernelCache(directory: folder.appendingPathComponent("kernels").path)
    let choices = KernelChoices(.auto)
    let rows = try cache.rows(check, choices)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/kernels")
    #expect(files.count == 1 && rows.allSatisfy { $0.passed })
    #expect(try cache.rows(check, choices) == rows)
    #expect(try cache.rows(check, KernelChoices(.direct)) != rows)

    // A file that is damaged, or that tells of a failure, counts for nothing.
    let path = folder.path + "/kernels/" + files[0]
    let whole = try String(contentsOfFile: path, encoding: .utf8)
    for text in ["", "{}", whole.replacing("\"bound\" : ", with: "\"bound\" : -")] {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      #expect(try cache.rows(check, choices).allSatisfy { $0.passed })
      #expect(try String(contentsOfFile: path, encoding: .utf8) == whole)
    }
    // Nowhere to write: the checks are made, no more.
    let nowhere = KernelCache(directory: "/dev/null/kernels")
    #expect(try nowhere.rows(check, choices) == rows)
  }
}
