// `unsafe` is sound here because every place was checked against the storage before it is read.

/// The kind of a storage's elements, by the name of PyTorch's class; little-endian in files.
enum StoredElement: String {
  case float16 = "HalfStorage"
  case bfloat16 = "BFloat16Storage"
  case float32 = "FloatStorage"
  case float64 = "DoubleStorage"
  case int8 = "CharStorage"
  case uint8 = "ByteStorage"
  case bool = "BoolStorage"
  case int16 = "ShortStorage"
  case int32 = "IntStorage"
  case int64 = "LongStorage"

  /// The bytes of one element.
  var size: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16: 2
    case .float32, .int32: 4
    case .float64, .int64: 8
    }
  }

  var isFloat: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }
}

extension StoredElement {
  /// The floats of a checked view of a storage's bytes, in the view's row-major order.
  func floats(_ view: TensorView, in storage: [UInt8]) -> [Float] {
    switch self {
    case .float32: Self.gather(view, storage, as: UInt32.self) { Float(bitPattern: $0) }
    case .float64: Self.gather(view, storage, as: UInt64.self) { Float(Double(bitPattern: $0)) }
    case .float16: Self.gather(view, storage, as: UInt16.self) { Float(Float16(bitPattern: $0)) }
    case .bfloat16:
      Self.gather(view, storage, as: UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    default: preconditionFailure("\(rawValue) holds no floats")
    }
  }

  /// The integers of a checked view of a storage's bytes, in the view's row-major order.
  func integers(_ view: TensorView, in storage: [UInt8]) -> [Int64] {
    switch self {
    case .int8: Self.gather(view, storage, as: Int8.self) { Int64($0) }
    case .uint8: Self.gather(view, storage, as: UInt8.self) { Int64($0) }
    case .bool: Self.gather(view, storage, as: UInt8.self) { $0 == 0 ? 0 : 1 }
    case .int16: Self.gather(view, storage, as: Int16.self) { Int64($0) }
    case .int32: Self.gather(view, storage, as: Int32.self) { Int64($0) }
    case .int64: Self.gather(view, storage, as: Int64.self) { $0 }
    default: preconditionFailure("\(rawValue) holds no integers")
    }
  }

  private static func gather<Word: FixedWidthInteger & BitwiseCopyable, Value: BitwiseCopyable>(
    _ view: TensorView, _ storage: [UInt8], as word: Word.Type, _ convert: (Word) -> Value
  ) -> [Value] {
    let width = MemoryLayout<Word>.size
    return unsafe storage.withUnsafeBytes { bytes in
      unsafe [Value](unsafeUninitializedCapacity: view.count) { values, filled in
        view.forEachRow { first, stride, count in
          precondition(first >= 0 && (first + (count - 1) * stride + 1) * width <= bytes.count)
          for index in 0..<count {
            let place = (first + index * stride) * width
            let value = unsafe Word(
              littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: Word.self))
            unsafe values.initializeElement(at: filled, to: convert(value))
            filled += 1
          }
        }
      }
    }
  }
}
