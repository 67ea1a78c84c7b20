/// What a file's header tells; not to be trusted.
struct VideoHeader {
  let codec: String
  /// Frames a second; 0 where the header tells nothing.
  let rate: Double
  /// How stored pictures are turned for display.
  let orientation: Orientation
  /// The frames that the header promises, by number or by length; 0 where it tells nothing.
  let claimedFrames: Int
  /// With fewer packets the file must be cut off: a number of frames is off by some, a length may be
  /// that of the sound.
  let leastPackets: Int

  init(of container: borrowing Container) throws(VideoError) {
    codec = try container.codec()
    rate = try container.rate()
    orientation = container.orientation
    let claimed = try container.claimedFrames()
    if claimed > 0 {
      (claimedFrames, leastPackets) = (claimed, claimed - claimed / 50 - 2)
      return
    }
    let promised = (rate * (try container.seconds())).rounded()
    claimedFrames = promised < 1e9 ? Int(promised) : 0
    leastPackets = claimedFrames * 3 / 4
  }
}
