/// What makes two units one to whoever times or checks kernels.
private struct Kind: Hashable {
  let shape: String
  let padding: [Int]
  let isFirst: Bool
  let choice: ConvolutionChoice
}

extension [ConvolutionUnit] {
  /// The numbers of the units of every distinct shape and choice, in forward order.
  func alike(clips: Int, _ choices: KernelChoices) -> [[Int]] {
    var order: [Kind] = []
    var units: [Kind: [Int]] = [:]
    for (index, unit) in enumerated() {
      let kind = Kind(
        shape: unit.summary(clips: clips), padding: unit.padding, isFirst: unit.isFirst,
        choice: choices[index])
      if units[kind] == nil { order.append(kind) }
      units[kind, default: []].append(index)
    }
    return order.map { units[$0] ?? [] }
  }
}
