// `unsafe` is sound here because the clock writes into a local value.
import Foundation

/// Finds the fastest method of every convolution and direction of a network on this machine, by running
/// them in turns.
///
/// Methods stand to choice that are no less accurate than the rule `auto`. What the rule would choose
/// stays where no other is faster by more than a thirtieth, so that a choice rarely hangs on noise. A
/// shape is timed once, with as many clips as make passes of some tens of milliseconds at most.
public struct KernelTiming: Sendable {
  /// How long one pass takes, in any unit.
  public typealias Timer = @Sendable (ConvolutionProbe, KernelDirection) -> Double

  private let units: [ConvolutionUnit]
  private let clips: Int
  /// The precision of the kernels.
  public let precision: Precision
  private let isTraining: Bool

  /// Plans the timing of a network's kernels for microbatches of N clips.
  public init(_ network: ResNet3D, clips: Int, precision: Precision, isTraining: Bool) {
    units = network.units
    (self.clips, self.precision, self.isTraining) = (clips, precision, isTraining)
  }

  /// Plans the timing of one convolution that is written down.
  public init(_ shape: ConvolutionShape, precision: Precision) {
    units = [shape.unit]
    (clips, self.precision, isTraining) = (shape.clips, precision, true)
  }

  /// The number of convolutions that are chosen for.
  public var unitCount: Int { units.count }

  /// What is timed, in words: equal texts mean equal choices to make.
  public var summary: String {
    let shapes = units.map { "\($0.summary(clips: clips)), padding \($0.padding)" }
    return (["timing in \(precision.rawValue)", isTraining ? "training" : "embedding"] + shapes)
      .joined(separator: "\n")
  }

  /// Times all methods, on the calling thread.
  ///
  /// - Throws: where a shape is refused.
  public func choices(_ timer: Timer = stopwatch) throws(ModelError) -> KernelChoices {
    Machine.useOneThread()
    var choices = units.map { _ in ConvolutionChoice(.direct, isMeasured: true) }
    for alike in units.alike(clips: clips, KernelChoices(.direct)) {
      let choice = try fastest(units[alike[0]], timer)
      for unit in alike { choices[unit] = choice }
    }
    return KernelChoices(timed: choices)
  }

  /// Of passes the shortest, in seconds of the calling thread's own processor time, so that other
  /// processes count little: one that takes longer than two milliseconds, or as many as fit in.
  public static let stopwatch: Timer = { probe, direction in
    let start = processorSeconds
    var (now, shortest) = (start, Double.infinity)
    repeat {
      let before = now
      probe.run(direction)
      now = processorSeconds
      shortest = min(shortest, now - before)
    } while now - start < 0.002
    return shortest
  }

  private static var processorSeconds: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// The methods, none of which is off by more than `auto` is: 3·10⁻⁶ in fp32, 6·10⁻³ in bf16.
  private static let candidates: [ConvolutionMethod] = [.direct, .f2, .f4x2, .f4]

  private func fastest(
    _ unit: ConvolutionUnit, _ timer: Timer
  ) throws(ModelError) -> ConvolutionChoice {
    let most = 2_000_000_000
    let products =
      unit.inputChannels * unit.outputChannels * unit.output.positions * unit.kernel.reduce(1, *)
    let clips = max(1, min(clips, most / products))
    func probe(
      _ choice: ConvolutionChoice, sharing other: ConvolutionProbe? = nil
    ) throws(ModelError) -> ConvolutionProbe {
      try ConvolutionProbe(
        unit, clips: clips, precision: precision, choice: choice, isTraining: isTraining,
        sharing: other)
    }
    var choice = ConvolutionChoice(.direct, isMeasured: true)
    let direct = try probe(choice)
    var rivals = [(method: ConvolutionMethod.direct, probe: direct)]
    for method in Self.candidates where method != .direct {
      // Refused where this shape or CPU has no such form.
      guard
        let rival = try? probe(ConvolutionChoice(method, isMeasured: true), sharing: direct),
        !rivals.contains(where: {
          $0.probe.implementation(.forward) == rival.implementation(.forward)
        })
      else { continue }
      rivals.append((method, rival))
    }
    guard rivals.count > 1 else { return choice }
    let rule = try probe(ConvolutionChoice(.auto), sharing: direct)
    for direction in direct.directions {
      direct.fill()
      let times = Self.times(rivals.map(\.probe), direction, timer)
      let best = times.indices.min { times[$0] < times[$1] } ?? 0
      let ruled = rivals.firstIndex {
        $0.probe.implementation(direction) == rule.implementation(direction)
      }
      let winner = ruled.flatMap { times[$0] <= times[best] * 31 / 30 ? $0 : nil } ?? best
      choice[direction] = rivals[winner].method
    }
    return choice
  }

  /// The shortest time of each probe; rounds take turns, and who is far behind drops out.
  private static func times(
    _ probes: [ConvolutionProbe], _ direction: KernelDirection, _ timer: Timer
  ) -> [Double] {
    var times = [Double](repeating: .infinity, count: probes.count)
    for _ in 0..<3 {
      let limit = 1.5 * (times.min() ?? .infinity)
      for (index, probe) in probes.enumerated() where times[index] <= limit {
        times[index] = min(times[index], timer(probe, direction))
      }
    }
    return times
  }
}
