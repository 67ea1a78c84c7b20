public import Collective
import Foundation
public import Model
internal import Tensors
internal import Video

/// Trusts no kernel unchecked: every distinct one of a network is compared with nested loops before it
/// is used, and a wrong one replaced.
///
/// A replacement changes bits, so a kernel that is wrong on one rank is replaced on all.
public struct KernelTrust {
  private let check: KernelCheck
  private let rows: (KernelChoices, _ afterShape: () throws -> Void) throws -> [KernelCheck.Row]

  /// Checks by way of the machine's cache.
  public init(_ check: KernelCheck, cache: KernelCache? = .standard) {
    self.init(check) { choices, afterShape in
      guard let cache else { return try check.rows(choices, afterShape: afterShape) }
      return try cache.rows(check, choices, afterShape: afterShape)
    }
  }

  /// The same with rows from elsewhere, for tests.
  init(
    _ check: KernelCheck,
    rows: @escaping (KernelChoices, _ afterShape: () throws -> Void) throws -> [KernelCheck.Row]
  ) {
    self.check = check
    self.rows = rows
  }

  /// The kernels that all ranks use, starting from what they ask for; called by every rank.
  ///
  /// The ranks meet after every shape, so that nobody waits longer than one takes, and a rank that finds
  /// everything in its cache does not give up those that check.
  ///
  /// - Parameter note: receives a line for every kernel that was replaced.
  /// - Throws: `ModelError` on every rank where a kernel is wrong and nothing can replace it.
  public func settle(
    _ asked: KernelChoices, _ communicator: Communicator, note: (String) -> Void
  ) throws -> KernelChoices {
    var choices = asked
    while true {
      var shapesLeft = check.shapeCount(choices)
      func meet() throws {
        try communicator.barrier()
        shapesLeft -= 1
      }
      let mine = try rows(choices, meet)
      while shapesLeft > 0 { try meet() }
      let wrong = try gather(mine, communicator)
      guard !wrong.isEmpty else { return choices }
      for finding in wrong {
        let isReplaced = finding.units.allSatisfy {
          choices.replace($0, wrong: finding.directions, check.precision)
        }
        guard isReplaced, !finding.units.isEmpty else {
          throw ModelError(
            "\(finding.text), and nothing can replace it; another version of "
              + "\(finding.library) may help")
        }
        note("\(finding.text); it is replaced on all ranks")
      }
    }
  }

  /// One shape with all its directions that some rank found wrong.
  private struct Finding {
    let units: [Int]
    var directions: Set<KernelDirection>
    var text: String
    let library: String
  }

  /// What any rank found wrong, by shape; the same on every rank.
  ///
  /// The ranks check the same network, so their rows are those of the same kernels.
  private func gather(
    _ mine: [KernelCheck.Row], _ communicator: Communicator
  ) throws -> [Finding] {
    let all = try communicator.allGather(mine.map { $0.passed ? -1 : Float($0.error ?? .infinity) })
    var findings: [Finding] = []
    for (index, row) in mine.enumerated() {
      let ranks = (0..<communicator.size).filter { all[$0][index] >= 0 }
      guard let first = ranks.first else { continue }
      // Names of implementations may differ between ranks; every rank tells its own.
      let text =
        "\(row.layer) \(row.direction.rawValue) is off by \(all[first][index]) on rank \(first) "
        + "(allowed \(row.bound)), by \(row.implementation)"
      if let last = findings.indices.last, !row.units.isEmpty, findings[last].units == row.units {
        findings[last].directions.insert(row.direction)
        findings[last].text += "; " + text
      } else {
        findings.append(
          Finding(
            units: row.units, directions: [row.direction], text: text,
            library: row.units.isEmpty ? row.implementation : "oneDNN"))
      }
    }
    return findings
  }
}

extension RunConfiguration {
  /// The clips of a microbatch in training.
  public func trainingClips() throws -> Int {
    let trained = try objective.make().views.count { $0.source == .trained }
    return videosPerMicrobatch * trained
  }

  /// The checks of the kernels that train with this configuration.
  public func kernelCheck() throws -> KernelCheck {
    KernelCheck(
      try network(), clips: try trainingClips(), precision: precision, for: .training)
  }

  /// The timing of the kernels that train with this configuration.
  public func kernelTiming() throws -> KernelTiming {
    KernelTiming(
      try network(), clips: try trainingClips(), precision: precision, isTraining: true)
  }
}

extension LoadedEncoder {
  /// The kernels that embed microbatches of so many clips.
  ///
  /// They are those that trained the weights, where these are known. Otherwise, if they must be timed,
  /// then for four clips, so that it is no matter how many ranks share the work. Rank 0 says what was
  /// replaced.
  func kernels(clips: Int, _ communicator: Communicator) throws -> KernelChoices {
    let (network, precision) = (weights.network, configuration.precision)
    let asked =
      try trainedWith
      ?? KernelSource.standard.choices(
        configuration.convolutions,
        KernelTiming(network, clips: 4, precision: precision, isTraining: false), communicator)
    let check = KernelCheck(network, clips: clips, precision: precision, for: .embedding)
    return try KernelTrust(check).settle(asked, communicator) { note in
      if communicator.rank == 0 { StandardError.say("kindreel: \(note)") }
    }
  }
}
