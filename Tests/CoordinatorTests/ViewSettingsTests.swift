import Model
import Testing
import Video

@testable import Coordinator

@Suite struct ViewSettingsTests {
  @Test(arguments: View.Recipe.allCases)
  func `Every view that an objective can name is a recipe`(named: View.Recipe) {
    #expect(ViewRecipe(named.rawValue) != nil)
  }

  @Test func `Without a list the objective names the views`() throws {
    let configuration = try RunConfiguration.load(nil)
    #expect(configuration.views.isEmpty)
    let filmed = ["rgb", "same+residual"]
    #expect(try configuration.viewRecipes().map(\.description) == filmed)
    #expect(try configuration.yaml().contains("views: []"))
    let both = try RunConfiguration.load(nil, overrides: ["objective.bothDirections=true"])
    #expect(
      try both.viewRecipes().map(\.description)
        == filmed + ["same+reverse", "same+reverse+residual"])
  }

  @Test(arguments: [
    (
      "views=[rgb, again+residual]",
      ["rgb", "again+residual", "same+reverse", "again+reverse+residual"]
    ),
    ("views=[x2, residual]", ["x2", "residual", "same+x2+reverse", "reverse+residual"]),
    ("views=[rgb, same, same+reverse, reverse]", ["rgb", "same", "same+reverse", "reverse"]),
  ])
  func `In both directions a list of the views as filmed is enough`(
    override: String, recipes: [String]
  ) throws {
    let both = try RunConfiguration.load(
      nil, overrides: ["objective.bothDirections=true", override])
    #expect(try both.viewRecipes().map(\.description) == recipes)
  }

  @Test(arguments: [
    (
      "views=[rgb]",
      "views: must name 4 views, as objective 'cluster' takes, or the 2 as filmed, names 1"
    ),
    ("views=[rgb, same+repeat]", "views[1]: 'same+repeat' is not in the order that was filmed"),
  ])
  func `What cannot be played backwards is refused in both directions`(
    override: String, message: String
  ) {
    let error = #expect(throws: ConfigurationError.self) {
      try RunConfiguration.load(nil, overrides: ["objective.bothDirections=true", override])
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func `A list takes their place, and is written as words`() throws {
    let configuration = try RunConfiguration.load(nil, overrides: ["views=[rgb, same+residual]"])
    #expect(try configuration.viewRecipes().map(\.description) == ["rgb", "same+residual"])
    #expect(try configuration.yaml().contains("same+residual"))
  }

  @Test(arguments: [
    ("views=[rgb]", "views: must name 2 views, as objective 'cluster' takes, names 1"),
    ("views=[same, rgb]", "views: the first view is 'same'"),
    ("views=[rgb, sepia]", "views[1]: 'sepia' is no view; write words joined by +"),
  ])
  func `A list that cannot be is refused`(override: String, message: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try RunConfiguration.load(nil, overrides: [override])
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    ("augmentation.blur=2", "augmentation.blur is 2.0, and must be 0…1"),
    ("augmentation.blurKernel=4", "augmentation.blurKernel is 4, and must be odd"),
    ("augmentation.blurSigma=[2, 1]", "augmentation.blurSigma is [2.0, 1.0], and must be two"),
    ("augmentation.motionVectors=1.5", "augmentation.motionVectors: must lie in 0…1"),
    ("augmentation.rotation=200", "augmentation.rotation is 200.0, and must be 0…180"),
    ("augmentation.normalisation=cifar", "expected own or kinetics or imagenet or none"),
  ])
  func `Augmentation that cannot be is refused`(override: String, message: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try RunConfiguration.load(nil, overrides: [override])
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func `Settings that would be ignored or cannot go together are refused`() {
    for overrides in [
      ["augmentation.motionVectors=0.6", "augmentation.residual=0.6"],
      ["augmentation.motionVectors=0.1", "views=[rgb, warp]"],
      ["augmentation.motionVectors=0.1", "views=[rgb, spline]"],
      ["augmentation.normalisation=imagenet", "augmentation.mean=[0.4, 0.4, 0.4]"],
      ["augmentation.blur=0.5", "augmentation.blurKernel=97"],
    ] {
      #expect(throws: ConfigurationError.self) {
        try RunConfiguration.load(nil, overrides: overrides)
      }
    }
  }
}
