// `unsafe` is sound here because packets and extra data are read within the sizes that libav gives.
internal import CLibAV

/// How a codec marks the packets that decoding can start from, by its standard.
///
/// A key frame is not enough: after an H.264 key frame that is no IDR picture, frames may still refer
/// to what was before it, and with an open group of pictures they do.
enum StartRule: Equatable {
  /// Packets flagged as key frames, and nothing after them refers back: the codec has no longer memory.
  case keyFrames
  /// H.264: packets with an IDR slice. NAL units have a length of so many bytes before them, or, at 0,
  /// start codes.
  case instantRefresh(lengthBytes: Int)
  /// H.265: packets with an intra random access point.
  case randomAccess(lengthBytes: Int)
  /// It is not known that any but the first will do.
  case never

  /// Codecs whose pictures refer to no picture before the last intra picture once that is shown.
  private static let forgetful: [AVCodecID] = [
    AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_H263,
    AV_CODEC_ID_H263P, AV_CODEC_ID_FLV1, AV_CODEC_ID_MSMPEG4V1, AV_CODEC_ID_MSMPEG4V2,
    AV_CODEC_ID_MSMPEG4V3, AV_CODEC_ID_WMV1, AV_CODEC_ID_WMV2, AV_CODEC_ID_VP8, AV_CODEC_ID_VP9,
    AV_CODEC_ID_AV1, AV_CODEC_ID_THEORA,
  ]

  /// The rule of a stream's codec.
  init(for parameters: UnsafePointer<AVCodecParameters>) {
    let codec = unsafe parameters.pointee.codec_id
    if codec == AV_CODEC_ID_H264 {
      self = .instantRefresh(lengthBytes: unsafe StartRule.lengthBytes(parameters, at: 4))
    } else if codec == AV_CODEC_ID_HEVC {
      self = .randomAccess(lengthBytes: unsafe StartRule.lengthBytes(parameters, at: 21))
    } else if StartRule.forgetful.contains(codec) || StartRule.isIntraOnly(codec) {
      self = .keyFrames
    } else {
      self = .never
    }
  }

  private static func isIntraOnly(_ codec: AVCodecID) -> Bool {
    guard let description = unsafe avcodec_descriptor_get(codec) else { return false }
    return unsafe description.pointee.props & Int32(AV_CODEC_PROP_INTRA_ONLY) != 0
  }

  /// A configuration record starts with 1, and tells the bytes of a length in two bits at a place.
  private static func lengthBytes(
    _ parameters: UnsafePointer<AVCodecParameters>, at place: Int
  ) -> Int {
    guard let bytes = unsafe parameters.pointee.extradata,
      unsafe Int(parameters.pointee.extradata_size) > place, unsafe bytes[0] == 1
    else { return 0 }
    return unsafe Int(bytes[place] & 3) + 1
  }

  /// Whether decoding can start from a packet.
  func allows(_ packet: UnsafePointer<AVPacket>) -> Bool {
    guard unsafe packet.pointee.flags & AV_PKT_FLAG_KEY != 0 else { return false }
    switch self {
    case .never: return false
    case .keyFrames: return true
    case .instantRefresh(let lengthBytes):
      return unsafe StartRule.units(of: packet, lengthBytes).contains { $0 & 31 == 5 }
    case .randomAccess(let lengthBytes):
      return unsafe StartRule.units(of: packet, lengthBytes).contains {
        (16...21).contains($0 >> 1 & 63)
      }
    }
  }

  /// The first byte of every NAL unit of a packet.
  private static func units(of packet: UnsafePointer<AVPacket>, _ lengthBytes: Int) -> [UInt8] {
    guard let start = unsafe packet.pointee.data else { return [] }
    let bytes = unsafe UnsafeBufferPointer(start: start, count: Int(packet.pointee.size))
    var heads: [UInt8] = []
    var place = 0
    if lengthBytes == 0 {
      while place + 3 < bytes.count {
        if unsafe bytes[place] == 0 && bytes[place + 1] == 0 && bytes[place + 2] == 1 {
          heads.append(unsafe bytes[place + 3])
          place += 3
        } else {
          place += 1
        }
      }
      return heads
    }
    while place + lengthBytes < bytes.count {
      var length = 0
      for offset in 0..<lengthBytes { length = unsafe length << 8 | Int(bytes[place + offset]) }
      place += lengthBytes
      heads.append(unsafe bytes[place])
      place += length
    }
    return heads
  }
}
