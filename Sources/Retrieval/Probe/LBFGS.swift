/// Minimisation of a smooth convex function by limited-memory BFGS (Nocedal and Wright, "Numerical
/// Optimization", algorithms 7.4 and 7.5) with backtracking steps (algorithm 3.1).
struct LBFGS {
  /// The pairs of steps and gradient differences that approximate the curvature.
  private static let history = 10

  /// Ends when no element of the gradient is larger than this.
  var tolerance: Double
  /// Ends after so many steps at the latest.
  var limit: Int

  /// Where the search ended.
  struct Minimum {
    var point: [Double]
    var iterations: Int
    /// Whether the tolerance was reached.
    var isConverged: Bool
  }

  /// Walks downhill from a point.
  func minimise(
    from start: [Double], _ function: ([Double]) -> (value: Double, gradient: [Double])
  ) -> Minimum {
    var point = start
    var (value, gradient) = function(point)
    var pairs: [Pair] = []
    for iteration in 0..<limit {
      if gradient.allSatisfy({ abs($0) <= tolerance }) {
        return Minimum(point: point, iterations: iteration, isConverged: true)
      }
      var direction = Self.direction(gradient, pairs)
      var slope = Self.dot(direction, gradient)
      if slope >= 0 {
        // Rounding has spoilt the curvature: start anew, downhill.
        pairs = []
        direction = gradient.map { -$0 }
        slope = -Self.dot(gradient, gradient)
      }
      var step = pairs.isEmpty ? min(1, 1 / (-slope).squareRoot()) : 1
      var next = point
      var (nextValue, nextGradient) = (value, gradient)
      var isLower = false
      for _ in 0..<40 {
        for index in point.indices { next[index] = point[index] + step * direction[index] }
        (nextValue, nextGradient) = function(next)
        isLower = nextValue <= value + 1e-4 * step * slope
        if isLower { break }
        step /= 2
      }
      // No step leads lower: the minimum as far as double precision knows it.
      guard isLower else { return Minimum(point: point, iterations: iteration, isConverged: false) }
      let pair = Pair(
        step: Self.difference(next, point), change: Self.difference(nextGradient, gradient))
      if pair.curvature > 0 { pairs = pairs.suffix(Self.history - 1) + [pair] }
      (point, value, gradient) = (next, nextValue, nextGradient)
    }
    return Minimum(point: point, iterations: limit, isConverged: false)
  }

  private struct Pair {
    let step: [Double]
    let change: [Double]
    let curvature: Double

    init(step: [Double], change: [Double]) {
      self.step = step
      self.change = change
      curvature = LBFGS.dot(step, change)
    }
  }

  /// The two-loop recursion: the negated gradient through the approximate inverse Hessian.
  private static func direction(_ gradient: [Double], _ pairs: [Pair]) -> [Double] {
    var result = gradient.map { -$0 }
    var factors: [Double] = []
    for pair in pairs.reversed() {
      let factor = dot(pair.step, result) / pair.curvature
      add(-factor, pair.change, to: &result)
      factors.append(factor)
    }
    if let last = pairs.last {
      let scale = last.curvature / dot(last.change, last.change)
      for index in result.indices { result[index] *= scale }
    }
    for (pair, factor) in zip(pairs, factors.reversed()) {
      add(factor - dot(pair.change, result) / pair.curvature, pair.step, to: &result)
    }
    return result
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private static func add(_ factor: Double, _ a: [Double], to b: inout [Double]) {
    for index in a.indices { b[index] += factor * a[index] }
  }

  private static func difference(_ a: [Double], _ b: [Double]) -> [Double] {
    zip(a, b).map { $0 - $1 }
  }
}
