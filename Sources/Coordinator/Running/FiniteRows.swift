internal import Tensors

extension Matrix {
  /// The rows, each of which is finite.
  ///
  /// A row that is not compares with nothing, so whatever were measured with it would look right.
  ///
  /// - Parameter what: what the rows stand for.
  /// - Throws: `NumericError` with how many are not.
  func finite(_ what: String = "videos") throws(NumericError) -> Matrix {
    let wrong = (0..<rows).count { !row($0).allSatisfy(\.isFinite) }
    guard wrong == 0 else {
      throw NumericError(
        description: "the embeddings of \(wrong) of \(rows) \(what) have NaN or infinite elements: "
          + "the weights have diverged")
    }
    return self
  }
}
