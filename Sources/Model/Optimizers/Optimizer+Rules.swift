// `unsafe` is sound here because the caller's ranges lie within all buffers, and no two lanes have
// the same.
import Foundation
import Tensors

extension Optimizer {
  /// SGD with momentum and L2 decay, as `torch.optim.SGD` without dampening, and LARS.
  ///
  /// Per element, with g the gradient, w the weight, m the momentum, μ, λ and η the settings, and q
  /// the tensor's trust ratio, 1 for SGD:
  ///
  ///     g ← q (g + λ w);   m ← μ m + g;   w ← w − η m      (Nesterov: w ← w − η (g + μ m))
  ///
  /// (Sutskever et al., ICML 2013, with PyTorch's placing of the learning rate. LARS: You, Gitman and
  /// Ginsburg, "Large batch training of convolutional networks", 2017, arXiv 1708.03888, with q over
  /// the norm of g + λ w as in the released code of SimCLR, where their algorithm 1 has ‖g‖ + λ‖w‖; the
  /// rate is outside of the momentum, as in PyTorch ports: its changes do not reach back.)
  func descend(_ range: Range<Int>, decay: Float, trust: Float, _ step: Step) {
    let (friction, nesterov) = (Float(settings.momentum), settings.nesterov)
    let (rate, scale) = (step.learningRate, step.gradientScale)
    let (values, gradients, momentum) = unsafe (
      step.values.base, step.gradients.base, momentum.base
    )
    for index in range {
      let weight = unsafe values[index]
      let gradient = unsafe (gradients[index] * scale + decay * weight) * trust
      let velocity = unsafe friction * momentum[index] + gradient
      unsafe momentum[index] = velocity
      let direction = nesterov ? gradient + friction * velocity : velocity
      unsafe values[index] = weight - rate * direction
    }
  }

  /// AdamW and Adam, as `torch.optim.AdamW` and `torch.optim.Adam` compute them.
  ///
  /// Per element, with t the step from 1, and the decay λ as a pull κ on the gradient (Adam) or else apart
  /// from it (AdamW):
  ///
  ///     g ← g + κ w;   w ← w (1 − η λ);   m ← β₁ m + (1 − β₁) g;   v ← β₂ v + (1 − β₂) g²
  ///     w ← w − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
  ///
  /// (Kingma and Ba, "Adam", ICLR 2015, algorithm 1; Loshchilov and Hutter, "Decoupled weight decay
  /// regularization", ICLR 2019, algorithm 2.)
  func descendAdaptively(
    _ range: Range<Int>, pull: Float, shrinking decay: Float, _ step: Step
  ) {
    let (first, second) = (settings.momentum, settings.secondMomentum)
    let (rate, scale) = (Double(step.learningRate), step.gradientScale)
    let shrink = Float(1 - rate * Double(decay))
    let stride = Float(rate / (1 - pow(first, Double(steps))))
    let root = Float((1 - pow(second, Double(steps))).squareRoot())
    let (keep, take) = (Float(first), Float(1 - first))
    let (keepSquare, takeSquare) = (Float(second), Float(1 - second))
    let epsilon = Float(settings.epsilon)
    let (values, gradients) = unsafe (step.values.base, step.gradients.base)
    let (momentum, squares) = unsafe (momentum.base, squares.base)
    for index in range {
      let weight = unsafe values[index]
      let gradient = unsafe gradients[index] * scale + pull * weight
      let mean = unsafe keep * momentum[index] + take * gradient
      let square = unsafe keepSquare * squares[index] + takeSquare * gradient * gradient
      unsafe momentum[index] = mean
      unsafe squares[index] = square
      unsafe values[index] =
        weight * shrink - stride * mean / (square.squareRoot() / root + epsilon)
    }
  }
}
