import Foundation
import Testing
import Worker

@testable import Coordinator

@Suite struct LabelTableTests {
  private static func read(_ text: String, ids: [String]) throws -> ([Int32], [Int32]) {
    let directory = try TemporaryDirectory()
    let path = try directory.file("labels.tsv", holding: Data(text.utf8))
    let labels = try LabelTable.read(path, ids: ids)
    return (labels.fine, labels.coarse)
  }

  @Test func `Labels follow the ids, not the lines`() throws {
    let text = "coarse\tid\tfine\n7\tb\t3\n-1\ta\t-1\n9\tother\t1\n"
    let (fine, coarse) = try Self.read(text, ids: ["a", "b"])
    #expect(fine == [-1, 3])
    #expect(coarse == [-1, 7])
  }

  @Test func `One column of labels serves both levels`() throws {
    let (fine, coarse) = try Self.read("id\tlabel\nx\t4\n", ids: ["x"])
    #expect(fine == [4] && coarse == [4])
  }

  @Test(arguments: [
    ("a\tb\n", "the first line must name the columns id and fine, or id and label"),
    ("id\tlabel\nx\tone\n", "line 2 is no id with labels: x\tone"),
    ("id\tlabel\nx\t-2\n", "line 2 is no id with labels: x\t-2"),
    ("id\tlabel\nx\t1\nx\t2\n", "line 3 repeats x"),
    ("id\tlabel\ny\t1\n", "has no labels of x"),
  ])
  func `A table that does not serve is refused with the line or the id`(
    text: String, reason: String
  ) {
    let error = #expect(throws: DatasetError.self) { try Self.read(text, ids: ["x"]) }
    #expect(error?.description.hasSuffix(reason) == true)
  }
}
