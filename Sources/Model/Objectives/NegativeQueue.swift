import Tensors

/// The last unit rows seen, with the manifest index of each; the oldest is overwritten first.
///
/// He et al., "Momentum contrast for unsupervised visual representation learning", CVPR 2020,
/// section 3.2; ours holds rows of the trained encoder itself.
struct NegativeQueue {
  /// The most rows it holds.
  let capacity: Int
  /// The rows, K×D; 0×0 before the first.
  private(set) var rows = Matrix(rows: 0, columns: 0)
  /// The manifest index of each row.
  private(set) var samples: [Int] = []
  /// Where the next row goes once the queue is full.
  private var next = 0

  init(capacity: Int) { self.capacity = capacity }

  /// Takes in the rows that have a direction.
  mutating func append(_ new: UnitRows, samples newSamples: [Int]) {
    guard capacity > 0 else { return }
    let width = new.unit.columns
    var values = rows.values
    for row in 0..<new.unit.rows where new.hasDirection(row) {
      if samples.count < capacity {
        values.append(contentsOf: new.unit.row(row))
        samples.append(newSamples[row])
      } else {
        values.replaceSubrange(next * width..<(next + 1) * width, with: new.unit.row(row))
        samples[next] = newSamples[row]
        next = (next + 1) % capacity
      }
    }
    rows = Matrix(rows: samples.count, columns: width, values: values)
  }

  /// The rows, their samples and the cursor.
  var state: ObjectiveState {
    get {
      ObjectiveState(
        arrays: ["queue": rows.values], integers: ["queue_samples": samples, "queue_next": [next]])
    }
    set {
      let (values, kept) = (
        newValue.arrays["queue"] ?? [], newValue.integers["queue_samples"] ?? []
      )
      let cursor = newValue.integers["queue_next"]?.first ?? 0
      precondition(
        kept.count <= capacity && values.count % max(kept.count, 1) == 0 && cursor >= 0
          && (cursor == 0 || kept.count == capacity && cursor < capacity),
        "\(values.count) values, \(kept.count) samples and cursor \(cursor) are no queue of \(capacity)"
      )
      rows = Matrix(rows: kept.count, columns: values.count / max(kept.count, 1), values: values)
      samples = kept
      next = cursor
    }
  }
}
