import Foundation
import Testing

@testable import Tensors

@Suite struct AvailableMemoryTests {
  /// A folder with files in the places of proc and sys, and what is read of it.
  private static func bytes(_ files: [String: String]) throws -> Int {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("memory-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for (path, text) in files {
      let file = folder.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return AvailableMemory.bytes(under: folder.path + "/")
  }

  private static let machine = ["proc/meminfo": "MemTotal: 9 kB\nMemAvailable:    2048 kB\n"]

  @Test func `Without a control group it is what the machine has left`() throws {
    #expect(try Self.bytes(Self.machine) == 2 << 20)
    let unlimited = [
      "proc/self/cgroup": "0::/job\n", "sys/fs/cgroup/job/memory.max": "max\n",
      "sys/fs/cgroup/job/memory.current": "77\n",
    ]
    #expect(try Self.bytes(Self.machine.merging(unlimited) { $1 }) == 2 << 20)
    #expect(AvailableMemory.bytes > 0)
  }

  @Test func `A group's limit counts, and that of a group around it, less what is in use`() throws {
    let step = [
      "proc/self/cgroup": "0::/job/step\n", "sys/fs/cgroup/job/step/memory.max": "1000000\n",
      "sys/fs/cgroup/job/step/memory.current": "300000\n",
      "sys/fs/cgroup/job/step/memory.stat": """
      anon 7
      active_file 60000
      inactive_file 30000
      slab_reclaimable 10000
      """,
    ]
    #expect(try Self.bytes(Self.machine.merging(step) { $1 }) == 800_000)
    let around = [
      "sys/fs/cgroup/job/memory.max": "500000\n", "sys/fs/cgroup/job/memory.current": "900000\n",
    ]
    #expect(try Self.bytes(Self.machine.merging(step) { $1 }.merging(around) { $1 }) == 0)
  }

  @Test func `The older hierarchy has a group of its own for memory`() throws {
    let files = [
      "proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/slurm/job\n",
      "sys/fs/cgroup/memory/slurm/job/memory.limit_in_bytes": "640000\n",
      "sys/fs/cgroup/memory/slurm/job/memory.usage_in_bytes": "40000\n",
      "sys/fs/cgroup/memory/slurm/job/memory.stat": "inactive_file 1\ntotal_inactive_file 10000\n",
      // The root's, which is no limit.
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "1\n",
    ]
    #expect(try Self.bytes(Self.machine.merging(files) { $1 }) == 610_000)
  }
}
