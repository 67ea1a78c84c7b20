internal import Tensors

/// Rows grouped by equality, so that thousands of copies cost what one row costs.
struct EqualRows {
  /// For every row the lowest row that equals it, itself if there is none before.
  let firsts: [Int]

  /// Compares rows of finite elements bit by bit, but for the sign of zeros.
  ///
  /// Hashes only gather rows that may be equal; equality is checked, so they cannot decide a result.
  init(in space: RowSpace, lanes: LanePool) {
    let count = space.rows.rows
    let hashes = LaneArray<UInt64>(count: count)
    lanes.eachRange(in: count, by: 1024) { range in
      for row in range { hashes[row] = Self.hash(of: row, in: space) }
    }
    var firsts = Array(0..<count)
    var distinct: [UInt64: Int] = [:]
    distinct.reserveCapacity(count)
    for row in 0..<count {
      var key = hashes[row]
      while let first = distinct[key], !Self.equal(first, row, in: space) { key &+= 1 }
      if let first = distinct[key] { firsts[row] = first } else { distinct[key] = row }
    }
    self.firsts = firsts
  }

  /// Multiplies and rotates the elements' bits (the mixing step of MurmurHash3).
  private static func hash(of row: Int, in space: RowSpace) -> UInt64 {
    let rows = space.rows
    var result: UInt64 = 0x9E37_79B9_7F4A_7C15
    for place in row * rows.columns..<(row + 1) * rows.columns {
      if let lows = space.lows {
        result ^=
          UInt64(rows.values[place].bitPattern) << 32 | UInt64(lows.values[place].bitPattern)
      } else {
        let value = rows.values[place]
        result ^= UInt64((value == 0 ? 0 : value).bitPattern)
      }
      result = result &* 0xFF51_AFD7_ED55_8CCD
      result ^= result >> 29
    }
    return result
  }

  private static func equal(_ one: Int, _ other: Int, in space: RowSpace) -> Bool {
    let rows = space.rows
    let (a, b) = (one * rows.columns, other * rows.columns)
    if let lows = space.lows {
      return (0..<rows.columns).allSatisfy { column in
        rows.values[a + column].bitPattern == rows.values[b + column].bitPattern
          && lows.values[a + column].bitPattern == lows.values[b + column].bitPattern
      }
    }
    for column in 0..<rows.columns where rows.values[a + column] != rows.values[b + column] {
      return false
    }
    return true
  }
}
