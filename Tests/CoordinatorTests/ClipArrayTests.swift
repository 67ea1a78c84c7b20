import Collective
import Foundation
import Model
import Tensors
import Testing
import Worker

@testable import Coordinator

@Suite struct ClipArrayTests {
  /// A NumPy file of clips of one element type and shape.
  private static func array(
    _ element: String, _ shape: [Int], _ values: [Float]
  ) -> Data {
    let extents = shape.map(String.init).joined(separator: ", ")
    let header = "{'descr': '\(element)', 'fortran_order': False, 'shape': (\(extents)), }\n"
    let elements = unsafe values.withUnsafeBytes { unsafe Data($0) }
    return Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0])
      + Data(header.utf8) + elements
  }

  private static func normals(_ count: Int) -> [Float] {
    var random = RandomStream(seed: 5, purpose: .test)
    return random.normals(count)
  }

  private func embed(
    _ clips: ClipArray, ranks: Int, lanes: Int, feature: Feature = .pooled
  ) throws -> Matrix {
    try Launch.simulated(ranks: ranks, deadline: .seconds(30)) { communicator in
      let loaded = try WeightsSource.untrained(seed: 3).load(nil, for: clips.extent)
      return try clips.embed(
        with: loaded, feature: feature, lanes: LanePool(count: lanes), communicator: communicator)
    }[0]
  }

  @Test(.timeLimit(.minutes(10)))
  func `A clip's row is the same alone and among others, on any ranks and lanes`() throws {
    let directory = try TemporaryDirectory()
    let (count, shape) = (5, [3, 3, 13, 22])
    let values = Self.normals(count * shape.reduce(1, *))
    let all = try ClipArray(
      reading: directory.file("all.npy", holding: Self.array("<f4", [count] + shape, values)))
    let rows = try embed(all, ranks: 1, lanes: 1)
    #expect(rows.rows == count && rows.columns == 128)
    #expect(rows.values.allSatisfy { $0.isFinite })
    for (ranks, lanes) in [(1, 3), (2, 1), (4, 2)] {
      #expect(try embed(all, ranks: ranks, lanes: lanes) == rows, "\(ranks)×\(lanes)")
    }
    let last = Array(values.suffix(shape.reduce(1, *)))
    let alone = try ClipArray(
      reading: directory.file("one.npy", holding: Self.array("<f4", [1] + shape, last)))
    #expect(try embed(alone, ranks: 1, lanes: 2).values == Array(rows.row(count - 1)))
  }

  @Test(.timeLimit(.minutes(10)))
  func `The smallest clip has a row`() throws {
    let directory = try TemporaryDirectory()
    let clip = try ClipArray(
      reading: directory.file("x.npy", holding: Self.array("<f4", [1, 3, 1, 1, 1], [1, 2, 3])))
    #expect(try embed(clip, ranks: 1, lanes: 1).values.allSatisfy { $0.isFinite })
  }

  @Test(.timeLimit(.minutes(10)))
  func `Clips that do not fit in memory even one by one are refused with the numbers`() throws {
    let directory = try TemporaryDirectory()
    let shape = [2, 3, 8, 112, 112]
    let clips = try ClipArray(
      reading: directory.file(
        "x.npy", holding: Self.array("<f4", shape, Self.normals(shape.reduce(1, *)))))
    var configuration = RunConfiguration()
    configuration.memoryMegabytes = 1
    let loaded = try WeightsSource.untrained(seed: 3).load(configuration, for: clips.extent)
    let error = #expect(throws: ModelError.self) {
      _ = try Launch.simulated(ranks: 1, deadline: .seconds(30)) { communicator in
        try clips.embed(
          with: loaded, feature: .pooled, lanes: LanePool(count: 2), communicator: communicator)
      }
    }
    #expect(error?.reason.contains("memoryMegabytes is 1; raise it") == true)
  }

  @Test(arguments: [
    ("<f8", [1, 3, 1, 1, 1], "'<f8'; '<f4' is needed"), ("<f4", [3, 1, 2], "clips are N×3×T×H×W"),
    ("<f4", [1, 2, 3, 1, 1], "clips are N×3×T×H×W"), ("<f4", [1, 3, 1, 1, 3], "takes 36"),
    ("<f4", [1, 3, 0, 1, 1], "no elements"),
  ])
  func `Another type or shape is refused`(element: String, shape: [Int], reason: String) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.file(
      "x.npy", holding: Self.array(element, shape, [1, 2, 3, 4, 5, 6]))
    let error = #expect(throws: FileError.self) { try ClipArray(reading: path) }
    #expect(error?.path == path)
    #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
  }

  @Test(.timeLimit(.minutes(10)))
  func `A number that is none is named with its place`() throws {
    let directory = try TemporaryDirectory()
    var values = Self.normals(2 * 3 * 2 * 4 * 5)
    values[((1 * 3 + 2) * 2 + 1) * 4 * 5 + 3 * 5 + 4] = .nan
    let path = try directory.file("x.npy", holding: Self.array("<f4", [2, 3, 2, 4, 5], values))
    let clips = try ClipArray(reading: path)
    let error = #expect(throws: FileError.self) {
      let loaded = try WeightsSource.untrained(seed: 3).load(nil, for: clips.extent)
      _ = try Launch.simulated(ranks: 1, deadline: .seconds(30)) { communicator in
        try clips.embed(
          with: loaded, feature: .pooled, lanes: LanePool(count: 1), communicator: communicator)
      }
    }
    #expect(error?.reason == "holds nan at [1, 2, 1, 3, 4] (N, C, T, H, W)")
  }

  @Test(.timeLimit(.minutes(10)))
  func `Numbers beyond what a network can take are no rows of NaN`() throws {
    let directory = try TemporaryDirectory()
    let values = [Float](repeating: 1e38, count: 2 * 3 * 2 * 8 * 8)
    let path = try directory.file("x.npy", holding: Self.array("<f4", [2, 3, 2, 8, 8], values))
    let error = #expect(throws: NumericError.self) {
      _ = try embed(try ClipArray(reading: path), ranks: 1, lanes: 1)
    }
    #expect(error?.description.hasPrefix("the embeddings of 2 of 2 clips have NaN") == true)
  }
}
