import Tensors

extension ViewRecipe.Order {
  /// What the order makes of the speed of what moves; chunks and edits keep most of it.
  var pace: Float {
    switch self {
    case .filmed, .shuffle, .jumble: 1
    case .reverse: -1
    case .repeat: 0
    }
  }

  /// Which of a window's `count` frames stands at each place of the view.
  ///
  /// - `repeat` and `shuffle`: Tao et al., "Self-supervised video representation learning using
  ///   inter-intra contrastive framework", ACM MM 2020 (arXiv 2008.02531), section 3.2. Chunk k of
  ///   four holds the frames from k·T/4 on; fewer than four frames are chunks of one.
  /// - `jumble`: the frame edits of the released code of Wang et al., "Enhancing unsupervised video
  ///   representation learning by decoupling the scene and the motion", AAAI 2021 (arXiv 2009.05757):
  ///   2·max(1, ⌊T/10⌋) times a copy of one frame is put in somewhere, the later ones moving back and
  ///   the last one out; then as many times two frames change places.
  func frames(_ count: Int, using random: inout RandomStream) -> [Int] {
    precondition(count >= 1, "no order of \(count) frames")
    switch self {
    case .filmed: return Array(0..<count)
    case .reverse: return (0..<count).reversed()
    case .repeat:
      return Array(repeating: random.integer(below: count), count: count)
    case .shuffle:
      let chunks = min(4, count)
      guard chunks > 1 else { return [0] }
      var order = Array(0..<chunks)
      let (first, second) = Self.twoDifferent(below: chunks, using: &random)
      order.swapAt(first, second)
      return order.flatMap { Array($0 * count / chunks..<($0 + 1) * count / chunks) }
    case .jumble:
      var order = Array(0..<count)
      guard count > 1 else { return order }
      let edits = 2 * max(1, count / 10)
      for _ in 0..<edits {
        let place = random.integer(below: count)
        order.insert(order[random.integer(below: count)], at: place)
        order.removeLast()
      }
      for _ in 0..<edits {
        let (first, second) = Self.twoDifferent(below: count, using: &random)
        order.swapAt(first, second)
      }
      return order
    }
  }

  private static func twoDifferent(
    below bound: Int, using random: inout RandomStream
  ) -> (Int, Int) {
    let first = random.integer(below: bound)
    return (first, (first + 1 + random.integer(below: bound - 1)) % bound)
  }
}
