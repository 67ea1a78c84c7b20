import Foundation
import Testing

@testable import Tensors

@Suite struct NpyArrayTests {
  private static func file(_ element: String, _ shape: String, values: [Float]) -> Data {
    let header = "{'descr': '\(element)', 'fortran_order': False, 'shape': \(shape), }\n"
    let length = [UInt8(header.utf8.count), 0]
    let elements = unsafe values.withUnsafeBytes { unsafe Data($0) }
    return Data([0x93] + Array("NUMPY".utf8) + [1, 0] + length) + Data(header.utf8) + elements
  }

  @Test func `Slices are read from their own place`() throws {
    let directory = try TemporaryDirectory()
    let values = (0..<24).map { Float($0) }
    let path = try directory.file(
      "x.npy", holding: Self.file("<f4", "(4, 3, 1, 2)", values: values))
    let array = try NpyArray(path)
    #expect(array.shape == [4, 3, 1, 2] && array.sliceCount == 6)
    #expect(try array.slices(1..<3) == Array(values[6..<18]))
    #expect(try array.slices(0..<4) == values)
    #expect(try array.slices(2..<2) == [])
  }

  @Test(arguments: [
    ("<f8", "(2, 3)", "x.astype('float32')"), ("<f4", "(2, 4)", "takes 32"),
    ("<f4", "(2, 2)", "takes 16"), ("<f4", "(0, 3)", "no elements"), ("<f4", "()", "no elements"),
    ("<f4", "(9223372036854775807, 9223372036854775807)", "no file can hold"),
    ("<f4", "(0, 9223372036854775807, 9223372036854775807)", "no elements"),
  ])
  func `What does not fit is refused`(element: String, shape: String, reason: String) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.file(
      "x.npy", holding: Self.file(element, shape, values: [1, 2, 3, 4, 5, 6]))
    let error = #expect(throws: FileError.self) { try NpyArray(path) }
    #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
  }
}
