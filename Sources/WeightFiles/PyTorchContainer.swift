import Tensors

/// Where a PyTorch file keeps the pickle of its object and the bytes of its storages.
enum PyTorchContainer {
  /// A zip file (PyTorch 1.6 and later): `NAME/data.pkl`, `NAME/byteorder`, `NAME/data/KEY`.
  case zip(ZipDirectory, prefix: String)
  /// A stream (before 1.6): pickles, then for each key a count and the elements.
  case stream(storages: [String: Range<Int>])

  /// The longest pickle that is read; it holds names and places, and no weights.
  static let longestPickle = 8 << 20

  /// How every stream starts: PROTO, and the 77 bits of the magic number 0x1950a86a20f9469cfc6c.
  private static let magic: [UInt8] = [
    0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
  ]

  /// Opens a file and interprets its object.
  static func open(
    _ file: borrowing RandomAccessFile
  ) throws(FileError) -> (container: PyTorchContainer, object: PickleValue, heap: PickleHeap) {
    let start = try file.bytes(0..<min(file.size, 2), of: "its start")
    return start == [0x50, 0x4b] ? try openZip(file) : try openStream(file)
  }

  private static func openZip(
    _ file: borrowing RandomAccessFile
  ) throws(FileError) -> (container: PyTorchContainer, object: PickleValue, heap: PickleHeap) {
    let directory = try ZipDirectory(of: file)
    let pickles = directory.entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
    guard pickles.count == 1, let entry = directory.entries[pickles[0]] else {
      throw FileError(
        file.path, "is a zip file with \(pickles.count) entries 'data.pkl'; torch.save writes one")
    }
    guard entry.size <= longestPickle else {
      throw FileError(
        file.path, "has a pickle of \(entry.size) bytes; \(longestPickle) are the most")
    }
    let prefix = String(entry.name.dropLast("data.pkl".count))
    if let order = directory.entries[prefix + "byteorder"] {
      guard order.size <= 16,
        try String(decoding: directory.bytes(of: order, in: file), as: UTF8.self) == "little"
      else { throw FileError(file.path, "was not written on a little-endian machine") }
    }
    var machine = PickleMachine(
      PickleStream(try directory.bytes(of: entry, in: file), path: file.path))
    let object = try machine.load()
    return (.zip(directory, prefix: prefix), object, machine.heap)
  }

  private static func openStream(
    _ file: borrowing RandomAccessFile
  ) throws(FileError) -> (container: PyTorchContainer, object: PickleValue, heap: PickleHeap) {
    let bytes = try file.bytes(0..<min(file.size, longestPickle), of: "its pickles")
    var start = bytes.dropFirst(2)
    // From protocol 4 on, a pickle's length stands before it.
    if start.first == 0x95 { start = start.dropFirst(9) }
    guard start.starts(with: magic) else {
      let isTar = bytes.count > 262 && bytes[257..<262].elementsEqual("ustar".utf8)
      throw FileError(
        file.path,
        isTar
          ? "is a tar archive; read it with PyTorch and save it again"
          : "is no file of weights: it starts as neither torch.save nor safetensors write them")
    }
    var machine = PickleMachine(PickleStream(bytes, path: file.path))
    _ = try machine.load()
    guard case .int(1001) = try machine.load() else {
      throw FileError(file.path, "has a PyTorch protocol other than 1001")
    }
    guard case .dictionary(let system) = try machine.load(),
      case .bool(true)? = machine.heap.value("little_endian", in: system)
    else { throw FileError(file.path, "was not written on a little-endian machine") }
    let object = try machine.load()
    guard case .list(let list) = try machine.load() else {
      throw FileError(file.path, "has no list of storages")
    }
    let storages = try storages(
      machine.heap.sequences[list], of: machine.heap.wholes, after: machine.stream.position,
      in: file)
    return (.stream(storages: storages), object, machine.heap)
  }

  /// Where the elements of each key lie, in the order of the keys.
  private static func storages(
    _ keys: [PickleValue], of wholes: [String: StorageReference], after start: Int,
    in file: borrowing RandomAccessFile
  ) throws(FileError) -> [String: Range<Int>] {
    var places: [String: Range<Int>] = [:]
    var position = start
    for value in keys {
      guard case .text(let key) = value, let whole = wholes[key], places[key] == nil else {
        throw FileError(file.path, "lists a storage that its object does not name, or twice")
      }
      guard position <= file.size - 8 else {
        throw FileError(file.path, "ends before the storage '\(key.excerpt)'")
      }
      let count = LittleEndian(
        bytes: try file.bytes(position..<position + 8, of: "the count of '\(key.excerpt)'")[...]
      ).int(0, 8)
      let length = StorageReference.byteCount(whole.wholeCount, whole.element) ?? .max
      guard count == whole.wholeCount, length <= file.size - position - 8 else {
        throw FileError(
          file.path,
          "is cut short or damaged: the storage '\(key.excerpt)' of \(whole.wholeCount) elements would "
            + "lie at \(position) of \(file.size) bytes")
      }
      places[key] = position + 8..<position + 8 + length
      position += 8 + length
    }
    guard position == file.size else {
      throw FileError(file.path, "has \(file.size - position) bytes after its last storage")
    }
    return places
  }

  /// The bytes of a storage's whole run.
  func bytes(
    of storage: StorageReference, in file: borrowing RandomAccessFile
  ) throws(FileError) -> [UInt8] {
    let key = storage.key.excerpt
    let length = StorageReference.byteCount(storage.wholeCount, storage.element) ?? .max
    switch self {
    case .stream(let storages):
      guard let range = storages[storage.key], range.count == length else {
        throw FileError(file.path, "lacks the storage '\(key)'")
      }
      return try file.bytes(range, of: "the storage '\(key)'")
    case .zip(let directory, let prefix):
      guard let entry = directory.entries[prefix + "data/" + storage.key] else {
        throw FileError(file.path, "lacks the storage '\(key)'")
      }
      guard entry.size == length else {
        throw FileError(
          file.path,
          "has \(entry.size) bytes for the storage '\(key)' of \(storage.wholeCount) elements of "
            + "\(storage.element.rawValue), which take \(length)")
      }
      return try directory.bytes(of: entry, in: file)
    }
  }
}
