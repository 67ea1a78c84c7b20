import Tensors

// What a pickle makes of globals and tuples: dictionaries, sizes, storages and tensors.
extension PickleMachine {
  func global(_ name: String) throws(FileError) -> PickleGlobal {
    guard let global = PickleGlobal(name) else {
      throw refusal(
        "wants the global '\(name.excerpt)', which is refused: only tensors, containers, texts and numbers "
          + "are read, and no code is run")
    }
    return global
  }

  /// REDUCE and NEWOBJ: a global and a tuple of arguments.
  mutating func reduce() throws(FileError) {
    let call = try pop(2)
    guard case .global(let global) = call[0], case .tuple(let tuple) = call[1] else {
      throw refusal("calls \(call[0].kind) with \(call[1].kind), which is refused")
    }
    let arguments = heap.sequences[tuple]
    switch global {
    case .orderedDictionary: pushDictionary(try pairs(arguments))
    case .opaque: stack.append(.opaque)
    case .size where arguments.count == 1:
      guard let extents = heap.ints(arguments[0]) else { throw refusal("has a size of no ints") }
      pushSequence(extents.map { .int($0) }, PickleValue.tuple)
    case .rebuildParameter where arguments.count >= 1:
      guard case .tensor = arguments[0] else {
        throw refusal("makes a parameter of \(arguments[0].kind)")
      }
      stack.append(arguments[0])
    case .rebuildTensor where arguments.count >= 4:
      stack.append(.tensor(heap.tensors.count))
      heap.tensors.append(try tensor(arguments))
    default:
      throw refusal("calls \(global.name) with \(arguments.count) arguments, which is refused")
    }
  }

  /// What an ordered dictionary starts with: nothing, or, as Python 2 wrote it, a list of pairs.
  private mutating func pairs(
    _ arguments: [PickleValue]
  ) throws(FileError) -> [(key: PickleValue, value: PickleValue)] {
    guard let first = arguments.first else { return [] }
    var result: [(key: PickleValue, value: PickleValue)] = []
    if arguments.count == 1, case .list(let list) = first {
      try count(heap.sequences[list].count)
      for item in heap.sequences[list] {
        var pair: [PickleValue] = []
        switch item {
        case .list(let place), .tuple(let place): pair = heap.sequences[place]
        default: break
        }
        guard pair.count == 2 else { throw refusal("makes a dictionary of \(item.kind)") }
        result.append((try key(pair[0]), pair[1]))
      }
      return result
    }
    throw refusal("makes a dictionary of \(first.kind)")
  }

  private func tensor(_ arguments: [PickleValue]) throws(FileError) -> TensorView {
    guard case .storage(let storage) = arguments[0], case .int(let offset) = arguments[1],
      let shape = heap.ints(arguments[2]), let strides = heap.ints(arguments[3])
    else {
      throw refusal(
        "makes a tensor of " + arguments.prefix(4).map(\.kind).joined(separator: ", "))
    }
    let reference = heap.storages[storage]
    guard
      let view = TensorView(
        storage: storage, of: reference, offset: offset, shape: shape, strides: strides)
    else {
      throw refusal(
        "has a tensor of shape \(shape), strides \(strides) and offset \(offset), which does not fit "
          + "into its storage of \(reference.part.count) elements")
    }
    return view
  }

  /// BUILD: the state of a dictionary (its versions) or of an object that is passed over.
  mutating func build() throws(FileError) {
    _ = try pop()
    switch try top() {
    case .dictionary, .opaque: break
    default: throw refusal("sets the state of \(try top().kind), which is refused")
    }
  }

  /// BINPERSID: ('storage', class, key, device, count) and in old files a part of it:
  /// (key, offset, count), or None.
  mutating func persistent(_ value: PickleValue) throws(FileError) -> PickleValue {
    guard case .tuple(let tuple) = value else { throw refusal("names \(value.kind) as persistent") }
    let items = heap.sequences[tuple]
    guard items.count == 5 || items.count == 6, case .text("storage") = items[0],
      case .global(.storage(let element)) = items[1], case .text(let key) = items[2],
      case .int(let count) = items[4], StorageReference.byteCount(count, element) != nil
    else {
      throw refusal(
        "names something persistent that is no storage: "
          + items.prefix(6).map(\.kind).joined(separator: ", "))
    }
    var (part, name) = (0..<count, key)
    if items.count == 6, case .tuple(let view) = items[5] {
      let view = heap.sequences[view]
      guard view.count == 3, case .text(let viewKey) = view[0], case .int(let offset) = view[1],
        case .int(let length) = view[2], offset >= 0, length >= 0, offset <= count,
        length <= count - offset
      else { throw refusal("has a part of a storage that does not lie in its \(count) elements") }
      (part, name) = (offset..<offset + length, key + "\n" + viewKey)
    }
    let reference = StorageReference(key: key, element: element, wholeCount: count, part: part)
    let whole = heap.wholes.updateValue(reference, forKey: key)
    guard whole == nil || whole?.element == element && whole?.wholeCount == count else {
      throw refusal("names the storage '\(key.excerpt)' twice, as different things")
    }
    if let known = heap.placesOfStorages[name] {
      guard heap.storages[known] == reference else {
        throw refusal("names the storage '\(key.excerpt)' twice, as different things")
      }
      return .storage(known)
    }
    heap.placesOfStorages[name] = heap.storages.count
    heap.storages.append(reference)
    return .storage(heap.storages.count - 1)
  }
}
