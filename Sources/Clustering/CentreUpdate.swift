internal import Tensors

/// New centres: the directions of the sums of their rows.
struct CentreUpdate {
  /// Rows closer than this to a centre, in 1 − cosine, may well equal it.
  static let resolution: Float = 1e-6

  /// Unit rows, k·D.
  let centres: Matrix

  /// Sums every centre's rows in double precision and in row order.
  ///
  /// A centre without rows takes the row that is least similar to its own centre, if that centre has
  /// others and the row is no copy of it. Where there is none, or where rows cancel out, it stays.
  init(
    of centres: Matrix, from rows: WeightedRows, assignment: CentreAssignment, lanes: LanePool
  ) {
    let members = Self.members(of: assignment, centres: centres.rows)
    let width = rows.width
    let sums = LaneArray<Float>(count: centres.rows * width)
    lanes.each(centres.rows) { place, _ in
      var sum = [Double](repeating: 0, count: width)
      for row in members[place] {
        let weight = rows.weights[row]
        for (column, value) in rows.row(row).enumerated() { sum[column] += weight * Double(value) }
      }
      let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let old = centres.row(place)
      for (column, value) in old.enumerated() {
        sums[place * width + column] = length > 0 ? Float(sum[column] / length) : value
      }
    }
    self.centres = Matrix(
      rows: centres.rows, columns: width, values: (0..<sums.count).map { sums[$0] })
  }

  private static func members(of assignment: CentreAssignment, centres: Int) -> [[Int]] {
    var members = [[Int]](repeating: [], count: centres)
    for (row, place) in assignment.places.enumerated() { members[Int(place)].append(row) }
    let empty = members.indices.filter { members[$0].isEmpty }
    guard !empty.isEmpty else { return members }
    let similarities = assignment.similarities
    var farthest = similarities.indices.filter { similarities[$0] < 1 - resolution }
      .sorted { (similarities[$0], $0) < (similarities[$1], $1) }[...]
    for place in empty {
      let row = farthest.firstIndex { members[Int(assignment.places[$0])].count > 1 }
      guard let index = row else { break }
      let taken = farthest[index]
      farthest = farthest[(index + 1)...]
      members[Int(assignment.places[taken])].removeAll { $0 == taken }
      members[place] = [taken]
    }
    return members
  }
}
