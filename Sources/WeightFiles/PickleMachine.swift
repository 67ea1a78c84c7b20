import Tensors

/// An interpreter of Python's pickles that can build containers, numbers, texts, and tensors' places,
/// and nothing else: no name is looked up, nothing is called, and what is not known is refused.
///
/// Pickles are programs of a stack machine (Python's `pickletools` documents the opcodes, PEP 3154
/// protocol 4); a general interpreter runs whatever a file says. This one knows the opcodes that
/// `torch.save` writes in protocols 2 to 5. Work and memory are bounded by the bytes of the pickle
/// and by `mostOpcodes`; there is no recursion.
struct PickleMachine {
  /// Enough for ten thousand tensors with their optimiser's state.
  private static let mostOpcodes = 1 << 19

  var heap = PickleHeap()
  private(set) var stream: PickleStream
  var stack: [PickleValue] = []
  /// The heights of the stack at the open marks.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var done = 0
  /// Where the current opcode lies.
  private var place = 0

  init(_ stream: PickleStream) { self.stream = stream }

  /// Runs the next pickle of the stream to its end, and returns what it built.
  mutating func load() throws(FileError) -> PickleValue {
    (stack, marks, memo) = ([], [], [:])
    while true {
      place = stream.position
      try count(1)
      let opcode = try stream.byte()
      if opcode == UInt8(ascii: ".") { return try pop() }
      try run(opcode)
    }
  }

  /// Counts work, and refuses a pickle that would do too much of it.
  mutating func count(_ steps: Int) throws(FileError) {
    done += steps
    guard done <= Self.mostOpcodes else {
      throw refusal("has more than \(Self.mostOpcodes) opcodes and copies")
    }
  }

  private mutating func run(_ opcode: UInt8) throws(FileError) {
    if try pushScalar(opcode) { return }
    switch opcode {
    case 0x80:  // PROTO
      let version = try stream.byte()
      guard version <= 5 else { throw refusal("has pickle protocol \(version); 2 to 5 are known") }
    case 0x95: _ = try stream.number(8)  // FRAME
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "]"): pushSequence([], PickleValue.list)
    case UInt8(ascii: ")"): pushSequence([], PickleValue.tuple)
    case UInt8(ascii: "t"): pushSequence(try popToMark(), PickleValue.tuple)
    case 0x85, 0x86, 0x87: pushSequence(try pop(Int(opcode) - 0x84), PickleValue.tuple)
    case UInt8(ascii: "}"): pushDictionary([])
    case UInt8(ascii: "a"): try append([try pop()])
    case UInt8(ascii: "e"): try append(try popToMark())
    case UInt8(ascii: "s"): try setItems(try pop(2))
    case UInt8(ascii: "u"): try setItems(try popToMark())
    case UInt8(ascii: "h"): stack.append(try recall(try stream.number(1)))
    case UInt8(ascii: "j"): stack.append(try recall(try stream.number(4)))
    case UInt8(ascii: "q"): memo[Int(try stream.number(1))] = try top()
    case UInt8(ascii: "r"): memo[Int(try stream.number(4))] = try top()
    case 0x94: memo[memo.count] = try top()  // MEMOIZE
    case UInt8(ascii: "c"):
      let (module, name) = (try stream.line(), try stream.line())
      stack.append(.global(try global(module + "." + name)))
    case 0x93:  // STACK_GLOBAL
      let names = try pop(2)
      guard case .text(let module) = names[0], case .text(let name) = names[1] else {
        throw refusal("names a global by \(names[0].kind) and \(names[1].kind)")
      }
      stack.append(.global(try global(module + "." + name)))
    case UInt8(ascii: "Q"): stack.append(try persistent(try pop()))
    case UInt8(ascii: "R"), 0x81: try reduce()  // REDUCE, NEWOBJ
    case UInt8(ascii: "b"): try build()
    default: throw unknown(opcode)
    }
  }

  /// Runs the opcodes that push a number, a text or None; false for all others.
  private mutating func pushScalar(_ opcode: UInt8) throws(FileError) -> Bool {
    switch opcode {
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "J"):
      stack.append(.int(Int(Int32(truncatingIfNeeded: try stream.number(4)))))
    case UInt8(ascii: "K"): stack.append(.int(Int(try stream.number(1))))
    case UInt8(ascii: "M"): stack.append(.int(Int(try stream.number(2))))
    case UInt8(ascii: "G"):  // BINFLOAT, its highest byte first
      stack.append(.float(Double(bitPattern: try stream.number(8).byteSwapped)))
    case 0x8a: stack.append(Self.integer(try stream.counted(1)))  // LONG1
    case UInt8(ascii: "U"), 0x8c: try pushText(1)
    case UInt8(ascii: "T"), UInt8(ascii: "X"): try pushText(4)
    case 0x8d: try pushText(8)
    case UInt8(ascii: "C"): try pushBytes(1)
    case UInt8(ascii: "B"): try pushBytes(4)
    case 0x8e: try pushBytes(8)
    default: return false
    }
    return true
  }
}

// MARK: - The stack

extension PickleMachine {
  func refusal(_ what: String) -> FileError { stream.refusal(what, at: place) }

  mutating func pop() throws(FileError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
      throw refusal("takes a value from an empty stack")
    }
    return value
  }

  /// The last `count` values, the deepest first.
  mutating func pop(_ count: Int) throws(FileError) -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw refusal("takes \(count) values from a stack of \(stack.count - (marks.last ?? 0))")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws(FileError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw refusal("closes a mark that is not open") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  func top() throws(FileError) -> PickleValue {
    guard stack.count > (marks.last ?? 0) else { throw refusal("keeps a value of an empty stack") }
    return stack[stack.count - 1]
  }

  private func recall(_ number: UInt64) throws(FileError) -> PickleValue {
    guard let value = memo[Int(number)] else {
      throw refusal("recalls value \(number), which it never kept")
    }
    return value
  }

  mutating func pushSequence(
    _ items: [PickleValue], _ kind: (Int) -> PickleValue
  ) {
    stack.append(kind(heap.sequences.count))
    heap.sequences.append(items)
  }

  mutating func pushDictionary(_ pairs: [(key: PickleValue, value: PickleValue)]) {
    stack.append(.dictionary(heap.dictionaries.count))
    heap.dictionaries.append(pairs)
  }

  private mutating func pushText(_ width: Int) throws(FileError) {
    stack.append(.text(String(decoding: try stream.counted(width), as: UTF8.self)))
  }

  /// Bytes are passed over: no weight is written as such.
  private mutating func pushBytes(_ width: Int) throws(FileError) {
    _ = try stream.counted(width)
    stack.append(.opaque)
  }

  /// The integer of two's-complement bytes, the lowest first.
  private static func integer(_ bytes: ArraySlice<UInt8>) -> PickleValue {
    guard bytes.count <= 8 else { return .wideInt(Array(bytes)) }
    var bits: UInt64 = bytes.last ?? 0 >= 0x80 ? .max : 0
    for byte in bytes.reversed() { bits = bits << 8 | UInt64(byte) }
    return .int(Int(Int64(bitPattern: bits)))
  }

  private mutating func append(_ items: [PickleValue]) throws(FileError) {
    guard case .list(let list) = try top() else {
      throw refusal("appends to \(try top().kind)")
    }
    heap.sequences[list].append(contentsOf: items)
  }

  private mutating func setItems(_ items: [PickleValue]) throws(FileError) {
    guard case .dictionary(let place) = try top() else {
      throw refusal("sets an item of \(try top().kind)")
    }
    guard items.count % 2 == 0 else { throw refusal("sets a key without a value") }
    for index in stride(from: 0, to: items.count, by: 2) {
      heap.dictionaries[place].append((try key(items[index]), items[index + 1]))
    }
  }

  func key(_ value: PickleValue) throws(FileError) -> PickleValue {
    switch value {
    case .text, .int, .bool, .none, .float: return value
    default: throw refusal("has \(value.kind) as a key")
    }
  }

  /// Names an opcode that is not among those known.
  private func unknown(_ opcode: UInt8) -> FileError {
    let names: [UInt8: String] = [
      UInt8(ascii: "i"): "INST", UInt8(ascii: "o"): "OBJ", UInt8(ascii: "P"): "PERSID",
      UInt8(ascii: "I"): "INT", UInt8(ascii: "L"): "LONG", UInt8(ascii: "F"): "FLOAT",
      UInt8(ascii: "S"): "STRING", UInt8(ascii: "V"): "UNICODE", UInt8(ascii: "g"): "GET",
      UInt8(ascii: "p"): "PUT", UInt8(ascii: "d"): "DICT", UInt8(ascii: "l"): "LIST",
      UInt8(ascii: "2"): "DUP", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x8b: "LONG4",
      0x8f: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET", 0x92: "NEWOBJ_EX",
      0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
    ]
    let name = names[opcode] ?? "0x" + String(opcode, radix: 16)
    return refusal("has the opcode \(name), which is refused")
  }
}
