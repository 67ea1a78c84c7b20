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
struct StartAgreement {
  private let fields: [(name: String, value: String)]

  init(_ configuration: RunConfiguration, manifest: Manifest) throws {
    fields = [
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

  /// Compares the fields on all ranks.
  ///
  /// - Throws: `AgreementError` on every rank, with the fields that differ.
  func check(_ communicator: Communicator) throws {
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
