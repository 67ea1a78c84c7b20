import Tensors

extension WeightMapping {
  /// What was taken, in one sentence, and a line for each tensor that was not.
  public var summary: String {
    let taken = lines.count { $0.outcome == .taken }
    let inflated = lines.count { if case .inflated = $0.outcome { true } else { false } }
    var text = "\(taken + inflated) tensors taken"
    if inflated > 0 { text += ", \(inflated) of them two-dimensional kernels, inflated" }
    let others = lines.filter { !$0.isTaken }
    return others.isEmpty ? text : text + "; not taken:\n" + table(of: others)
  }

  /// The first of some lines as a table, with the nearest name beside a missing or unexpected one.
  func table(of lines: [Line]) -> String {
    let most = 24
    let shown = lines.prefix(most).map { "  " + $0.text + (nearest(to: $0) ?? "") }
    let rest = lines.count > most ? ["  … and \(lines.count - most) more"] : []
    return (shown + rest + hints(for: lines)).joined(separator: "\n")
  }

  /// The name that a line's tensor may have been meant to have; nil where none is near.
  private func nearest(to line: Line) -> String? {
    guard !line.isAllowed, line.outcome == .missing || line.outcome == .unexpected else {
      return nil
    }
    let wanted: Outcome = line.outcome == .missing ? .unexpected : .missing
    let name = line.fileName ?? line.name
    let candidates = lines.filter { $0.outcome == wanted }.map { $0.fileName ?? $0.name }
      .filter { $0.utf8.count <= Self.longestName }
    guard name.utf8.count <= Self.longestName,
      let nearest = Spelling.nearest(to: name, among: candidates)
    else { return nil }
    return line.outcome == .missing
      ? "; the nearest name in the file is \(nearest)"
      : "; the nearest name that is missing is \(nearest)"
  }

  /// Longer names are of no network that we know.
  private static let longestName = 128

  /// What may be meant, where a whole group of tensors does not fit.
  private func hints(for lines: [Line]) -> [String] {
    for line in lines where line.name == "stem.0.weight" {
      guard case .wrongShape(let file, let network) = line.outcome, file.count == 5,
        file[2] != network[2], file[2] == 3 || file[2] == 7
      else { continue }
      return ["  the file's stem spans \(file[2]) frames: encoder.stemTime=\(file[2])"]
    }
    return []
  }
}

extension WeightMapping.Line {
  /// Whether the network has the file's values.
  public var isTaken: Bool {
    switch outcome {
    case .taken, .inflated: true
    case .missing, .wrongShape, .unexpected: false
    }
  }

  /// One row of the table.
  var text: String {
    let named = fileName.map { "\(name) (there: \($0))" } ?? name
    switch outcome {
    case .taken: return "taken       \(named)"
    case .inflated(let frames): return "inflated    \(named), over \(frames) frames"
    case .missing: return "missing     \(named)\(isAllowed ? ", keeps its initial values" : "")"
    case .wrongShape(let file, let network):
      return "wrong shape \(named): \(file) in the file, \(network) in the network"
    case .unexpected: return "unexpected  \(name)\(isAllowed ? ", left out" : "")"
    }
  }
}
