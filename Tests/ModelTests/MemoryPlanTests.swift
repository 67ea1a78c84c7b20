import Tensors
import Testing

@testable import Model

@Suite("The memory plan")
struct MemoryPlanTests {
  @Test("overlaps no two tensors that live at once, whatever their sizes", arguments: 0..<50)
  func overlap(_ seed: Int) {
    var random = RandomStream(seed: 5, purpose: .test, sample: seed)
    let boundary = 30
    let demands = (0..<80).map { _ in
      let first = random.integer(below: 60)
      return MemoryPlan.Demand(
        bytes: random.integer(below: 5000), life: first...min(60, first + random.integer(below: 12))
      )
    }
    let plan = MemoryPlan(demands, boundary: boundary)
    check(plan, demands, boundary)
    #expect(plan == MemoryPlan(demands, boundary: boundary))
  }

  @Test("gives nothing to nobody")
  func empty() {
    let plan = MemoryPlan([], boundary: 0)
    #expect(plan.slotBytes == 0 && plan.laneBytes == 0)
    let none = MemoryPlan([.init(bytes: 0, life: 0...3)], boundary: 1)
    #expect(none.slotBytes == 0 && none.laneBytes == 0)
  }

  @Test("puts a short life where a kept tensor is not yet born")
  func reuse() {
    let demands = [
      MemoryPlan.Demand(bytes: 640, life: 0...9), MemoryPlan.Demand(bytes: 640, life: 3...6),
      MemoryPlan.Demand(bytes: 600, life: 1...2), MemoryPlan.Demand(bytes: 640, life: 7...8),
      MemoryPlan.Demand(bytes: 64, life: 3...3),
    ]
    let plan = MemoryPlan(demands, boundary: 5)
    #expect(plan.places == [.slot(0), .slot(640), .slot(640), .slot(640), .lane(0)])
    #expect(plan.slotBytes == 1280 && plan.laneBytes == 64)
  }

  /// Depth, clip, pooled stem, shortcut: the networks that people train.
  static let networks: [(Int, Int, Int, Bool, EncoderArchitecture.Shortcut)] = [
    (18, 16, 112, false, .b), (18, 16, 112, true, .b), (18, 8, 64, false, .b),
    (10, 8, 48, false, .b), (34, 16, 112, false, .a), (50, 16, 112, true, .b),
    (50, 8, 64, false, .a),
  ]

  @Test("needs little more than what lives at once in real networks", arguments: networks)
  func tightness(
    depth: Int, frames: Int, size: Int, stemPool: Bool, shortcut: EncoderArchitecture.Shortcut
  ) throws {
    let network = try EncoderFixture.network(
      depth: depth, frames: frames, size: size, stemPool: stemPool, shortcut: shortcut, width: 1,
      headHidden: 512)
    let scratch = network.units.map { $0.weights.count / 4 }
    for precision in Precision.allCases {
      for mode in [Mode.training, .evaluation] {
        let program = EncoderProgram(
          network, clips: 4, precision: precision, mode: mode, scratchBytes: scratch)
        let plan = program.plan
        check(plan, program.demands, program.boundary)
        let least = MemoryPlan.lowerBound(program.demands)
        #expect(Double(plan.slotBytes + plan.laneBytes) < 1.06 * Double(least))
        if mode == .evaluation { #expect(plan.slotBytes == 0) }
      }
    }
  }

  /// Five convolution outputs and two block results of the largest size, where all outputs and results
  /// would be ten, and three live activations in evaluation.
  @Test("keeps outputs and block results alone, and evaluation keeps nothing")
  func kept() throws {
    let network = try EncoderFixture.network(
      depth: 18, frames: 16, size: 112, width: 1, headHidden: 0)
    let largest = 4 * 4 * network.stem.output.positions * 64
    func bytes(_ mode: Mode, hasBackward: Bool = true) -> Int {
      let program = EncoderProgram(
        network, clips: 4, precision: .fp32, mode: mode, hasBackward: hasBackward,
        scratchBytes: network.units.map { _ in 0 })
      return program.plan.slotBytes + program.plan.laneBytes
    }
    #expect(bytes(.training) < 10 * largest)
    #expect(bytes(.evaluation) <= 3 * largest + 1 << 20)
    #expect(bytes(.training, hasBackward: false) == bytes(.evaluation))
  }

  private func check(_ plan: MemoryPlan, _ demands: [MemoryPlan.Demand], _ boundary: Int) {
    #expect(plan.places.count == demands.count)
    var isSound = true
    var offsets: [(isSlot: Bool, range: Range<Int>)] = []
    for (demand, place) in zip(demands, plan.places) {
      switch place {
      case .slot(let offset):
        offsets.append((true, offset..<offset + demand.bytes))
        isSound = isSound && offset + demand.bytes <= plan.slotBytes
      case .lane(let offset):
        offsets.append((false, offset..<offset + demand.bytes))
        isSound = isSound && offset + demand.bytes <= plan.laneBytes
        // Other slots' passes may run before the backward pass.
        let life = demand.life
        isSound = isSound && !(life.lowerBound < boundary && life.upperBound >= boundary)
      }
      isSound = isSound && (offsets.last?.range.lowerBound ?? 1) % MemoryPlan.alignment == 0
    }
    for one in demands.indices {
      for other in demands.indices.dropFirst(one + 1)
      where offsets[one].isSlot == offsets[other].isSlot
        && demands[one].life.overlaps(demands[other].life)
      {
        isSound = isSound && !offsets[one].range.overlaps(offsets[other].range)
      }
    }
    #expect(isSound)
    #expect(plan.slotBytes + plan.laneBytes >= MemoryPlan.lowerBound(demands))
  }
}
