import Foundation
import Synchronization
import Testing

@testable import Coordinator

@Suite struct RunDirectoryTests {
  @Test func `A new directory has its layout`() throws {
    let directory = try TemporaryDirectory()
    let run = try RunDirectory(directory.file("a/run"), resuming: false)
    for folder in ["checkpoints", "labels", "dendrograms"] {
      #expect(FileManager.default.fileExists(atPath: "\(run.path)/\(folder)"))
    }
    #expect(run.labels(epoch: 7) == run.path + "/labels/epoch-0007.tsv")
    #expect(run.dendrogram(epoch: 12345) == run.path + "/dendrograms/epoch-12345.npy")
  }

  @Test func `A directory that holds a run is only taken to resume it`() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: RunDirectoryError.self) { try RunDirectory(directory.path, resuming: true) }
    _ = try directory.file("run.yaml", holding: Data())
    let error = #expect(throws: RunDirectoryError.self) {
      try RunDirectory(directory.path, resuming: false)
    }
    #expect(
      error?.description
        == "\(directory.path): holds a run; use --resume or another --out")
    #expect(error?.code == .cannotWrite)
    _ = try RunDirectory(directory.path, resuming: true)
  }

  @Test func `Checkpoints without their settings are not mixed with another run's`() throws {
    let directory = try TemporaryDirectory()
    let run = try RunDirectory(directory.file("run"), resuming: false).path
    _ = try directory.file("run/checkpoints/epoch-0001", holding: Data())
    for resuming in [true, false] {
      let error = #expect(throws: RunDirectoryError.self) {
        try RunDirectory(run, resuming: resuming)
      }
      #expect(error?.reason.contains("holds checkpoints but no run.yaml") == true)
    }
  }

  @Test func `A second job is refused and told who the first is`() throws {
    let directory = try TemporaryDirectory()
    let pid = ProcessInfo.processInfo.processIdentifier
    do {
      let first = try RunDirectory(directory.path, resuming: false)
      let error = #expect(throws: RunDirectoryError.self) {
        try RunDirectory(first.path, resuming: false)
      }
      #expect(error?.reason.contains("is in use by process \(pid) on ") == true)
      #expect(error?.code == .cannotWrite)
    }
    _ = try RunDirectory(directory.path, resuming: false)
    #expect(try !directory.names().contains { $0.hasPrefix(".") })
  }

  @Test func `Who is refused leaves the lock to its owner`() throws {
    let directory = try TemporaryDirectory()
    let owner = try RunDirectory(directory.path, resuming: false)
    for _ in 0..<2 {
      #expect(throws: RunDirectoryError.self) { try RunDirectory(directory.path, resuming: false) }
    }
    #expect(try directory.names().contains(".lock"))
    _ = owner
  }

  @Test func `A dead job's lock is taken over, a foreign or unreadable one is not`() throws {
    let directory = try TemporaryDirectory()
    let host = ProcessInfo.processInfo.hostName
    let pid = ProcessInfo.processInfo.processIdentifier
    for stale in [
      #"{"host":"\#(host)","pid":999999999}"#,
      #"{"host":"\#(host)","pid":\#(pid),"start":"another boot:1"}"#,
    ] {
      _ = try directory.file(".lock", holding: Data(stale.utf8))
      _ = try RunDirectory(directory.path, resuming: false)
      #expect(try !directory.names().contains { $0.hasPrefix(".") })
    }
    for held in [#"{"host":"elsewhere","pid":999999999,"job":"42"}"#, "scribble"] {
      _ = try directory.file(".lock", holding: Data(held.utf8))
      #expect(throws: RunDirectoryError.self) { try RunDirectory(directory.path, resuming: false) }
    }
  }

  @Test func `A lock that another job has taken over stays when its former owner goes`() throws {
    let directory = try TemporaryDirectory()
    var former: RunDirectory? = try RunDirectory(directory.path, resuming: false)
    _ = try directory.file(".lock", holding: Data(#"{"host":"elsewhere","pid":1}"#.utf8))
    former = nil
    #expect(former == nil && FileManager.default.fileExists(atPath: directory.file(".lock")))
  }

  @Test func `A job that Slurm starts again takes its own lock over, wherever it was`() {
    func owner(_ job: String?, _ restarts: Int?) -> RunLock.Owner {
      RunLock.Owner(host: "elsewhere", pid: 1, start: nil, job: job, restarts: restarts)
    }
    let me = RunLock.Owner(host: "here", pid: 2, start: nil, job: "42", restarts: 1)
    #expect(owner("42", nil).isGone(accordingTo: me))
    #expect(owner("42", 0).isGone(accordingTo: me))
    for held in [owner("42", 1), owner("42", 2), owner("43", 0), owner(nil, nil)] {
      #expect(!held.isGone(accordingTo: me))
    }
    let first = RunLock.Owner(host: "here", pid: 2, start: nil, job: nil, restarts: nil)
    #expect(!owner(nil, nil).isGone(accordingTo: first))
  }

  @Test(.timeLimit(.minutes(10))) func `Of many jobs that find a dead one's lock, one gets it`()
    throws
  {
    let directory = try TemporaryDirectory()
    let host = ProcessInfo.processInfo.hostName
    for _ in 0..<50 {
      _ = try directory.file(".lock", holding: Data(#"{"host":"\#(host)","pid":999999999}"#.utf8))
      let path = directory.path
      let taken = Mutex<[RunDirectory]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { _ in
        guard let mine = try? RunDirectory(path, resuming: false) else { return }
        taken.withLock { $0.append(mine) }
      }
      #expect(taken.withLock { $0.count } == 1)
      #expect(try !directory.names().contains(".lock-turn"))
    }
  }

  @Test func `A place that cannot be written is found at the start`() throws {
    let error = #expect(throws: RunDirectoryError.self) {
      try RunDirectory("/proc/kindreel", resuming: false)
    }
    #expect(error?.code == .cannotWrite)
  }
}
