import ArgumentParser
import Coordinator
import Foundation
import Tensors

/// The command `kindreel export`.
struct Export: ParsableCommand, RunsAlone {
  static let configuration = CommandConfiguration(
    abstract: "Write an encoder's weights as safetensors, under torchvision's names.",
    discussion: """
      torchvision loads the file strictly into a network without a classifier:

        model = torchvision.models.video.r3d_18()
        model.fc = torch.nn.Identity()
        model.load_state_dict(safetensors.torch.load_file("F.safetensors"), strict=True)

      The header says where the weights come from, what a clip was, and how it was normalised. With \
      --with-head, the projection head follows as head.0 (linear), head.1 (batch norm) and head.3 \
      (linear). Other people's files are converted by --weights F.pth --encoder NAME.
      """)

  @OptionGroup var encoder: EncoderOptions

  @Option(help: "The .safetensors file to write.")
  var out: String

  @Flag(help: "Write the projection head too.")
  var withHead = false

  func validate() throws {
    guard out.hasSuffix(".safetensors") else {
      throw ValidationError("--out is '\(out)'; it must end in .safetensors")
    }
    if let weights = encoder.weights, OutputPath.resolved(weights) == OutputPath.resolved(out) {
      throw ValidationError("\(out) would be written over an input")
    }
  }

  func run() throws {
    try reportingFailure {
      try OutputPath.check(out)
      if let run = encoder.run { try OutputPath.refuse(out, in: run + "/checkpoints") }
      let loaded = try encoder.source().load(encoder.named())
      if let report = loaded.report { StandardError.say("kindreel: \(report)") }
      let file = try loaded.export(withHead: withHead)
      try file.write(to: out)
      print("\(file.entries.count) tensors in \(out)")
    }
  }
}
