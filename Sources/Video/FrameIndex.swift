/// A packet from which decoding can start: what comes after its frame needs nothing that was before.
struct DecodingStart: Sendable, Equatable {
  /// Its place among the video's packets.
  var packet: Int
  /// The index of its frame.
  var frame: Int
  /// Where it lies in the file, and its size; what it is known by.
  var position: Int
  var size: Int
  /// Where to look for it: its time stamps, the more promising one first.
  var times: [Int64]
}

/// Which packet becomes which frame, as found by decoding a whole file once.
struct FrameIndex: Sendable, Equatable {
  /// The number of frames that decode; at least 1.
  let frameCount: Int
  /// The number of packets.
  let packetCount: Int
  /// Whether something was wrong with the file; then there are no starts, because what a decoder makes
  /// up for lost parts depends on all it has seen.
  let isDamaged: Bool
  /// The frames that the decoder calls key frames.
  let keyFrames: [Int]
  /// Where decoding can start, by rising frame.
  let starts: [DecodingStart]
  /// The frame of every packet, −1 where it has none; nil where packets and frames do not pair up.
  let frameOfPacket: [Int32]?
  /// The checksum of each picture; nil where something is wrong with the file and every frame is decoded
  /// from the first one.
  ///
  /// Decoding that left something out and comes to another picture did need it.
  let checksums: [UInt32]?
  private let startOfPosition: [Int: Int]

  /// The last start that is no later than a frame.
  func start(before frame: Int) -> DecodingStart? {
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle].frame <= frame { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? starts[low - 1] : nil
  }

  /// The frame of a packet, −1 where it has none; nil where that is not known.
  func frame(of packet: Int) -> Int? {
    guard let frameOfPacket, frameOfPacket.indices.contains(packet) else { return nil }
    return Int(frameOfPacket[packet])
  }

  /// What is left where a file cannot be sought in, or where packets and frames prove not to pair up.
  func without(pairs: Bool) -> FrameIndex {
    FrameIndex(
      frameCount: frameCount, packetCount: packetCount, isDamaged: isDamaged, keyFrames: keyFrames,
      starts: [], frameOfPacket: pairs ? nil : frameOfPacket, checksums: pairs ? nil : checksums,
      startOfPosition: [:])
  }

  /// The start whose packet lies somewhere.
  func start(at position: Int, size: Int) -> DecodingStart? {
    guard let found = startOfPosition[position], starts[found].size == size else { return nil }
    return starts[found]
  }
}

extension FrameIndex {
  /// What is noted while a file is decoded from its first packet to its last.
  struct Log: Sendable {
    private var candidates: [DecodingStart] = []
    private var checksums: [UInt32] = []
    private var packetOfFrame: [Int32] = []
    private var keyFrames: [Int] = []
    private var intraPackets: Set<Int32> = []
    private var packets = 0
    var isDamaged = false

    /// Notes that a packet was read.
    mutating func add(packet: Int) { packets = packet + 1 }

    /// Notes a packet that decoding might start from.
    mutating func add(_ candidate: DecodingStart) { candidates.append(candidate) }

    /// Notes a frame, and the packet that it came from.
    mutating func add(
      frameOf packet: Int, isKey: Bool, isIntra: Bool, showing picture: borrowing Picture
    ) {
      let packet = Int32(clamping: packet)
      if isKey { keyFrames.append(packetOfFrame.count) }
      if isIntra { intraPackets.insert(packet) }
      if !isDamaged { checksums.append(picture.checksum) }
      packetOfFrame.append(packet)
    }

    /// The index of all that was noted.
    ///
    /// - Parameter splitsPackets: whether packets are what libav found in a stream of bytes. Then a packet
    ///   may hold several pictures, and what one shows depends on how they were parted.
    consuming func index(splitsPackets: Bool) -> FrameIndex {
      let isWhole = !isDamaged && !splitsPackets
      let frameOfPacket = isWhole ? pairs() : nil
      let starts = isWhole ? accepted(frameOfPacket) : []
      let places = Dictionary(
        starts.indices.map { (starts[$0].position, $0) }, uniquingKeysWith: { _, _ in -1 })
      return FrameIndex(
        frameCount: packetOfFrame.count, packetCount: packets, isDamaged: isDamaged,
        keyFrames: keyFrames, starts: starts, frameOfPacket: frameOfPacket,
        checksums: isWhole ? checksums : nil,
        startOfPosition: places.filter { $0.value >= 0 })
    }

    private func pairs() -> [Int32]? {
      var frames = [Int32](repeating: -1, count: packets)
      for (frame, packet) in packetOfFrame.enumerated() {
        guard frames.indices.contains(Int(packet)), frames[Int(packet)] < 0 else { return nil }
        frames[Int(packet)] = Int32(frame)
      }
      return frames
    }

    /// The candidates that really start a stretch of frames: their own picture needs no other, and all
    /// earlier packets give earlier frames.
    private func accepted(_ frameOfPacket: [Int32]?) -> [DecodingStart] {
      var firstFrame: [Int32: Int] = [:]
      for (frame, packet) in packetOfFrame.enumerated() where firstFrame[packet] == nil {
        firstFrame[packet] = frame
      }
      var lastBefore = -1
      var packet = 0
      var result: [DecodingStart] = []
      for candidate in candidates {
        let own = Int32(clamping: candidate.packet)
        guard let frame = firstFrame[own], intraPackets.contains(own) else { continue }
        if let frameOfPacket {
          while packet < candidate.packet {
            lastBefore = max(lastBefore, Int(frameOfPacket[packet]))
            packet += 1
          }
        }
        guard frame > lastBefore, frame > (result.last?.frame ?? -1) else { continue }
        var start = candidate
        start.frame = frame
        result.append(start)
      }
      return result
    }
  }
}
