import Tensors
import Testing

@testable import Video

@Suite("The plan of a video's views") struct ViewPlannerTests {
  private let frame = PixelSize(width: 80, height: 60)

  private func planner(_ texts: [String]) throws -> ViewPlanner {
    var settings = AugmentationSettings()
    settings.residual = 0.3
    settings.blur = 0.5
    settings.rotation = 20
    return ViewPlanner(
      try texts.map { try #require(ViewRecipe($0)) }, video: VideoSettings(),
      augmentation: ClipAugmentation(settings, size: 48), seed: 9)
  }

  private func name(_ sample: Int, _ view: Int) -> ViewPlanner.Name {
    ViewPlanner.Name(epoch: 2, sample: sample, view: view)
  }

  @Test("gives ordinary views what their streams have always given")
  func ordinary() throws {
    let planner = try planner(["rgb", "rgb"])
    for view in 0..<2 {
      var places = RandomStream(seed: 9, purpose: .window, epoch: 2, sample: 5, view: view)
      let window = ClipSampler.random(frameCount: 90, frames: 8, stride: 3, using: &places)
      #expect(planner.window(name(5, view), frameCount: 90) == window)
      var looks = RandomStream(seed: 9, purpose: .augmentation, epoch: 2, sample: 5, view: view)
      var draw = planner.augmentation.draw(using: &looks, in: frame)
      if view == 0 { draw.content = .rgb }
      #expect(planner.look(name(5, view), in: frame).draw == draw)
      #expect(planner.look(name(5, view), in: frame).order == Array(0..<8))
    }
  }

  @Test("takes frames that the first view does not have, or goes as far as it can")
  func disjoint() throws {
    let planner = try planner(["rgb", "disjoint"])
    // 22 frames of 60: starts 0…38, so of some there are both sides, of others none.
    var met: [Int: Set<Int>] = [:]
    for sample in 0..<20_000 {
      let start = planner.window(name(sample, 0), frameCount: 60).start
      met[start, default: []].insert(planner.window(name(sample, 1), frameCount: 60).start)
    }
    #expect(met.count == 39)
    for (start, others) in met {
      let free = Set((0...38).filter { abs($0 - start) >= 22 })
      #expect(others == (free.isEmpty ? [start * 2 > 38 ? 0 : 38] : free), "\(start)")
    }
  }

  @Test(
    "takes no frame of a faster first view, nor a slower one's",
    arguments: [
      ["x2", "disjoint"], ["rgb", "disjoint+x2"],
    ])
  func disjointSpeeds(texts: [String]) throws {
    let planner = try planner(texts)
    for sample in 0..<300 {
      let windows = (0..<2).map { planner.window(name(sample, $0), frameCount: 300) }
      let ends = windows.map { $0.start + $0.span }
      #expect(windows[0].start >= ends[1] || windows[1].start >= ends[0])
      #expect(ends.allSatisfy { $0 <= 300 })
    }
  }

  @Test("replaces a share of the views, but never the first")
  func replaced() throws {
    let planner = try planner(["rgb", "disjoint", "again", "same", "same+lightness"])
    func contents(_ view: Int) -> [ViewRecipe.Content] {
      (0..<2000).map { planner.look(name($0, view), in: frame).draw.content }
    }
    #expect(Set(contents(0)) == [.rgb] && Set(contents(4)) == [.lightness])
    for view in 1...3 {
      #expect(abs(contents(view).count { $0 == .residual } - 600) < 80)
      #expect(Set(contents(view)) == [.rgb, .residual])
    }
    #expect(contents(1) != contents(2))
  }

  @Test("lends the first view's window, and its look where asked")
  func lends() throws {
    let planner = try planner(["rgb", "same+difference", "again", "same+shuffle", "same+warp"])
    for sample in 0..<20 {
      let window = planner.window(name(sample, 0), frameCount: 90)
      let (first, _) = planner.look(name(sample, 0), in: frame)
      for view in 1..<5 {
        #expect(planner.window(name(sample, view), frameCount: 90) == window)
      }
      var changed = first
      changed.content = .difference
      #expect(planner.look(name(sample, 1), in: frame).draw == changed)
      #expect(planner.look(name(sample, 2), in: frame).draw != first)
      var (shuffled, order) = planner.look(name(sample, 3), in: frame)
      var warped = planner.look(name(sample, 4), in: frame).draw
      #expect(shuffled.content == warped.content && order != Array(0..<8))
      // Whether it is replaced is each view's own affair.
      (shuffled.content, warped.content) = (.rgb, .rgb)
      #expect(shuffled == first)
      #expect((1...3).contains(warped.warps.count))
      warped.warps = []
      #expect(warped == first)
    }
  }

  @Test("begins with the video where asked, which others may refer to")
  func start() throws {
    let planner = try planner(["start", "disjoint", "again", "start+x2"])
    var others: Set<Int> = []
    for sample in 0..<2000 {
      let windows = (0..<4).map { planner.window(name(sample, $0), frameCount: 60) }
      #expect(windows[0] == ClipWindow(start: 0, frames: 8, stride: 3))
      #expect(windows[2] == windows[0])
      #expect(windows[3] == ClipWindow(start: 0, frames: 8, stride: 6))
      others.insert(windows[1].start)
      #expect(planner.look(name(sample, 0), in: frame).draw.crop.isInside(frame))
    }
    // SLIC's: from the first window's end to the last place that fits, both included.
    #expect(others == Set(22...38))
  }

  @Test("bends a view like a thin plate, which changes nothing else")
  func spline() throws {
    let planner = try planner(["rgb", "same+spline", "spline"])
    for sample in 0..<20 {
      var bent = planner.look(name(sample, 1), in: frame).draw
      let other = planner.look(name(sample, 2), in: frame).draw
      #expect(bent.spline != nil && bent.spline != other.spline)
      bent.spline = nil
      bent.content = .rgb
      #expect(bent == planner.look(name(sample, 0), in: frame).draw)
    }
  }

  @Test("plays faster by a wider stride, the start moving back where the video ends")
  func speed() throws {
    let planner = try planner(["rgb", "same+x2", "x8"])
    for sample in 0..<50 {
      let start = planner.window(name(sample, 0), frameCount: 60).start
      let faster = planner.window(name(sample, 1), frameCount: 60)
      #expect(faster == ClipWindow(start: min(start, 60 - 43), frames: 8, stride: 6))
      #expect(planner.window(name(sample, 2), frameCount: 60).start == 0)
      #expect(planner.window(name(sample, 2), frameCount: 60).stride == 24)
    }
  }

  @Test("keeps its distance, and meets every start that does")
  func apart() throws {
    let planner = try planner(["rgb", "apart"])
    var met: [Int: Set<Int>] = [:]
    for sample in 0..<3000 {
      let start = planner.window(name(sample, 0), frameCount: 28).start
      let other = planner.window(name(sample, 1), frameCount: 28).start
      met[start, default: []].insert(other)
    }
    #expect(met.count == 7)
    for (start, others) in met {
      #expect(others == Set((0...6).filter { abs($0 - start) >= 2 }))
    }
    // Two starts: the other one. One start: that one.
    for sample in 0..<20 {
      let start = planner.window(name(sample, 0), frameCount: 23).start
      #expect(planner.window(name(sample, 1), frameCount: 23).start == 1 - start)
      #expect(planner.window(name(sample, 1), frameCount: 22).start == 0)
    }
  }
}
