import Synchronization

/// An open file, to be read on by whoever holds it.
///
/// `@unchecked Sendable`: it is on the shelf, or with the one lane that took it off.
final class OpenReader: @unchecked Sendable {
  private var reader: VideoReader

  init(_ reader: consuming VideoReader) { self.reader = reader }

  /// What is known of the file by now.
  var index: FrameIndex? { reader.index }

  /// The frames of a window at a short side, T·H·W·3, and their size.
  func read(_ window: ClipWindow, shortSide: Int) throws(VideoError) -> (
    pixels: [UInt8], size: PixelSize
  ) {
    let size = try reader.scaledSize(shortSide: shortSide)
    return (try reader.read(window, crop: nil, scaledTo: size), size)
  }
}

/// The files read last, left open: the views of a sample come from one file, and opening it costs as
/// much as decoding some frames.
final class ReaderShelf: Sendable {
  private let places: Int
  private let readers = Mutex<[(sample: Int, reader: OpenReader)]>([])

  init(places: Int) { self.places = places }

  /// Takes a sample's open file away, if it is there.
  func take(_ sample: Int) -> OpenReader? {
    readers.withLock { readers in
      guard let place = readers.lastIndex(where: { $0.sample == sample }) else { return nil }
      return readers.remove(at: place).reader
    }
  }

  /// Leaves a file open for the next who asks; the one that was left longest ago is closed.
  func put(_ reader: OpenReader, for sample: Int) {
    let closed = readers.withLock { readers in
      readers.append((sample, reader))
      return readers.count > places ? readers.removeFirst().reader : nil
    }
    _ = closed
  }
}
