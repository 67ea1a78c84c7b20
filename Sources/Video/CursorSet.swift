/// The places in one video where decoding stands; one of them is current.
///
/// Between two starts, the way to a frame is to decode all that is before it. So where windows are asked
/// for in no order, several decoders wait at different places, and the one that is nearest goes on. Which
/// one does changes no frame, only how soon it comes.
struct CursorSet {
  private var cursors: [DecodingCursor]
  private var place = 0
  /// How often a cursor was moved back, or ahead to a start.
  private var moves = 0
  /// The most cursors.
  private let most: Int

  /// Where several cursors are worth their memory: libav holds some 8 pictures of 2 bytes a pixel for
  /// each.
  private static let mostPixels = (64 << 20) / 16
  private static let mostCursors = 6
  /// How far ahead a start must be for a seek to cost less than decoding up to it.
  private static let worthwhileJump = 8
  /// How many frames a place must be worth for it to be kept and a file opened once more.
  private static let worthwhileOpening = 24

  /// Opens a file, or a range of one, at its first frame.
  init(opening path: String, bytes: Range<Int>?, allowance: Int? = nil) throws(VideoError) {
    let first = try DecodingCursor(opening: path, bytes: bytes, allowance: allowance)
    let size = first.container.storedSize
    let pixels = max(1, size.width * size.height)
    most = max(1, min(CursorSet.mostCursors, CursorSet.mostPixels / pixels))
    cursors = [first]
  }

  /// How many there are.
  var count: Int { cursors.count }

  /// The cursor that goes on.
  var current: DecodingCursor { cursors[place] }

  /// Grants all cursors what they may read and decode until the next pass.
  func beginPass() { for cursor in cursors { cursor.beginPass() } }

  /// Makes the cursor the current one that comes to a frame soonest; false where none does, or where
  /// going to a start saves decoding.
  mutating func goOn(to frame: Int, from start: DecodingStart?) -> Bool {
    let places = cursors.indices.filter { cursors[$0].position <= frame }
    guard let nearest = places.max(by: { cursors[$0].position < cursors[$1].position }) else {
      return false
    }
    if let start, start.frame - cursors[nearest].position >= CursorSet.worthwhileJump {
      return false
    }
    place = nearest
    return true
  }

  /// Moves the cursor whose place is worth least, or a new one, to a start, and makes it the current one;
  /// false, and to the first frame, where the file cannot be sought in.
  mutating func go(to start: DecodingStart, in index: FrameIndex) throws(VideoError) -> Bool {
    defer { moves += 1 }
    if try chooseLeastWorth(in: index), start.frame < CursorSet.worthwhileJump { return true }
    return try current.seek(to: start, in: index)
  }

  /// Moves the cursor whose place is worth least, or a new one, to the first frame.
  ///
  /// - Parameter index: what is known of the file; with nothing there is one cursor.
  mutating func rewind(knowing index: FrameIndex?) throws(VideoError) {
    defer { moves += 1 }
    if let index, try chooseLeastWorth(in: index) { return }
    try current.rewind()
  }

  /// Closes all but the current cursor, and moves that to the first frame.
  mutating func startOver() throws(VideoError) {
    cursors = [current]
    place = 0
    try current.rewind()
  }

  /// Returns whether the cursor is new.
  ///
  /// Who reads two windows gains nothing by a second cursor, so it takes more moves to get one.
  private mutating func chooseLeastWorth(in index: FrameIndex) throws(VideoError) -> Bool {
    let worths = cursors.indices.map { worth(of: $0, in: index) }
    place = worths.indices.min { worths[$0] < worths[$1] } ?? 0
    guard moves > 0, cursors.count < most, worths[place] >= CursorSet.worthwhileOpening else {
      return false
    }
    cursors.append(try DecodingCursor(beside: current))
    place = cursors.count - 1
    return true
  }

  /// The frames that must be decoded to come to a cursor's place without it.
  private func worth(of place: Int, in index: FrameIndex) -> Int {
    let position = cursors[place].position
    if position >= index.frameCount { return 0 }
    let others = cursors.indices.filter { $0 != place && cursors[$0].position <= position }
      .map { cursors[$0].position }
    return position - max(index.start(before: position)?.frame ?? 0, others.max() ?? 0)
  }
}
