import Foundation
import Tensors

/// The picture as a thin plate that is pulled at the points of a 5×5 grid, the same in all frames.
///
/// The second spatial disturbance that the released code of Wang et al., "Enhancing unsupervised video
/// representation learning by decoupling the scene and the motion", AAAI 2021 (arXiv 2009.05757), defines.
/// With the grid's points c and their shifts d, the pixel at x shows what was at f(x), where f is the
/// smoothest map that takes each c to c + d:
///
///     f(x) = x + a + A·x + Σ w·U(|x − c|),   U(r) = r²·log r,   Σ w = 0,   Σ w·cᵀ = 0
///
/// (Bookstein, "Principal warps: thin-plate splines and the decomposition of deformations", IEEE TPAMI
/// 1989). Lengths are half the distance between the centres of opposite edges' pixels: the grid spans
/// −1…1. Outside, where the code has the mean colour, is the nearest edge.
public struct SplineWarp: Sendable, Equatable {
  /// The grid's points, row after row from the top.
  static let grid = (0..<25).map { place in
    SIMD2<Double>(x: Double(place % 5) / 2 - 1, y: Double(place / 5) / 2 - 1)
  }

  /// How far right and down of each point of the grid the pixel comes from that is shown there.
  public var shifts: [SIMD2<Float>]

  /// Creates a warp from 25 shifts, row after row from the top.
  public init(shifts: [SIMD2<Float>]) {
    precondition(shifts.count == Self.grid.count, "\(shifts.count) shifts for a grid of 5×5")
    self.shifts = shifts
  }

  /// Draws shifts of up to 0.1 in either direction.
  static func draw(using random: inout RandomStream) -> SplineWarp {
    SplineWarp(
      shifts: grid.map { _ in
        let right = random.uniform(in: -0.1...0.1)
        return SIMD2(right, random.uniform(in: -0.1...0.1))
      })
  }

  /// The weights w of the grid's points, then a, then the columns of A.
  var coefficients: [SIMD2<Double>] {
    Self.solver.map { row in
      var sum = SIMD2<Double>.zero
      for (share, shift) in zip(row, shifts) { sum += share * SIMD2<Double>(shift) }
      return sum
    }
  }

  /// What takes shifts to coefficients: a row for each of the latter.
  ///
  /// The spline's conditions are 28 linear equations, the same for all shifts.
  private static let solver: [[Double]] = {
    var conditions = grid.map { point in
      grid.map { kernel(from: point, to: $0) } + [1, point.x, point.y]
    }
    conditions.append(grid.map { _ in 1 } + [0, 0, 0])
    conditions.append(grid.map(\.x) + [0, 0, 0])
    conditions.append(grid.map(\.y) + [0, 0, 0])
    return inverse(of: conditions).map { Array($0.prefix(grid.count)) }
  }()

  /// U of the distance.
  private static func kernel(from point: SIMD2<Double>, to other: SIMD2<Double>) -> Double {
    let away = point - other
    let square = (away * away).sum()
    return square > 0 ? 0.5 * square * log(square) : 0
  }

  /// The inverse of a square matrix, by Gauss–Jordan elimination with the largest pivots.
  private static func inverse(of matrix: [[Double]]) -> [[Double]] {
    let count = matrix.count
    var rows = matrix
    for place in 0..<count {
      rows[place] += [Double](repeating: 0, count: count)
      rows[place][count + place] = 1
    }
    for column in 0..<count {
      let pivot = (column..<count).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
      rows.swapAt(column, pivot)
      let scale = rows[column][column]
      rows[column] = rows[column].map { $0 / scale }
      for other in 0..<count where other != column {
        let factor = rows[other][column]
        rows[other] = zip(rows[other], rows[column]).map { $0 - factor * $1 }
      }
    }
    return rows.map { Array($0.suffix(count)) }
  }
}

extension PixelMap {
  /// The map of a spline; places outside show the nearest edge.
  init(_ warp: SplineWarp, side: Int) {
    let coefficients = warp.coefficients.map { SIMD2<Float>($0) }
    let weights = zip(SplineWarp.grid.map { SIMD2<Float>($0) }, coefficients)
    let linear = coefficients.suffix(3)
    let (a, right, down) = (linear[25], linear[26], linear[27])
    let half = Float(max(side - 1, 1)) / 2
    self.init(side: side, outside: .edge) { pixel in
      let place = pixel / half - 1
      var shift = a + right * place.x + down * place.y
      for (point, weight) in weights {
        let away = place - point
        let square = (away * away).sum()
        if square > 0 { shift += weight * (0.5 * square * log(square)) }
      }
      return pixel + shift * half
    }
  }
}
