import Foundation

extension SafeTensors {
  /// Reads a file.
  ///
  /// The header is checked as a whole before memory is allocated for any value: extents that
  /// overflow, spans that differ from the shape, overlap or leave gaps, and names that occur twice
  /// are refused.
  ///
  /// - Throws: `FileError`.
  public init(reading path: String) throws(FileError) {
    var file = try FileReader(path)
    let header = try SafeTensorsHeader(from: &file)
    var entries: [Entry] = []
    for tensor in header.tensors {
      let values: Values
      switch tensor.element {
      case .float32: values = .floats(try file.next(tensor.count))
      case .float64: values = .floats(try file.nextRounded(tensor.count))
      case .float16:
        values = .floats(
          try file.next(tensor.count, of: UInt16.self).map { Float(Float16(bitPattern: $0)) })
      case .bfloat16:
        values = .floats(
          try file.next(tensor.count, of: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) })
      case .int64: values = .integers(try file.next(tensor.count))
      case .int32:
        values = .integers(try file.next(tensor.count, of: Int32.self).map { Int64($0) })
      case .uint64:
        let unsigned = try file.next(tensor.count, of: UInt64.self)
        if let large = unsigned.first(where: { $0 > UInt64(Int64.max) }) {
          throw FileError(path, "'\(tensor.name)' holds \(large), which is above \(Int64.max)")
        }
        values = .integers(unsigned.map { Int64($0) })
      }
      entries.append(Entry(tensor.name, shape: tensor.shape, values: values))
    }
    self.init(entries, metadata: header.metadata)
  }

  /// Creates or replaces a file; the same tensors give the same bytes.
  ///
  /// - Throws: `FileError`; the earlier file is then as it was.
  public func write(to path: String) throws {
    // Eight-byte elements go first, so that every tensor is aligned.
    let ordered = entries.sorted {
      ($0.values.size, $1.name) > ($1.values.size, $0.name)
    }
    for (one, next) in zip(ordered.map(\.name).sorted(), ordered.map(\.name).sorted().dropFirst()) {
      precondition(one != next, "two tensors are named '\(one)'")
    }
    try AtomicFile.write(to: path) { file in
      try file.append(try SafeTensorsHeader.bytes(of: ordered, metadata: metadata))
      for entry in ordered {
        switch entry.values {
        case .floats(let values): try file.append(values)
        case .integers(let values): try file.append(values)
        }
      }
    }
  }
}

extension SafeTensors.Values {
  /// The bytes of one element in a file.
  var size: Int {
    switch self {
    case .floats: 4
    case .integers: 8
    }
  }
}
