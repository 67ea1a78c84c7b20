import Coordinator
import Model
import Tensors

/// What this program is built on and runs on.
enum Versions {
  static var text: String {
    "kindreel \(Program.version), oneDNN \(Machine.oneDNNVersion) (\(Machine.instructionSet)), "
      + "\(BLAS.configuration)"
  }
}
