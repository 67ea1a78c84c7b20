import Foundation
import Tensors
import Testing

@testable import Coordinator

@Suite struct EventFileTests {
  @Test func `Checksums are those of the standard`() {
    #expect(CRC32C.of("123456789".utf8) == 0xE306_9283)
    #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.of([]) == 0)
  }

  /// Tests/Fixtures/tensorboard/make_events.py prints these, and reads them with TensorBoard.
  @Test func `The bytes are those of TensorBoard's own writer`() {
    let expected = """
      1800000000000000a37f4b220900004068cd55da411a0d627261696e2e4576656e743a32bdefd87b2600000000
      000000734fe300090000006acd55da4110072a190a0b0a046c6f7373150000c03f0a0a0a036e6d69150000803e
      56a9b5961b000000000000001a0d9e1309000040b3cd55da4110ac022a0d0a0b0a046c6f737315000000c0ac2b
      ad17
      """.filter { !$0.isWhitespace }
    var file = EventFile(time: 1_767_323_041)
    file.append(
      step: 7, time: 1_767_323_048, [(tag: "loss", value: 1.5), (tag: "nmi", value: 0.25)])
    file.append(step: 300, time: 1_767_323_341, [(tag: "loss", value: -2)])
    let digits = file.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
    #expect(digits.joined() == expected)
  }

  @Test func `More lines are added to the same file, and fewer make another`() throws {
    let directory = try TemporaryDirectory()
    func events(_ count: Int) throws -> Data {
      let lines = (1...count).map {
        "{\"epoch\":\($0),\"loss\":\($0),\"schema_version\":1,\"step\":\($0),"
          + "\"time\":\"2026-01-02T03:04:0\($0)Z\"}\n"
      }
      let path = try directory.file("metrics.jsonl", holding: Data(lines.joined().utf8))
      try MetricsFile(reading: path).writeEvents(to: directory.file("board"))
      return try Data(
        contentsOf: URL(fileURLWithPath: directory.file("board/" + MetricsFile.eventsName)))
    }
    let two = try events(2)
    let open = try FileHandle(
      forReadingFrom: URL(fileURLWithPath: directory.file("board/" + MetricsFile.eventsName)))
    let three = try events(3)
    #expect(three.count > two.count && three.starts(with: two))
    #expect(try open.readToEnd() == three)
    #expect(try events(2) == two)
    try open.seek(toOffset: 0)
    #expect(try open.readToEnd() == three)
  }
}
