import Foundation
import Model
import Tensors

@main
struct Kindreel {
  static func main() throws {
    Machine.useOneThread()
    BLAS.useOneThread()
    let arguments = CommandLine.arguments
    let clips = Int(arguments[1])!, lanesCount = Int(arguments[2])!
    let precision = Precision(rawValue: arguments[3])!
    var arch = EncoderArchitecture()
    if arguments.count > 4 { arch.depth = 18; arch.width = 1; arch.stemTime = 3 }
    let network = arguments.count > 4 ? try ResNet3D(arch, frames: 8, size: 64) : try ResNet3D(arch, frames: 8, size: 48)
    let lanes = LanePool(count: lanesCount)
    let weights = EncoderWeights(network, seed: 0)
    print(network.layout.parameterCount, Machine.oneDNNVersion, Machine.instructionSet)
    let packed = try PackedWeights(weights, clips: clips, precision: precision, lanes: lanes)
    let encoders = try (0..<lanesCount).map { _ in try LaneEncoder(packed, slots: 1) }
    let leaves = (0..<lanesCount).map { _ in AlignedStorage(count: encoders[0].leafCount) }
    var stream = RandomStream(seed: 1, purpose: .test)
    let g = Matrix(rows: clips, columns: 128, values: stream.normals(clips * 128))
    for lane in 0..<lanesCount {
      let input = unsafe encoders[lane].input(slot: 0)
      for (i, v) in stream.normals(unsafe input.count).enumerated() { unsafe input[i] = v }
    }
    for _ in 0..<4 {
      let t = ContinuousClock.now
      let steps = 10
      for _ in 0..<steps {
        try lanes.run { lane in
          Machine.useOneThread()
          let e = encoders[lane].forward(slot: 0, mode: .training)
          if e.embeddings.values[0].isNaN { print("nan") }
          unsafe encoders[lane].backward(slot: 0, gradient: g, into: leaves[lane].buffer)
        }
        packed.refresh(lanes: lanes)
      }
      let d = ContinuousClock.now - t
      let s = Double(d.components.seconds) + Double(d.components.attoseconds) * 1e-18
      print(Double(steps * clips * lanesCount) / s, "clips/s", unsafe leaves[0].buffer[100])
    }
  }
}
