import Foundation
import Tensors
import Testing

/// Reads one of the files that `Tests/Fixtures/pytorch/generate.py` writes.
func pyTorchNumbers<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
  let file = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../Fixtures/pytorch/\(name).json")
  return try JSONDecoder().decode(type, from: Data(contentsOf: file))
}

/// The closed form of embeddings in `objective_cases.py`, element j counted from `offset`.
func closedForm(rows: Int, columns: Int, from offset: Int) -> Matrix {
  Matrix(
    rows: rows, columns: columns,
    values: (0..<rows * columns).map {
      let j = Double($0 + offset)
      return Float(sin(1.7 * j + 2 * sin(0.9 * j)))
    })
}

/// |a − b| / |b| over all elements.
func relativeDeviation(_ a: [Float], from b: [Double]) -> Double {
  var (error, size) = (0.0, 0.0)
  for (x, y) in zip(a, b) {
    error += (Double(x) - y) * (Double(x) - y)
    size += y * y
  }
  return (error / max(size, 1e-30)).squareRoot()
}
