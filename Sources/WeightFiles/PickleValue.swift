/// What a pickle builds.
///
/// Containers are places in a `PickleHeap`, so no value owns another: letting
/// go of them cannot recurse, however deep a file nests them.
enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  /// An integer of more than 64 bits, its lowest byte first.
  case wideInt([UInt8])
  case float(Double)
  case text(String)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  case global(PickleGlobal)
  case storage(Int)
  case tensor(Int)
  /// Something harmless that no weight depends on, such as a date or a learning rate's schedule.
  case opaque

  /// The kind, for messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a bool"
    case .int, .wideInt: "an int"
    case .float: "a float"
    case .text: "a str"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dict"
    case .global(let global): global.name
    case .storage: "a storage"
    case .tensor: "a tensor"
    case .opaque: "an object"
    }
  }
}

/// The containers of a pickle, each named by its place.
struct PickleHeap {
  /// Tuples and lists.
  var sequences: [[PickleValue]] = []
  /// Dictionaries, in the order of their insertions; the last of equal keys counts.
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var storages: [StorageReference] = []
  var tensors: [TensorView] = []
  /// A storage of each key; all of a key have its element and count.
  var wholes: [String: StorageReference] = [:]
  /// Places of storages by their key and part.
  var placesOfStorages: [String: Int] = [:]

  /// The value of a text key; nil where there is none.
  func value(_ key: String, in dictionary: Int) -> PickleValue? {
    dictionaries[dictionary].last { pair in
      if case .text(key) = pair.key { true } else { false }
    }?.value
  }

  /// The items of a tuple of a few ints, or of a list of them; nil for anything else.
  func ints(_ value: PickleValue) -> [Int]? {
    let place: Int
    switch value {
    case .tuple(let sequence), .list(let sequence): place = sequence
    default: return nil
    }
    guard sequences[place].count <= TensorView.mostDimensions else { return nil }
    var result: [Int] = []
    for item in sequences[place] {
      guard case .int(let number) = item else { return nil }
      result.append(number)
    }
    return result
  }
}

/// The names that a pickle may use.
///
/// None of them is looked up or called: each stands for a case of
/// the interpreter.
enum PickleGlobal: Equatable {
  case orderedDictionary
  case rebuildTensor
  case rebuildParameter
  case size
  case storage(StoredElement)
  /// What other parts of a training program leave in a checkpoint beside the weights.
  case opaque(String)

  private static let harmless: Set<String> = [
    "collections.Counter", "_codecs.encode", "numpy.dtype", "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar", "torch.device", "torch.float16", "torch.bfloat16",
    "torch.float32", "torch.float64", "torch.int64",
  ]

  /// Knows a name; nil for all that is not on the list.
  init?(_ name: String) {
    switch name {
    case "collections.OrderedDict": self = .orderedDictionary
    case "torch._utils._rebuild_tensor_v2": self = .rebuildTensor
    case "torch._utils._rebuild_parameter": self = .rebuildParameter
    case "torch.Size": self = .size
    case let name where Self.harmless.contains(name): self = .opaque(name)
    case let name where name.hasPrefix("torch."):
      guard let element = StoredElement(rawValue: String(name.dropFirst("torch.".count))) else {
        return nil
      }
      self = .storage(element)
    default: return nil
    }
  }

  var name: String {
    switch self {
    case .orderedDictionary: "collections.OrderedDict"
    case .rebuildTensor: "torch._utils._rebuild_tensor_v2"
    case .rebuildParameter: "torch._utils._rebuild_parameter"
    case .size: "torch.Size"
    case .storage(let element): "torch." + element.rawValue
    case .opaque(let name): name
    }
  }
}

extension String {
  /// The start of a text from a file, fit for a message: short, and without control characters.
  var excerpt: String {
    let start = String(unicodeScalars.prefix(80).map { $0.value < 32 ? " " : Character($0) })
    return unicodeScalars.count > 80 ? start + "…" : start
  }
}
