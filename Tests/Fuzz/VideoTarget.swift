// `unsafe` is sound here because libFuzzer lends `count` bytes for the time of one call.
import Foundation

@testable import Video

/// A nameless file that every input replaces; readers open it by its descriptor's path.
private let number = unsafe fileno(tmpfile())
private let path = "/proc/self/fd/\(number)"

/// The most seconds of processor time that an input may take, sanitizer and all.
private let mostSeconds = 60.0

/// libFuzzer's entry point: reads the input as a video in every way that training does, and holds the
/// reader to its promises.
@_cdecl("LLVMFuzzerTestOneInput")
public func readVideo(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard ftruncate(number, off_t(count)) == 0,
    unsafe pwrite(number, bytes, count, 0) == count
  else { fatalError("the temporary file cannot be written") }
  let (start, nextFile) = (processorSeconds(), nextDescriptor())
  do throws(VideoError) {
    try readFrames()
    let motion = try MotionReader(opening: path).read(atMost: 64)
    precondition(motion.cells.count == motion.frameCount * motion.frameLength)
  } catch {
    precondition(error.reason.utf8.count < 4096, "an error of \(error.reason.utf8.count) bytes")
    precondition(error.path == path, "an error about \(error.path)")
  }
  remark(LibAV.complaint)
  precondition(nextDescriptor() == nextFile, "a file was left open")
  let seconds = processorSeconds() - start
  precondition(seconds < mostSeconds, "\(seconds) seconds for \(count) bytes")
  return 0
}

/// Windows, however they are come by, are the slices of what decodes in one go.
private func readFrames() throws(VideoError) {
  var reader = try VideoReader(opening: path)
  _ = try reader.describe()
  guard let video = try reader.readAll(shortSide: 8, atMost: 1 << 22) else { return }
  let index = try reader.wholeIndex()
  let count = video.frameCount
  precondition(count == index.frameCount && index.keyFrames.allSatisfy { $0 < count })
  var fresh = try VideoReader(opening: path, bytes: nil, index: index)
  let last = index.starts.last?.frame ?? 0
  for (start, stride) in [(last, 1), (count / 2, 3), (max(0, last - 1), 1), (count - 1, 1)] {
    let window = ClipWindow(start: start, frames: 3, stride: stride)
    let anew = try fresh.read(window, crop: nil, scaledTo: video.size)
    precondition(anew == video.frames(window), "\(window) differs from its slice")
  }
  let size = fresh.size
  let crop = CropRectangle(
    x: size.width / 3, y: size.height / 4, width: (size.width + 1) / 2,
    height: (size.height + 2) / 3)
  let window = ClipWindow(start: count / 3, frames: 2, stride: 1)
  guard crop.isInside(size) else { return }
  let square = PixelSize(width: 8, height: 8)
  let part = try fresh.read(window, crop: crop, scaledTo: square)
  precondition(part.count == 2 * 8 * 8 * 3)
}

private func processorSeconds() -> Double {
  var time = timespec()
  _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The descriptor that the next file gets: the same as before, if every file was closed.
private func nextDescriptor() -> Int32 {
  let next = dup(number)
  close(next)
  return next
}

/// The part of an array that libFuzzer watches as it does code, so that an input by which libav, which
/// is not instrumented, comes to other words counts as new.
@_silgen_name("fuzz_remark") private func count(_ hash: UInt32)

private func remark(_ complaint: String?) {
  var hash: UInt32 = 2_166_136_261
  for byte in (complaint ?? "").utf8 where !(48...57).contains(byte) {
    hash = (hash ^ UInt32(byte)) &* 16_777_619
  }
  count(hash)
}
