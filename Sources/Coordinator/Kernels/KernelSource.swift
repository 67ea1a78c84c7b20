public import Collective
public import Model

/// Where the choice of kernels comes from that no checkpoint holds: the rule that the configuration
/// names, or a timing.
public struct KernelSource: Sendable {
  private let cache: KernelCache?
  private let timer: KernelTiming.Timer

  /// Times by the clock, and remembers on this machine what was found.
  public static let standard = KernelSource(cache: .standard)

  /// - Parameters:
  ///   - cache: nil to time whenever it is asked for.
  ///   - timer: another than the clock, in tests.
  init(cache: KernelCache?, timer: @escaping KernelTiming.Timer = KernelTiming.stopwatch) {
    self.cache = cache
    self.timer = timer
  }

  /// The choices on this machine.
  ///
  /// - Throws: where a shape is refused.
  public func choices(
    _ method: ConvolutionMethod, _ timing: KernelTiming
  ) throws -> KernelChoices {
    guard method == .timed else { return KernelChoices(method.named(in: timing.precision)) }
    return try cache?.choices(timing, timer) ?? timing.choices(timer)
  }

  /// The choices of all ranks, made on rank 0's machine; called by every rank.
  ///
  /// - Throws: as above, on every rank.
  public func choices(
    _ method: ConvolutionMethod, _ timing: KernelTiming, _ communicator: Communicator
  ) throws -> KernelChoices {
    guard method == .timed else { return try choices(method, timing) }
    return try communicator.decide(gathering: [UInt8]()) { _ in try choices(method, timing) }
  }
}
