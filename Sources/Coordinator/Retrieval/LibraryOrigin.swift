internal import Foundation
public import Tensors
public import Video
public import Worker

/// Which encoder made the rows of a library, and from which clips; `X.encoder.json` beside `X.npy`.
///
/// Rows of two encoders have nothing to do with each other, and nothing in their numbers shows it.
public struct LibraryOrigin: Codable, Sendable, Equatable {
  /// SHA-256 of the encoder's weights and running statistics.
  public let weightsHash: String
  /// The backbone, and what colours are normalised with, in words.
  public let encoder, colours: String
  /// The frames of a clip, their distance, and their size and the decoded short side in pixels.
  public let frames, stride, size, shortSide: Int
  /// The clips of a video.
  public let clips: Int
  /// What stands for a clip.
  public let feature: Feature
  /// What the clips show; files without it are of colours.
  public let shows: [ViewRecipe.Content]?

  private enum CodingKeys: String, CodingKey {
    case weightsHash = "weights_hash"
    case encoder, colours, frames, stride, size
    case shortSide = "short_side"
    case clips, feature, shows
  }

  /// Describes what a session makes by kindreel's own protocol.
  public init(_ session: EncoderSession, recipe: EmbeddingRecipe) {
    let video = session.configuration.video
    weightsHash = session.weightsHash
    let normalised = session.configuration.augmentation.normalised
    encoder = session.configuration.encoder.summary
    colours = "mean \(normalised.mean.listed), deviation \(normalised.deviation.listed)"
    (frames, stride, size, shortSide) = (video.frames, video.stride, video.size, video.shortSide)
    clips = recipe.clips
    feature = recipe.feature
    shows = recipe.shows
  }

  /// How a query becomes a row of the same library.
  public var recipe: EmbeddingRecipe {
    EmbeddingRecipe(clips: clips, feature: feature, shows: shows ?? [.rgb])
  }

  /// The place beside a `.npy` file.
  public static func path(beside npy: String) -> String { npy.dropLast(4) + ".encoder.json" }

  /// Writes the description beside the rows; `ready` as for `AtomicFile`.
  ///
  /// - Throws: `FileError`, or what `ready` throws.
  public func write(beside npy: String, ready: () throws -> Void) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(
      try encoder.encode(self) + Data("\n".utf8), to: Self.path(beside: npy), ready: ready)
  }

  /// Reads the description of rows.
  ///
  /// - Throws: `FileError` where it is missing or no description.
  public static func read(beside npy: String) throws -> LibraryOrigin {
    let path = path(beside: npy)
    do {
      let data = try WholeFile.bytes(path)
      let origin = try JSONDecoder().decode(LibraryOrigin.self, from: Data(data))
      guard origin.clips >= 1 else { throw FileError(path, "says clips \(origin.clips)") }
      return origin
    } catch let error as FileError {
      guard error.fault == .missing else { throw error }
      throw FileError(
        path, "is missing; kindreel embed writes it beside the rows", fault: .missing)
    } catch {
      throw FileError(path, "does not describe an encoder: \(error)")
    }
  }

  /// Checks that a session's encoder is the one that made the rows.
  ///
  /// - Throws: `FileError` with both sides of the first difference.
  public func check(_ session: EncoderSession, of npy: String) throws(FileError) {
    let mine = LibraryOrigin(session, recipe: recipe)
    guard weightsHash == mine.weightsHash else {
      throw FileError(
        npy,
        "was embedded with the weights \(weightsHash.prefix(12))…, and the encoder named here has "
          + "\(mine.weightsHash.prefix(12))…; embed the videos again, or name the encoder of then")
    }
    for (theirs, ours) in [(encoder, mine.encoder), (colours, mine.colours)] where theirs != ours {
      throw FileError(npy, "was embedded with \(theirs), and here it is \(ours)")
    }
    let settings = [
      ("frames", frames, mine.frames), ("stride", stride, mine.stride), ("size", size, mine.size),
      ("shortSide", shortSide, mine.shortSide),
    ]
    for (key, theirs, ours) in settings where theirs != ours {
      throw FileError(npy, "was embedded with video.\(key) \(theirs), and here it is \(ours)")
    }
  }
}
