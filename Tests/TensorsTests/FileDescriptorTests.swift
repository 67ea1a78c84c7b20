import Foundation
import Testing

@testable import Tensors

@Suite("A file descriptor") struct FileDescriptorTests {
  @Test("waits for a pipe that does not block", .timeLimit(.minutes(1)))
  func nonBlocking() throws {
    let path = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
    let made = unsafe mkfifo(path, 0o600)
    try #require(made == 0)
    defer { unsafe unlink(path) }
    // Both ends are open from the start, so that nothing to read is no end.
    let writer = unsafe open(path, O_RDWR | O_NONBLOCK)
    try #require(writer >= 0)
    let reader = try FileDescriptor.reading(path)
    let thread = Thread {
      for byte: UInt8 in [7, 8, 9] {
        usleep(20_000)
        _ = unsafe withUnsafeBytes(of: byte) { unsafe write(writer, $0.baseAddress, 1) }
      }
    }
    thread.start()
    var bytes = [UInt8](repeating: 0, count: 3)
    try unsafe bytes.withUnsafeMutableBytes { buffer in
      let count = unsafe try reader.readSome(into: .init(rebasing: buffer[..<1]))
      #expect(count == 1)
      unsafe try reader.read(into: .init(rebasing: buffer[1...]))
    }
    #expect(bytes == [7, 8, 9])
    close(writer)
  }

  @Test("of a file that is too large is not read as a whole")
  func tooLarge() throws {
    let path = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
    defer { unsafe unlink(path) }
    try Data(repeating: 65, count: 10).write(to: URL(fileURLWithPath: path))
    #expect(try WholeFile.bytes(path, atMost: 10).count == 10)
    let error = #expect(throws: FileError.self) { try WholeFile.text(path, atMost: 9) }
    #expect(error?.reason == "has 10 bytes, and at most 9 are read")
    #expect(throws: FileError.self) { try WholeFile.bytes("/dev/zero", atMost: 1 << 17) }
  }
}
