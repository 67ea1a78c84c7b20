import Foundation
import Testing

@testable import Video

/// The ffmpeg command line tool.
///
/// It is the independent decoder that ours is compared with, and the mint of fixtures. Tests that need it are skipped, with this reason, where it is not installed.
enum FFmpegTool {
  static let reason: Comment = "the ffmpeg tool is not installed"
  static let path: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin")
    .split(separator: ":").map { $0 + "/ffmpeg" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }
  static var isInstalled: Bool { path != nil }

  /// Moving picture with detail, `frames` frames of 162×122.
  static func source(frames: Int, size: String = "162x122") -> [String] {
    let picture = "testsrc2=size=\(size):rate=25,noise=alls=12:allf=t:all_seed=7"
    return ["-f", "lavfi", "-i", picture, "-frames:v", "\(frames)"]
  }

  static func run(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(path, reason))
    process.arguments = ["-nostdin", "-v", "error", "-y", "-threads", "1"] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "ffmpeg \(arguments)")
  }

  /// The filter that scales as we do.
  static func scale(to size: PixelSize) -> String {
    "scale=\(size.width):\(size.height)"
      + ":flags=bilinear+accurate_rnd+full_chroma_int+full_chroma_inp"
  }

  /// All frames of a file as the tool decodes them, scaled as we do.
  static func frames(
    of file: String, size: PixelSize, in folder: Scratch, before: [String] = [],
    after: [String] = []
  ) throws -> [UInt8] {
    let raw = folder.path("raw-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(atPath: raw) }
    try run([
      "-i", file, "-map", "0:v:0", "-vsync", "passthrough", "-vf",
      (before + [scale(to: size), "format=rgb24"] + after).joined(separator: ","), "-f", "rawvideo",
      raw,
    ])
    return try Array(Data(contentsOf: URL(fileURLWithPath: raw)))
  }
}

/// A folder of its own for a test, removed with it.
final class Scratch {
  let root: String

  init() throws {
    root = NSTemporaryDirectory() + "kindreel-video-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func path(_ name: String) -> String { root + "/" + name }

  /// Writes a file, and the folders on the way to it.
  @discardableResult
  func write(_ name: String, _ text: String = "") throws -> String {
    let url = URL(fileURLWithPath: path(name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
    return url.path
  }

  /// A video of `frames` frames, encoded as the arguments say.
  func mint(_ name: String, frames: Int = 40, _ encoding: [String] = ["-c:v", "libx264"]) throws
    -> String
  {
    try write(name)
    try FFmpegTool.run(FFmpegTool.source(frames: frames) + encoding + [path(name)])
    return path(name)
  }
}

/// The data set that comes with the project.
enum SampleSet {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Samples/actions").standardizedFileURL.path
  static let someVideo = root + "/videos/Walk/v_Walk_g05_c01.mp4"
}

/// The largest difference between two byte arrays of one length; nil for different lengths.
func largestDifference(_ one: [UInt8], _ two: [UInt8]) -> Int? {
  guard one.count == two.count else { return nil }
  return zip(one, two).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
}

/// The error that a piece of work throws.
func error(of work: () throws(VideoError) -> Void) -> VideoError? {
  do throws(VideoError) {
    try work()
    return nil
  } catch {
    return error
  }
}
