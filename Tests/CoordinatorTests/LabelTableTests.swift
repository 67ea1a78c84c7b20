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
    let text = "coarse\tid\tfine\r\n7\tb\t2000000000\r\n-1\ta\t-1\r\n9\tother\t1\r\n7\tc\t4\r\n"
    let (fine, coarse) = try Self.read(text, ids: ["a", "b", "c"])
    #expect(fine == [-1, 0, 1])
    #expect(coarse == [-1, 0, 0])
  }

  @Test func `One column of labels serves both levels`() throws {
    let (fine, coarse) = try Self.read("id\tlabel\nx\t4\n", ids: ["x"])
    #expect(fine == [0] && coarse == [0])
  }

  @Test func `An unreadable video needs no row, and has no label`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.file("labels.tsv", holding: Data("id\tlabel\nx\t4\n".utf8))
    #expect(try LabelTable.read(path, ids: ["y", "x"], unreadable: [0]).fine == [-1, 0])
  }

  @Test(arguments: [
    ("a\tb\n", "the first line must name the columns id and fine, or id and label"),
    ("id\tlabel\nx\tone\n", "line 2 is no id with labels: x\tone"),
    ("id\tlabel\nx\t-2\n", "line 2 is no id with labels: x\t-2"),
    ("id\tlabel\nx\t1\nx\t2\n", "line 3 repeats x"),
    ("id\tlabel\ny\t1\n", "has no labels of x"),
    (
      "id\tfine\tcoarse\nx\t3\t-1\n",
      "has fine label 3 in the coarse labels -1 and -1; a fine cluster lies in one coarse cluster"
    ),
    (
      "id\tfine\tcoarse\nw\t3\t1\nx\t3\t2\n",
      "has fine label 3 in the coarse labels 1 and 2; a fine cluster lies in one coarse cluster"
    ),
  ])
  func `A table that does not serve is refused with the line or the id`(
    text: String, reason: String
  ) {
    let ids = text.contains("w\t") ? ["w", "x"] : ["x"]
    let error = #expect(throws: DatasetError.self) { try Self.read(text, ids: ids) }
    #expect(error?.description.hasSuffix(reason) == true)
  }
}
