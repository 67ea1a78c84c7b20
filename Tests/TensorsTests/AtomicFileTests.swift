import Foundation
import Testing

@testable import Tensors

@Suite struct AtomicFileTests {
  private struct Interruption: Error {}

  @Test func `A failed write leaves the earlier file and nothing else`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.file("x", holding: Data("old".utf8))
    #expect(throws: Interruption.self) {
      try AtomicFile.write(to: path) { file in
        try file.append(Data("new".utf8))
        throw Interruption()
      }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
    #expect(try directory.names() == ["x"])
    #expect(throws: Interruption.self) {
      try AtomicFile.write(Data("new".utf8), to: path) { throw Interruption() }
    }
    #expect(try directory.names() == ["x"])
    try AtomicFile.write(Data("new".utf8), to: path) {
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(before == Data("old".utf8))
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("new".utf8))
    #expect(try directory.names() == ["x"])
  }

  @Test(arguments: ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
  func `What the process has open is not replaced`(path: String) {
    let error = #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: path) }
    #expect(error?.path == path && error?.reason == "is no file that can be replaced")
  }

  @Test func `A symbolic link stays, and what it names is written`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.file("x", holding: Data("old".utf8))
    let (link, device) = (directory.file("link"), directory.file("device"))
    let files = FileManager.default
    try files.createSymbolicLink(atPath: link, withDestinationPath: "x")
    try files.createSymbolicLink(atPath: device, withDestinationPath: "/dev/null")
    try AtomicFile.write(Data("new".utf8), to: link)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("new".utf8))
    #expect(try files.destinationOfSymbolicLink(atPath: link) == "x")
    #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: device) }
    #expect(try directory.names() == ["device", "link", "x"])
  }

  @Test func `A missing directory and a device are refused by name`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("absent/x")
    let error = #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: path) }
    #expect(error?.path == path)
    #expect(error?.reason == "cannot be opened: No such file or directory")
    let full = #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: "/dev/full") }
    #expect(full?.fault == .output)
  }
}
