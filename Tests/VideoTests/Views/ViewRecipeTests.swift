import Foundation
import Testing

@testable import Video

@Suite("A view's recipe") struct ViewRecipeTests {
  @Test(
    "is written in words",
    arguments: [
      ("rgb", "rgb"), ("residual", "residual"), ("same", "same"), ("same+rgb", "same"),
      ("mv+same", "same+mv"), ("x4+apart", "apart+x4"), ("again+warp", "again+warp"),
      ("shuffle+same+x2+warp+ab", "same+x2+shuffle+warp+ab"), ("repeat", "repeat"),
      ("spline+start", "start+spline"), ("start", "start"),
    ])
  func words(text: String, usual: String) throws {
    let recipe = try #require(ViewRecipe(text))
    #expect(recipe.description == usual && ViewRecipe(usual) == recipe)
    let coded = try JSONDecoder().decode(
      [ViewRecipe].self, from: JSONEncoder().encode([recipe]))
    #expect(coded == [recipe])
  }

  @Test("is refused when a word is unknown, missing or of a kind that was there")
  func refusals() {
    for text in [
      "", "+", "rgb+", "colour", "x3", "x1", "filmed", "free", "same+again", "rgb+mv",
      "x2+x2", "warp+warp", "warp+spline", "start+again", "plain", "RGB", "same residual",
    ] {
      #expect(ViewRecipe(text) == nil, "\(text)")
    }
  }

  @Test("cannot take the first view's window where it is the first, nor move in one frame")
  func problems() throws {
    func problem(_ texts: [String], frames: Int = 8) throws -> String? {
      try texts.map { try #require(ViewRecipe($0)) }.problem(frames: frames)
    }
    #expect(try problem(["rgb", "same+residual", "same+shuffle"]) == nil)
    #expect(try problem(["start", "disjoint", "again"]) == nil)
    #expect(try problem(["same", "rgb"])?.contains("'same'") == true)
    #expect(try problem(["rgb", "shuffle"], frames: 1)?.contains("is 1") == true)
    #expect(try problem(["rgb", "mv"], frames: 1) == nil)
    #expect(try problem(["rgb", "mv+warp"])?.contains("not warped") == true)
    #expect(try problem(["rgb", "mv+spline"])?.contains("not warped") == true)
  }
}
