import Foundation
import Tensors
import Testing

@testable import WeightFiles

@Suite struct PickleMachineTests {
  private func load(_ pickle: [UInt8]) throws(FileError) -> (PickleValue, PickleHeap) {
    var machine = PickleMachine(PickleStream(pickle, path: "x.pth"))
    let value = try machine.load()
    return (value, machine.heap)
  }

  private func refusal(_ pickle: [UInt8]) -> String? {
    do throws(FileError) {
      _ = try load(pickle)
      return nil
    } catch { return error.reason }
  }

  @Test(arguments: [
    ("os", "system"), ("builtins", "eval"), ("torch", "load"), ("torch", "ComplexFloatStorage"),
    ("torch.FloatStorage", "__init__"), ("collections", "OrderedDict.__init__"),
    ("__builtin__", "getattr"), ("collections", "defaultdict"), ("torch._utils", "_rebuild_xla"),
  ])
  func `A name that is not on the list is refused by that name`(module: String, name: String) {
    let byLine = Assemble.global(module, name) + [0x2e]
    #expect(refusal(byLine)?.contains("the global '\(module).\(name)', which is refused") == true)
    let byStack = Assemble.text(module) + Assemble.text(name) + [0x93, 0x2e]
    #expect(refusal(byStack)?.contains("the global '\(module).\(name)', which is refused") == true)
  }

  @Test(arguments: [
    ("(iposix\nsystem\n.", "INST"), ("(o.", "OBJ"), ("Pkey\n.", "PERSID"), ("I1\n.", "INT"),
    ("S'a'\n.", "STRING"), ("g0\n.", "GET"), ("(d.", "DICT"), ("N2.", "DUP"), ("z", "0x7a"),
  ])
  func `An opcode that torch.save does not write is refused by name`(pickle: String, name: String) {
    #expect(
      refusal(Array(pickle.utf8))?.contains("has the opcode \(name), which is refused") == true)
  }

  @Test(arguments: [
    ("", "ends too early"), ("N", "ends too early"), (".", "empty stack"), ("(.", "empty stack"),
    ("0.", "empty stack"), ("t.", "mark that is not open"), ("R.", "2 values from a stack of 0"),
    ("NNR.", "calls None with None"), (")NR.", "calls a tuple with None"), ("Na.", "empty stack"),
    ("NNa.", "appends to None"), ("](NNu.", "sets an item of a list"), ("}(Nu.", "key without"),
    ("}]Ns.", "a list as a key"), ("h\u{5}.", "recalls value 5"), ("NQ.", "None as persistent"),
    (")Q.", "no storage"), ("]Nb.", "the state of a list"), ("ctorch\nSize\n)R.", "0 arguments"),
    ("ctorch\nFloatStorage\n)R.", "calls torch.FloatStorage"), ("q\u{1}.", "empty stack"),
    ("X\u{7f}\u{7f}\u{7f}\u{7f}a.", "ends too early"), ("cno end", "name without an end"),
    ("ccollections\nOrderedDict\n(NtR.", "a dictionary of None"), ("\u{1}", "opcode 0x1"),
  ])
  func `What makes no sense is refused`(pickle: String, reason: String) {
    let refusal = refusal(Array(pickle.utf8))
    #expect(refusal?.contains(reason) == true, "\(refusal ?? "read")")
  }

  @Test func `Numbers and texts are what Python writes`() throws {
    let cases: [([UInt8], String)] = [
      ([0x4a, 0xfe, 0xff, 0xff, 0xff, 0x2e], "int(-2)"), ([0x4d, 0x01, 0x02, 0x2e], "int(513)"),
      ([0x8a, 0, 0x2e], "int(0)"), ([0x8a, 2, 0, 0x80, 0x2e], "int(-32768)"),
      ([0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0x2e], "float(1.5)"),
      ([0x8c, 2, 0x61, 0x62, 0x2e], #"text("ab")"#), ([0x80, 5, 0x43, 1, 9, 0x2e], "opaque"),
    ]
    for (pickle, expected) in cases { #expect("\(try load(pickle).0)" == expected) }
    #expect(refusal([0x80, 6, 0x4e, 0x2e])?.contains("protocol 6") == true)
  }

  @Test func `Depth costs no stack, and a list may hold itself`() throws {
    let deep = [UInt8](repeating: UInt8(ascii: "("), count: 200_000)
    let value = try load(deep + [UInt8](repeating: UInt8(ascii: "t"), count: 200_000) + [0x2e]).0
    #expect(value.kind == "a tuple")
    #expect(try load(Array("]q\u{0}h\u{0}a.".utf8)).0.kind == "a list")
  }

  @Test func `Work is bounded, also where few bytes ask for much`() {
    var endless: [UInt8] = []
    for _ in 0..<300_000 { endless += Array("N0".utf8) }
    #expect(refusal(endless)?.contains("more than 524288") == true)
    // A list of a thousand pairs, made into a dictionary again and again.
    let pair = Array("NN".utf8) + [0x86]
    let again = Assemble.global("collections", "OrderedDict") + Array("h\u{0}".utf8) + [0x85, 0x52]
    var bomb = Array("](".utf8)
    for _ in 0..<1000 { bomb += pair }
    bomb += Array("eq\u{0}".utf8)
    for _ in 0..<1000 { bomb += again }
    bomb.append(0x2e)
    #expect(refusal(bomb)?.contains("opcodes and copies") == true)
  }

  @Test(arguments: [
    (0, [2, 3], [3, 1], true), (0, [3, 2], [1, 3], true), (5, [], [], true), (6, [], [], false),
    (0, [7], [1], false), (0, [6], [1], true), (1, [6], [1], false), (-1, [2], [1], false),
    (0, [-1], [1], false), (0, [2], [-1], false), (0, [2], [5], true), (0, [2], [6], false),
    (0, [2], [.max], false), (.max, [1], [1], false), (0, [.max, .max], [0, 0], false),
    (0, [.max], [1], false), (0, [2, 2], [1], false), (0, [0, 9], [9, 1], true),
    (0, [9, 0], [.max, 1], false), (3, [1, 1], [99, 99], true),
  ])
  func `A view is checked against its storage`(
    offset: Int, shape: [Int], strides: [Int], fits: Bool
  ) {
    let pickle =
      Assemble.tensor(
        Assemble.storage("FloatStorage", key: "0", count: 6), offset: offset, shape: shape,
        strides: strides) + [0x2e]
    let refusal = refusal(pickle)
    #expect((refusal == nil) == fits, "\(refusal ?? "read")")
    if !fits { #expect(refusal?.contains("does not fit") == true, "\(refusal ?? "read")") }
  }

  @Test func `A storage is one thing, and its parts lie in it`() {
    let one = Assemble.storage("FloatStorage", key: "0", count: 6)
    let null = [UInt8(ascii: "N")]
    for other in [
      Assemble.storage("FloatStorage", key: "0", count: 7),
      Assemble.storage("LongStorage", key: "0", count: 6),
      Assemble.storage("LongStorage", key: "0", count: 6, [null]),
    ] {
      #expect(refusal(one + other + [0x2e])?.contains("twice, as different things") == true)
    }
    for count in [-1, .max] {
      #expect(
        refusal(Assemble.storage("FloatStorage", key: "0", count: count) + [0x2e])?
          .contains("no storage") == true)
    }
    for (offset, length) in [(-1, 2), (5, 2), (7, 0), (0, .max), (.max, .max)] {
      let view = Assemble.tuple([Assemble.text("v"), Assemble.int(offset), Assemble.int(length)])
      #expect(
        refusal(Assemble.storage("FloatStorage", key: "0", count: 6, [view]) + [0x2e])?
          .contains("does not lie in its 6 elements") == true)
    }
  }
}
