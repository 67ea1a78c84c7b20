import Testing

@testable import Model

struct ObjectiveSettingsTests {
  @Test("Each known name makes its objective", arguments: ObjectiveSettings.names)
  func known(_ name: String) throws {
    var settings = ObjectiveSettings()
    settings.name = name
    #expect(try settings.make().views.count == 2)
  }

  @Test("An unknown name is refused with the list of known ones")
  func unknown() {
    var settings = ObjectiveSettings()
    settings.name = "simsiam"
    let error = #expect(throws: ModelError.self) { try settings.make() }
    #expect(error?.description == "there is no objective 'simsiam'; known are: cluster, simclr")
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
