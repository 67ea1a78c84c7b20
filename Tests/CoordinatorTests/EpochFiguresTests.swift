import Model
import Tensors
import Testing
import Video

@testable import Coordinator
@testable import Worker

@Suite struct EpochFiguresTests {
  private static func report(
    loss: Double, isFinite: Bool = true, statistic: Double? = 1
  ) -> StepReport {
    var random = RandomStream(seed: UInt64(loss), purpose: .test)
    let views = (0..<2).map { _ in Matrix(rows: 4, columns: 3, values: random.normals(12)) }
    return StepReport(
      loss: isFinite ? loss : .nan, statistics: statistic.map { ["hardness": $0] } ?? [:],
      pairs: PairSample(),
      views: views, gradientNorm: loss, learningRate: 0.1, flags: 0, failures: [:],
      isFinite: isFinite, times: StepTimes())
  }

  @Test func `Figures are the same after a checkpoint, whatever they hold`() throws {
    let labels = LabelReport(Manifest(samples: [], seed: 1))
    var figures = EpochFigures()
    for loss in [1.0, 2, 3] {
      figures.add(Self.report(loss: loss, statistic: loss == 2 ? .infinity : 1), comparedBy: labels)
    }
    figures.add(Self.report(loss: 4, isFinite: false, statistic: .nan), comparedBy: labels)
    var read = try EpochFigures(json: figures.json())
    #expect(read.steps == 4 && read.fields == figures.fields)
    #expect(figures.fields["gradient_norm"] == .number(2))
    for loss in [5.0, 6] {
      figures.add(Self.report(loss: loss), comparedBy: labels)
      read.add(Self.report(loss: loss), comparedBy: labels)
    }
    #expect(read.fields == figures.fields)
  }

  @Test func `A figure that a step does not have is no zero`() throws {
    let labels = LabelReport(Manifest(samples: [], seed: 1))
    var figures = EpochFigures()
    for hardness in [3, nil, 5, nil] as [Double?] {
      figures.add(Self.report(loss: 1, statistic: hardness), comparedBy: labels)
    }
    #expect(figures.fields["hardness"] == .number(4))
    // As a checkpoint of an earlier build has it.
    let old = try figures.json().replacing(#/"statisticSteps":{"hardness":2},/#, with: "")
    #expect(try old != figures.json())
    #expect(try EpochFigures(json: old).fields["hardness"] == .number(2))
  }

  @Test func `Ten skipped steps in a row end a run, also over the end of an epoch`() throws {
    var loss = LossSum()
    for _ in 0..<9 { try loss.add(Self.report(loss: 1, isFinite: false), at: "") }
    try loss.add(Self.report(loss: 3), at: "")
    #expect(loss.mean == 3 && loss.finiteSteps == 1)
    for _ in 0..<5 { try loss.add(Self.report(loss: 1, isFinite: false), at: "") }
    loss = try loss.next(after: 1)
    #expect(loss.finiteSteps == 0 && loss.total == 0)
    for _ in 0..<4 { try loss.add(Self.report(loss: 1, isFinite: false), at: "") }
    #expect(throws: NumericError.self) { try loss.next(after: 2) }
    let error = #expect(throws: NumericError.self) {
      try loss.add(Self.report(loss: 1, isFinite: false), at: "epoch 2, step 5")
    }
    #expect(error?.description.contains("the last is epoch 2, step 5: loss nan") == true)
  }
}
