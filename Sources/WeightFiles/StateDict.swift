public import Tensors

/// The tensors of a file of weights, by name.
///
/// It is a `.pth` or `.pt` file of `torch.save`, in either of its containers, or a safetensors file:
/// the bytes decide, and not the file's name.
///
/// Reading executes nothing, and takes no more memory than a small multiple of the file's size.
public struct StateDict: Sendable, Equatable {
  /// The tensors, in the file's order; floats of any width become 32-bit floats.
  public let entries: [SafeTensors.Entry]

  /// Dictionaries within a checkpoint that hold the weights, the first that is there.
  private static let wrappers = ["state_dict", "model_state_dict", "model"]
  /// How deep they may stand in each other.
  private static let deepest = 4

  /// Reads a file.
  ///
  /// - Throws: `FileError`, for everything that is not as PyTorch or safetensors write it.
  public init(reading path: String) throws(FileError) {
    let file = try RandomAccessFile(path)
    // A safetensors header is shorter than 2³² bytes, and opens a brace.
    let start = try file.bytes(0..<min(file.size, 9), of: "its start")
    if start.dropFirst(4).elementsEqual([0, 0, 0, 0, UInt8(ascii: "{")]) {
      entries = try SafeTensors(reading: path).entries
      return
    }
    let (container, object, heap) = try PyTorchContainer.open(file)
    let views = try Self.views(object, heap, in: path)
    entries = try Self.read(views, heap.storages, from: container, in: file)
  }

  /// The named tensors of the dictionary that holds the weights.
  private static func views(
    _ object: PickleValue, _ heap: PickleHeap, in path: String
  ) throws(FileError) -> [(name: String, view: TensorView)] {
    guard case .dictionary(var dictionary) = object else {
      throw FileError(path, "holds \(object.kind), and no dictionary of tensors")
    }
    for _ in 0..<deepest {
      let inner = wrappers.lazy.compactMap { heap.value($0, in: dictionary) }.first
      guard case .dictionary(let next)? = inner else { break }
      dictionary = next
    }
    var views: [(name: String, view: TensorView)] = []
    var places: [String: Int] = [:]
    for case (.text(let name), .tensor(let tensor)) in heap.dictionaries[dictionary] {
      // As in Python, the last value of a name counts.
      if let place = places[name] {
        views[place].view = heap.tensors[tensor]
      } else {
        places[name] = views.count
        views.append((name, heap.tensors[tensor]))
      }
    }
    guard !views.isEmpty else {
      let keys = heap.dictionaries[dictionary].prefix(8).map { pair in
        if case .text(let key) = pair.key { "'\(key.excerpt)'" } else { pair.key.kind }
      }
      throw FileError(
        path, "holds no tensors by name; its keys are " + keys.joined(separator: ", "))
    }
    return views
  }

  /// Reads each storage once, and fills the tensors that view it.
  private static func read(
    _ views: [(name: String, view: TensorView)], _ storages: [StorageReference],
    from container: PyTorchContainer, in file: borrowing RandomAccessFile
  ) throws(FileError) -> [SafeTensors.Entry] {
    // Views may overlap; together they may not make more elements than the file has bytes.
    var rest = file.size
    for (name, view) in views {
      rest -= min(view.count, rest + 1)
      guard rest >= 0 else {
        throw FileError(
          file.path, "has more elements than bytes, up to the tensor '\(name.excerpt)'")
      }
    }
    var byStorage: [Int: [Int]] = [:]
    for (index, item) in views.enumerated() {
      byStorage[item.view.storage, default: []].append(index)
    }
    var byKey: [String: [Int]] = [:]
    for storage in byStorage.keys { byKey[storages[storage].key, default: []].append(storage) }
    var entries = [SafeTensors.Entry?](repeating: nil, count: views.count)
    for (_, places) in byKey.sorted(by: { $0.key < $1.key }) {
      let element = storages[places[0]].element
      let bytes = try container.bytes(of: storages[places[0]], in: file)
      for index in places.flatMap({ byStorage[$0] ?? [] }) {
        let (name, view) = views[index]
        entries[index] = SafeTensors.Entry(
          name, shape: view.shape,
          values: element.isFloat
            ? .floats(element.floats(view, in: bytes))
            : .integers(element.integers(view, in: bytes)))
      }
    }
    return entries.compactMap { $0 }
  }
}
