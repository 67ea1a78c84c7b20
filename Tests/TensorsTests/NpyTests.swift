import Foundation
import Testing

@testable import Tensors

@Suite struct NpyTests {
  /// The header that NumPy 2.4.6 writes for `numpy.arange(6, dtype='<f4').reshape(2, 3)`.
  private static let header =
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    + String(repeating: " ", count: 58) + "\n"

  private static func array(_ header: String, version: UInt8 = 1, values: Data) -> Data {
    let count = header.utf8.count
    let length =
      version == 1
      ? [UInt8(count & 0xff), UInt8(count >> 8)]
      : [UInt8(count & 0xff), UInt8(count >> 8 & 0xff), 0, 0]
    return Data([0x93] + Array("NUMPY".utf8) + [version, 0] + length) + Data(header.utf8) + values
  }

  private static func bytes<Element: BitwiseCopyable>(_ values: [Element]) -> Data {
    unsafe values.withUnsafeBytes { unsafe Data($0) }
  }

  @Test func `The bytes are those that NumPy writes`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("x.npy")
    try Npy.write(Matrix(rows: 2, columns: 3, values: [0, 1, 2, 3, 4, 5]), to: path)
    let expected = Self.array(
      Self.header, values: Self.bytes([Float](arrayLiteral: 0, 1, 2, 3, 4, 5)))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == expected)
  }

  @Test func `Rows survive a round trip`() throws {
    let directory = try TemporaryDirectory()
    var random = RandomStream(seed: 1, purpose: .test)
    for (rows, columns) in [(0, 4), (1, 1), (17, 5), (3, 0)] {
      let matrix = Matrix(rows: rows, columns: columns, values: random.normals(rows * columns))
      try Npy.write(matrix, to: directory.file("x.npy"))
      #expect(try Npy.readMatrix(directory.file("x.npy")) == matrix)
    }
    #expect(try directory.names() == ["x.npy"])
  }

  @Test func `Doubles are written as they are and read as floats`() throws {
    let directory = try TemporaryDirectory()
    let values = [0.1, 1e-300, -3, 1.0 / 3]
    try Npy.write(doubles: values, rows: 2, columns: 2, to: directory.file("z.npy"))
    let data = try Data(contentsOf: URL(fileURLWithPath: directory.file("z.npy")))
    #expect(data.suffix(32) == Self.bytes(values))
    #expect(try Npy.readMatrix(directory.file("z.npy")).values == values.map { Float($0) })
  }

  @Test func `More doubles than are read at once keep their order`() throws {
    let directory = try TemporaryDirectory()
    let count = 3 * (1 << 16) / 2
    try Npy.write(
      doubles: (0..<count).map { Double($0) }, rows: count / 3, columns: 3,
      to: directory.file("z.npy"))
    let matrix = try Npy.readMatrix(directory.file("z.npy"))
    #expect(matrix.rows == count / 3)
    #expect(matrix.values == (0..<count).map { Float($0) })
  }

  @Test func `Version 2 and other spacing are read`() throws {
    let directory = try TemporaryDirectory()
    let header = "{ 'shape':(2,1) , 'fortran_order':False,'descr':'<f4'}\n"
    let path = try directory.file(
      "v2.npy",
      holding: Self.array(header, version: 2, values: Self.bytes([Float](arrayLiteral: 7, 8))))
    #expect(try Npy.readMatrix(path) == Matrix(rows: 2, columns: 1, values: [7, 8]))
  }

  @Test(arguments: [
    ("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 1), }", "'>f4'"),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1), }", "'<i8'"),
    ("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }", "Fortran"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "two dimensions"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", "cut short"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }", "too long"),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 4), }",
      "no file can hold"
    ),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 1), }", "no dictionary"),
    ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, }", "no dictionary"),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 1), }", "no dictionary"),
    ("{'fortran_order': False, 'shape': (2, 1), }", "'none'"),
    ("{'descr': '<f4', 'shape': (2, 1), }", "without fortran_order"),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9223372036854775807), }",
      "(0, 9223372036854775807): of no elements, at most 16777216 rows or columns"
    ),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (100000000000, 0), }", "of no elements"),
    ("__import__('os')", "no dictionary"),
  ])
  func `A header that we do not read is refused by name`(header: String, reason: String) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.file(
      "x.npy", holding: Self.array(header, values: Self.bytes([Float](arrayLiteral: 7, 8))))
    let error = #expect(throws: FileError.self) { try Npy.readMatrix(path) }
    #expect(error?.path == path)
    #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
  }

  @Test func `Short files, foreign files and long headers are refused`() throws {
    let directory = try TemporaryDirectory()
    let whole = Self.array(Self.header, values: Self.bytes([Float](repeating: 1, count: 6)))
    for length in [0, 5, 9, 40, whole.count - 1] {
      let path = try directory.file("short.npy", holding: whole.prefix(length))
      #expect(throws: FileError.self) { try Npy.readMatrix(path) }
    }
    let text = try directory.file("text.npy", holding: Data("not an array at all".utf8))
    #expect(throws: FileError.self) { try Npy.readMatrix(text) }
    var long = whole
    long[8] = 0xff
    long[9] = 0xff
    let path = try directory.file("long.npy", holding: long)
    #expect(throws: FileError(path, "has a header of 65535 bytes")) { try Npy.readMatrix(path) }
    #expect(throws: FileError.self) { try Npy.readMatrix(directory.path) }
    let error = #expect(throws: FileError.self) {
      try Npy.readMatrix(directory.file("absent.npy"))
    }
    #expect(error?.fault == .missing)
  }

  /// Reads what comes through a named pipe.
  private static func piped(_ data: Data) throws -> Npy.Rows {
    let directory = try TemporaryDirectory()
    let path = directory.file("pipe")
    #expect(unsafe mkfifo(path, 0o600) == 0)
    let writer = Thread {
      let handle = FileHandle(forWritingAtPath: path)
      for start in stride(from: 0, to: data.count, by: 5) {
        try? handle?.write(contentsOf: data[start..<min(start + 5, data.count)])
      }
      try? handle?.close()
    }
    // A reader that refuses the header closes the pipe; writing to it is then an error, not a death.
    signal(SIGPIPE, SIG_IGN)
    writer.start()
    return try Npy.readRows(path)
  }

  @Test(.timeLimit(.minutes(1)))
  func `Rows come through a pipe, which may end too early or too late`() throws {
    let whole = Self.array(
      Self.header, values: Self.bytes([Float](arrayLiteral: 0, 1, 2, 3, 4, 5)))
    guard case .single(let matrix) = try Self.piped(whole) else {
      Issue.record("floats are singles")
      return
    }
    #expect(matrix == Matrix(rows: 2, columns: 3, values: [0, 1, 2, 3, 4, 5]))
    for (data, reason) in [
      (whole.prefix(5), "ends 3 bytes too early"), (whole.prefix(40), "bytes too early"),
      (whole.dropLast(), "ends 1 bytes too early"),
      (whole + [0], "is too long: bytes follow those of the shape (2, 3)"),
      (
        Self.array(
          "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000), }",
          values: Data()),
        "has the shape (1000000000, 1000000), whose <f8 take 7629394531 MB of memory, and there are"
      ),
    ] {
      let error = #expect(throws: FileError.self) { try Self.piped(data) }
      #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }
  }

  @Test func `Reading tells how far it is`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("x.npy")
    try Npy.write(Matrix(rows: 5 << 10, columns: 1 << 10), to: path)
    var shares: [Double] = []
    _ = try Npy.readRows(path) { shares.append($0) }
    #expect(shares == shares.sorted() && shares.count == 2 && shares.last == 1)
  }
}
