import Testing

@testable import Model

struct ObjectiveSettingsTests {
  @Test("Each name makes its objective", arguments: ObjectiveSettings.Name.allCases)
  func known(_ name: ObjectiveSettings.Name) throws {
    var settings = ObjectiveSettings()
    (settings.name, settings.queueLength) = (name, 9)
    let objective = try settings.make()
    #expect(objective.views.count >= 2)
    #expect(objective.views[0].source == .trained)
  }

  @Test("Every knob of an objective is a setting", arguments: ObjectiveSettings.Name.allCases)
  func knobs(_ name: ObjectiveSettings.Name) throws {
    let fields = Set(Mirror(reflecting: ObjectiveSettings()).children.compactMap(\.label))
    var settings = ObjectiveSettings()
    settings.name = name
    #expect(settings.knobs.isSubset(of: fields))
    settings.form = .triplet
    #expect(settings.knobs.isSubset(of: fields))
  }

  @Test("Values out of range are refused by name")
  func ranges() {
    let changes: [(String, @Sendable (inout ObjectiveSettings) -> Void)] = [
      ("temperature", { $0.temperature = 0 }), ("keepShare", { $0.keepShare = 0 }),
      ("keepShare", { $0.keepShare = 1.5 }), ("dropShare", { $0.dropShare = 1 }),
      ("queueLength", { $0.queueLength = -1 }),
      ("instanceWeight", { $0.instanceWeight = -.infinity }),
    ]
    for (field, change) in changes {
      var settings = ObjectiveSettings()
      change(&settings)
      let error = #expect(throws: ModelError.self) { try settings.make() }
      #expect(error?.reason.contains("objective.\(field)") == true)
    }
  }
}
