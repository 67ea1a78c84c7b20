import ArgumentParser
import Coordinator
import Foundation
import Model
import Tensors

/// The command `kindreel bench layers`.
struct BenchLayers: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layers",
    abstract: "Every convolution of a network alone, on one core: what computes it, how fast.",
    discussion: """
      gflops counts what a direct method computes, padding included, as others do. of_direct_limit \
      counts only the taps inside the clip and is 1 where nothing but these products takes time, \
      at the rate that registers alone reach (peak_gflops); Winograd's method goes above 1. \
      With --json, layers has an object for every layer and direction: layer, direction, shape, \
      implementation, seconds, gflops, of_direct_limit; sum_seconds adds their medians.
      """)

  @Option(help: "\(NamedEncoder.list).")
  var encoder = BenchTrainStep.Encoder.r3d18

  @Option(help: "The clip, 3xTxSxS.")
  var clip = "3x16x112x112"

  @Option(help: "Clips, N.")
  var batch = 4

  @Option(help: "fp32 or bf16.")
  var precision = Precision.fp32

  @Option(help: "auto, timed, direct, f2, f4x2 or f4.")
  var convolutions = ConvolutionMethod.auto

  @Option(help: "A JSON file of convolutions instead, for example Benchmarks/convolutions.json.")
  var cases: String?

  @OptionGroup var options: BenchOptions

  func validate() throws { try BenchOptions.requirePositive([("batch", batch)]) }

  func run() throws {
    try reportingFailure {
      BLAS.useOneThread()
      Machine.useOneThread()
      let peak = Machine.peakProducts(precision)
      var rows: [[String: BenchFigure]] = []
      var seconds = 0.0
      var (products, inside) = (0, 0)
      for makeProbe in try probes() {
        let probe = try makeProbe()
        for direction in probe.directions {
          let timing = options.time { probe.run(direction) }
          seconds += timing.median
          products += probe.products
          inside += probe.productsInside
          var row: [String: BenchFigure] = [
            "layer": .text(probe.name), "shape": .text(probe.shape),
            "direction": .text(direction.rawValue),
            "implementation": .text(probe.implementation(direction)), "seconds": .seconds(timing),
            "gflops": .number(2e-9 * Double(probe.products) / timing.median),
          ]
          if let peak {
            row["of_direct_limit"] = .number(Double(probe.productsInside) / timing.median / peak)
          }
          rows.append(row)
        }
      }
      var figures: [String: BenchFigure] = [
        "precision": .text(precision.rawValue), "convolutions": .text(convolutions.rawValue),
        "layers": .rows(rows), "sum_seconds": .number(seconds),
        "gflops": .number(2e-9 * Double(products) / seconds),
      ]
      if let cases {
        figures["cases"] = .text(cases)
      } else {
        figures["encoder"] = .text(encoder.rawValue)
        figures["clip"] = .text(clip)
        figures["batch"] = .integer(batch)
      }
      if let peak {
        figures["peak_gflops"] = .number(2e-9 * peak)
        figures["of_direct_limit"] = .number(Double(inside) / seconds / peak)
      }
      try options.report("layers", figures)
    }
  }

  private static func shapes(in file: String) throws -> [ConvolutionShape] {
    let data = Data(try WholeFile.bytes(file))
    let shapes: [ConvolutionShape]
    do {
      shapes = try JSONDecoder().decode([ConvolutionShape].self, from: data)
    } catch {
      throw FileError(file, "is no list of convolutions: \(error)")
    }
    guard !shapes.isEmpty else { throw FileError(file, "lists no convolution") }
    for shape in shapes { try shape.validate() }
    return shapes
  }

  /// What prepares each convolution, one after the other, so that only one holds memory.
  private func probes() throws -> [() throws -> ConvolutionProbe] {
    let source = KernelSource.standard
    if let cases {
      let shapes = try Self.shapes(in: cases)
      return shapes.map { shape in
        {
          try ConvolutionProbe(
            shape, precision: precision,
            kernels: source.choices(convolutions, KernelTiming(shape, precision: precision)))
        }
      }
    }
    let network = try BenchTrainStep.network(encoder, clip: clip, batch: batch)
    let kernels = try source.choices(
      convolutions,
      KernelTiming(network, clips: batch, precision: precision, isTraining: true))
    return (0..<network.unitCount).map { index in
      {
        try ConvolutionProbe(
          network, unit: index, clips: batch, precision: precision, kernels: kernels)
      }
    }
  }
}
