// `unsafe` is sound here because the set of signals outlives the call that reads it.
import Foundation
import Testing

@testable import Coordinator

@Suite(.serialized, .timeLimit(.minutes(10))) struct StopRequestTests {
  @Test(arguments: [SIGUSR1, SIGTERM, SIGINT])
  func `A signal sets the flag and nothing else`(number: Int32) async {
    await #expect(processExitsWith: .exitCode(40)) { [number] in
      StopRequest.listen()
      if StopRequest.isMade { exit(41) }
      kill(getpid(), number)
      for _ in 0..<5000 where !StopRequest.isMade { usleep(1000) }
      exit(StopRequest.signal == number ? 40 : 42)
    }
  }

  @Test func `Threads that compute take no signal`() async {
    await #expect(processExitsWith: .exitCode(40)) {
      // As a main thread is; those of a pool hold all signals back.
      var none = sigset_t()
      unsafe sigemptyset(&none)
      unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
      StopRequest.listen()
      pthread_kill(pthread_self(), SIGUSR1)
      let started = Thread { pthread_kill(pthread_self(), SIGUSR1) }
      started.start()
      while !started.isFinished { usleep(1000) }
      usleep(100_000)
      if StopRequest.isMade { exit(41) }
      kill(getpid(), SIGUSR1)
      for _ in 0..<5000 where !StopRequest.isMade { usleep(1000) }
      exit(StopRequest.isMade ? 40 : 42)
    }
  }

  @Test func `A second interrupt ends the process at once`() async {
    await #expect(processExitsWith: .exitCode(1)) {
      StopRequest.listen()
      kill(getpid(), SIGINT)
      for _ in 0..<5000 where !StopRequest.isMade { usleep(1000) }
      kill(getpid(), SIGINT)
      sleep(5)
      exit(43)
    }
  }

  @Test func `A closed output stops nobody`() async {
    await #expect(processExitsWith: .exitCode(40)) {
      StopRequest.listen()
      kill(getpid(), SIGPIPE)
      exit(StopRequest.isMade ? 41 : 40)
    }
  }
}
