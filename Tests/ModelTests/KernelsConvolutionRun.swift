// `unsafe` is sound here because every operand is sized from the same shape as the primitive.
import CKernels
import Testing

@testable import Model

/// One execution of all directions of a convolution on normal numbers.
struct ConvolutionRun {
  let reference: ConvolutionReference
  /// What ran each direction: forward, backward data, backward weights.
  let implementations: [String]
  let gradient: [Float]
  let destination, sourceGradient, weightGradient: Operand

  init(
    _ shape: ConvolutionCase, _ precision: Precision, _ method: ConvolutionMethod = .direct,
    reach: ConvolutionReach = .usual
  ) throws {
    let type = precision.type
    let convolution = try Convolution3D(
      shape.unit, clips: shape.clips, precision: precision, choice: ConvolutionChoice(method),
      reach: reach, isTraining: true)
    implementations = [CK_FORWARD, CK_BACKWARD_DATA, CK_BACKWARD_WEIGHTS].map {
      convolution.implementation($0)
    }
    let source = normals(shape.sourceCount, seed: 1, as: type)
    let weights = normals(shape.weightCount, seed: 2)
    gradient = normals(shape.destinationCount, seed: 3, as: type)
    reference = ConvolutionReference(
      shape, source: source, weights: weights.map { type.nearest($0) })
    destination = Operand(unwritten: shape.destinationCount, type)
    sourceGradient = Operand(unwritten: shape.sourceCount, type)
    weightGradient = Operand(unwritten: shape.weightCount)
    let scratch = Operand(unwritten: convolution.scratchBytes / 4 + 16)
    let (x, plain, dy) = (Operand(source, type), Operand(weights), Operand(gradient, type))
    let forward = Operand(unwritten: convolution.packedBytes(CK_FORWARD) / 4)
    unsafe convolution.pack(CK_FORWARD, plain.floats, into: forward.raw)
    unsafe convolution.forward(
      x.raw, packed: forward.count == 0 ? plain.raw : forward.raw, into: destination.raw,
      scratch: scratch.raw)
    unsafe convolution.backwardWeights(
      x.raw, dy.raw, into: weightGradient.floats, scratch: scratch.raw)
    if !shape.isFirst {
      let backward = Operand(unwritten: convolution.packedBytes(CK_BACKWARD_DATA) / 4)
      unsafe convolution.pack(CK_BACKWARD_DATA, plain.floats, into: backward.raw)
      unsafe convolution.backwardData(
        dy.raw, packed: backward.count == 0 ? plain.raw : backward.raw, into: sourceGradient.raw,
        scratch: scratch.raw)
      #expect(backward.isGuarded)
    }
    #expect(destination.isGuarded && sourceGradient.isGuarded && weightGradient.isGuarded)
    #expect(scratch.isGuarded && forward.isGuarded)
  }

  /// What nested loops give over the operands as the kernels see them.
  ///
  /// It is the same for every method of a precision. `data` is empty where nobody needs it.
  struct Expectation {
    let forward, data, weights: [Double]
  }

  func expectation(_ shape: ConvolutionCase) -> Expectation {
    Expectation(
      forward: reference.forward(),
      data: shape.isFirst ? [] : reference.backwardData(gradient),
      weights: reference.backwardWeights(gradient))
  }

  /// Relative deviations from nested loops.
  func errors(
    from expected: Expectation
  ) -> (forward: Double, data: Double, weights: Double) {
    (
      relativeDeviation(destination.values, from: expected.forward),
      expected.data.isEmpty ? 0 : relativeDeviation(sourceGradient.values, from: expected.data),
      relativeDeviation(weightGradient.values, from: expected.weights)
    )
  }

  func errors(_ shape: ConvolutionCase) -> (forward: Double, data: Double, weights: Double) {
    errors(from: expectation(shape))
  }
}
