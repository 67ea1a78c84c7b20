// `unsafe` is sound here because libFuzzer lends `count` bytes for the time of one call.
import Tensors

@testable import WeightFiles

/// libFuzzer's entry point: interprets the input as a pickle, without a container's checksums.
@_cdecl("LLVMFuzzerTestOneInput")
public func interpretPickle(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
  var machine = PickleMachine(PickleStream(input, path: "input"))
  do throws(FileError) {
    _ = try machine.load()
    for view in machine.heap.tensors where view.count > 0 {
      let storage = machine.heap.storages[view.storage]
      view.forEachRow { first, stride, count in
        precondition(storage.part.contains(first + (count - 1) * stride))
      }
    }
  } catch {
    precondition(error.reason.utf8.count < 4096, "an error of \(error.reason.utf8.count) bytes")
  }
  return 0
}
