// `unsafe` is sound here because libFuzzer lends `count` bytes for the time of one call.
import Foundation
import Tensors
import WeightFiles

/// A nameless file that every input replaces; readers open it by its descriptor's path.
private let number = unsafe fileno(tmpfile())

/// libFuzzer's entry point: reads the input as a file of weights, of any format.
@_cdecl("LLVMFuzzerTestOneInput")
public func readStateDict(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard ftruncate(number, off_t(count)) == 0,
    unsafe pwrite(number, bytes, count, 0) == count
  else { fatalError("the temporary file cannot be written") }
  do throws(FileError) {
    let state = try StateDict(reading: "/proc/self/fd/\(number)")
    let elements = state.entries.reduce(0) { $0 + $1.values.count }
    precondition(elements <= count, "\(elements) elements from \(count) bytes")
  } catch {
    precondition(error.reason.utf8.count < 4096, "an error of \(error.reason.utf8.count) bytes")
  }
  return 0
}
