internal import Collective
import Foundation
internal import Model
internal import Tensors
internal import Video

/// Ranks that were started with different things.
public struct AgreementError: Error, CustomStringConvertible, Sendable, RunError {
  /// Which field differs, and what each rank has.
  public let description: String
  /// 76.
  public var code: ExitCode { .mismatch }
}

/// What all ranks must have in common before they train together.
enum StartAgreement {
  private static func fields(
    _ configuration: RunConfiguration, manifest: Manifest
  ) throws -> [(name: String, value: String)] {
    [
      ("configuration", String(ContentHash.of(try configuration.yaml()).prefix(16))),
      (
        "list of videos",
        String(ContentHash.of(manifest.samples.map(\.id).joined(separator: "\n")).prefix(16))
      ),
      ("instruction set", Machine.instructionSet),
      ("oneDNN", Machine.oneDNNVersion), ("OpenBLAS", BLAS.configuration),
      ("FFmpeg", LibAVVersion.text),
      ("program", "\(Program.version) (build \(Program.build))"),
    ]
  }

  /// Compares what all ranks have; one alone does not look, since hashing the program takes a while.
  ///
  /// - Throws: `AgreementError` on every rank, with the fields that differ.
  static func check(
    _ configuration: RunConfiguration, manifest: Manifest, _ communicator: Communicator
  ) throws {
    guard communicator.size > 1 else { return }
    let fields = try fields(configuration, manifest: manifest)
    let mine = Array(fields.map(\.value).joined(separator: "\n").utf8)
    let all = try communicator.allGather(mine)
    let values = (0..<communicator.size).map { rank in
      String(decoding: all[rank], as: UTF8.self).split(separator: "\n").map(String.init)
    }
    let differing = fields.indices.filter { field in
      Set(values.map { $0.indices.contains(field) ? $0[field] : "" }).count > 1
    }
    guard !differing.isEmpty else { return }
    let lines = differing.map { field in
      let each = values.enumerated().map {
        "rank \($0.offset): \($0.element.indices.contains(field) ? $0.element[field] : "none")"
      }
      return "\(fields[field].name): " + each.joined(separator: ", ")
    }
    throw AgreementError(description: "the ranks differ; " + lines.joined(separator: "; "))
  }
}
