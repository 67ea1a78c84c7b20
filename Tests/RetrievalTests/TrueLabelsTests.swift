import Testing

@testable import Retrieval

@Suite("True labels")
struct TrueLabelsTests {
  @Test("The class is the last folder of an id, numbered by name")
  func folders() {
    let labels = TrueLabels(classFoldersOf: [
      "Walk/v_Walk_g08_c01.avi", "UCF-101/Jump/a.avi", "Walk/b.avi", "loose.avi",
    ])
    #expect(labels.names == ["Jump", "Walk"])
    #expect(labels.classes == [1, 0, 1, -1])
  }

  @Test("No ids have no classes")
  func none() {
    let labels = TrueLabels(classFoldersOf: [])
    #expect(labels.names.isEmpty && labels.classes.isEmpty)
  }
}
