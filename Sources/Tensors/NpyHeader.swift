import Foundation

/// What precedes the elements of a NumPy array file.
struct NpyHeader {
  /// The element types that we read and write, by NumPy's name.
  enum Element: String {
    case float32 = "<f4"
    case float64 = "<f8"

    var size: Int { self == .float32 ? 4 : 8 }
  }

  let element: Element
  /// The extents, outermost first.
  let shape: [Int]

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  private static let alignment = 64
  /// NumPy leaves room for the first extent to grow to this many digits in place.
  private static let growthDigits = 21
  /// NumPy itself refuses longer headers unless told to trust the file.
  private static let longest = 10_000

  init(_ element: Element, shape: [Int]) {
    self.element = element
    self.shape = shape
  }

  /// The bytes of all elements.
  ///
  /// - Throws: where no file can hold as many.
  func byteCount(in path: String) throws(FileError) -> Int {
    var bytes = element.size
    for extent in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
      guard !overflow else {
        throw FileError(path, "has the shape \(shape), which no file can hold")
      }
      bytes = product
    }
    return bytes
  }

  /// The header of a matrix as `numpy.save` writes it, byte for byte (NumPy 2).
  var bytes: Data {
    var text = "{'descr': '\(element.rawValue)', 'fortran_order': False, "
    text += "'shape': (\(shape.map(String.init).joined(separator: ", "))), }"
    text += String(repeating: " ", count: Self.growthDigits - String(shape[0]).count)
    let fixed = Self.magic.count + 4 + text.utf8.count + 1
    text += String(repeating: " ", count: Self.alignment - fixed % Self.alignment) + "\n"
    let length = UInt16(text.utf8.count)
    return Data(Self.magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)]) + Data(text.utf8)
  }

  /// Reads the header, and leaves the file at the first element.
  init(from file: inout FileReader) throws(FileError) {
    let path = file.path
    guard file.remaining >= 10 else { throw FileError(path, "is no NumPy array: it is too short") }
    let start: [UInt8] = try file.next(8)
    guard Array(start[0..<6]) == Self.magic else {
      throw FileError(path, "is no NumPy array: it does not start with \\x93NUMPY")
    }
    let length: Int
    switch start[6] {
    case 1: length = try file.next(2, of: UInt8.self).littleEndian
    case 2: length = try file.next(4, of: UInt8.self).littleEndian
    default: throw FileError(path, "has NumPy format \(start[6]).\(start[7]); 1 and 2 are known")
    }
    guard length <= Self.longest else {
      throw FileError(path, "has a header of \(length) bytes")
    }
    guard length <= file.remaining else {
      throw FileError(
        path, "is cut short: the header takes \(length) bytes, and \(file.remaining) follow")
    }
    let text = String(decoding: try file.next(length, of: UInt8.self), as: UTF8.self)
    guard let fields = NpyFields(text) else {
      throw FileError(
        path,
        "has a header that is no dictionary of a plain array (structured elements have another): "
          + "\(text.prefix(80))")
    }
    guard let element = fields.element.flatMap({ Element(rawValue: $0) }) else {
      throw FileError(
        path,
        "has elements '\(fields.element ?? "none")'; '<f4' and '<f8' are known, and NumPy's "
          + "x.astype('float32') makes them")
    }
    guard let isFortranOrder = fields.isFortranOrder else {
      throw FileError(path, "has a header without fortran_order")
    }
    guard !isFortranOrder else {
      throw FileError(
        path, "is in Fortran order; C order is known, and NumPy's ascontiguousarray(x) makes it")
    }
    guard let shape = fields.shape else { throw FileError(path, "has a header without a shape") }
    self.init(element, shape: shape)
  }
}

extension [UInt8] {
  /// The number that these bytes write, the lowest byte first.
  fileprivate var littleEndian: Int { reversed().reduce(0) { $0 << 8 | Int($1) } }
}
