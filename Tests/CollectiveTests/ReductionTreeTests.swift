import Testing

@testable import Collective

@Suite struct ReductionTreeTests {
  @Test func splitsAtTheLargestPowerOfTwoBelowTheLength() {
    let splits = (2...9).map { ReductionTree.split(10..<(10 + $0)) - 10 }
    #expect(splits == [1, 2, 2, 4, 4, 4, 4, 8])
  }

  /// The tree's shape, written out with brackets.
  private func shape(_ range: Range<Int>) -> String {
    ReductionTree.reduce(range, leaf: String.init) { "(\($0)+\($1))" }
  }

  @Test func hasTheDocumentedShape() {
    #expect(shape(0..<1) == "0")
    #expect(shape(0..<3) == "((0+1)+2)")
    #expect(shape(0..<6) == "(((0+1)+(2+3))+(4+5))")
    #expect(shape(0..<7) == "(((0+1)+(2+3))+((4+5)+6))")
  }

  @Test(arguments: 1...33)
  func aStackOfPartialSumsBuildsTheSameTree(count: Int) {
    var stack: [String] = []
    for leaf in 0..<count {
      stack.append(String(leaf))
      for _ in 0..<ReductionTree.merges(afterLeaf: leaf, of: count) {
        let right = stack.removeLast()
        stack.append("(\(stack.removeLast())+\(right))")
      }
    }
    #expect(stack == [shape(0..<count)])
  }

  @Test(arguments: 2...17)
  func parentsAndSiblingsInvertTheSplit(count: Int) {
    func visit(_ node: Range<Int>) {
      guard node.count >= 2 else { return }
      let middle = ReductionTree.split(node)
      let (left, right) = (node.lowerBound..<middle, middle..<node.upperBound)
      for (half, other) in [(left, right), (right, left)] {
        #expect(ReductionTree.parent(of: half, in: 0..<count) == node)
        #expect(ReductionTree.sibling(of: half, in: 0..<count) == other)
        visit(half)
      }
    }
    visit(0..<count)
    #expect(ReductionTree.parent(of: 0..<count, in: 0..<count) == nil)
    #expect(ReductionTree.sibling(of: 0..<count, in: 0..<count) == nil)
  }

  /// Ranks whose blocks are powers of two sum the upper part of the leaves' tree.
  @Test(arguments: [(6, 3), (8, 2), (8, 4), (12, 3), (5, 5), (20, 5)])
  func blocksOfPowersOfTwoAreNodes(leaves: Int, ranks: Int) {
    let block = leaves / ranks
    let upper = ReductionTree.reduce(0..<ranks) {
      shape($0 * block..<($0 + 1) * block)
    } combine: {
      "(\($0)+\($1))"
    }
    #expect(upper == shape(0..<leaves))
  }
}
