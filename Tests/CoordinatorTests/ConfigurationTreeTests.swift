import Tensors
import Testing

@testable import Coordinator

@Suite struct ConfigurationTreeTests {
  struct Settings: Codable, Equatable {
    enum Colour: String, Codable, CaseIterable { case red, green }
    struct Inner: Codable, Equatable {
      var depth = 10
      var rate: Float = 4.0 / 3
      var name = "a"
    }
    var seed: UInt64 = 0
    var small = 1e-5
    var flag = false
    var colour = Colour.red
    var bounds: [Float] = [0.4, 1]
    var inner = Inner()
  }

  private func resolve(_ yaml: String? = nil, set overrides: [String] = []) throws -> Settings {
    try ConfigurationTree.resolve(
      Settings(), yaml: yaml, origin: "x.yaml", overrides: overrides)
  }

  @Test func `Nothing changes nothing`() throws {
    #expect(try resolve() == Settings())
    #expect(try resolve("") == Settings())
    #expect(try resolve("# only a comment\n") == Settings())
    #expect(try resolve("inner:\n") == Settings())
  }

  @Test func `A file changes what it names, and an override has the last word`() throws {
    let yaml = """
      seed: 18446744073709551615
      colour: green
      bounds: [0.1, 0.2, 0.3]
      inner:
        depth: 18
        name: no
      """
    var expected = Settings()
    expected.seed = .max
    expected.colour = .green
    expected.bounds = [0.1, 0.2, 0.3]
    expected.inner.depth = 18
    expected.inner.name = "no"
    #expect(try resolve(yaml) == expected)
    expected.inner.depth = 50
    expected.bounds = [7]
    expected.flag = true
    expected.inner.name = ""
    #expect(
      try resolve(
        yaml,
        set: ["inner.depth=34", "inner.depth=50", "bounds=[7]", "flag=true", "inner.name="])
        == expected)
    #expect(try resolve(set: ["inner={depth: 3, name: b=c}"]).inner.name == "b=c")
  }

  @Test func `What is written reads back to the same bits`() throws {
    var settings = Settings()
    settings.bounds = [0.1, 1 / 3, 1e-20, 1_234_567]
    settings.small = 0.1 + 0.2
    for name in ["plain", "true", "10", "a: b", "tab\t\"q\" \\ ü\n", "", "-rf", "#x", "x:"] {
      settings.inner.name = name
      let yaml = try ConfigurationEncoder.tree(of: settings).yaml
      #expect(try resolve(yaml) == settings, "\(yaml)")
    }
  }

  @Test(arguments: [
    (
      "inner:\n  depht: 3",
      "x.yaml:2: inner.depht: there is no setting 'depht' in 'inner'; did you mean 'depth'?"
    ),
    (
      "zzzzzz: 3",
      "x.yaml:1: zzzzzz: there is no setting 'zzzzzz'; known here: bounds, colour, flag, inner, seed, small"
    ),
    ("inner:\n  depth: ten", "x.yaml:2: inner.depth: expected an integer, got 'ten'"),
    ("inner:\n  depth: 1.5", "x.yaml:2: inner.depth: expected an integer, got '1.5'"),
    ("inner:\n  depth: \"10\"", "x.yaml:2: inner.depth: expected an integer, got the text \"10\""),
    ("inner:\n  depth:", "x.yaml:2: inner.depth: expected an integer, got nothing"),
    ("seed: -1", "x.yaml:1: seed: expected an integer of at least 0, got '-1'"),
    ("small: .nan", "x.yaml:1: small: expected a number, got '.nan'"),
    ("small: nan", "x.yaml:1: small: expected a number, got 'nan'"),
    ("small: 1e999", "x.yaml:1: small: expected a number, got '1e999'"),
    ("flag: yes", "x.yaml:1: flag: expected true or false, got 'yes'"),
    ("colour: blue", "x.yaml:1: colour: expected red or green, got 'blue'"),
    ("bounds: 3", "x.yaml:1: bounds: expected a list, got '3'"),
    ("bounds:\n- 1\n- b", "x.yaml:3: bounds[1]: expected a number, got 'b'"),
    ("inner: 3", "x.yaml:1: inner: expected a group with the keys depth, rate, name, got '3'"),
    ("seed: {a: 1}", "x.yaml:1: seed: expected a value, got a group of settings"),
    ("seed: 1\nseed: 2", "x.yaml:1: seed: is set twice"),
    ("- 1", "x.yaml:1: : expected a group with the keys"),
    ("seed: 1\n---\nseed: 2", "x.yaml:2: is no YAML: but found another document"),
    ("a: [1", "is no YAML: did not find expected ',' or ']'"),
    ("inner: &a {depth: 3}", "x.yaml:1: has the anchor '&a'; write the value out"),
    ("seed: *a", "x.yaml:1: is no YAML: found undefined alias"),
    ("? [1, 2]\n: 3", "x.yaml:1: has a key that is no name"),
  ])
  func `Bad files are refused in one clear line`(yaml: String, message: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try resolve(yaml) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    ("epochs", "--set epochs: write KEY=VALUE, as in epochs=5"),
    ("=3", "write KEY=VALUE"),
    ("sede=3", "--set sede=3: sede: there is no setting 'sede'; did you mean 'seed'?"),
    ("inner.depth=x", "--set inner.depth=x: inner.depth: expected an integer, got 'x'"),
    ("seed.a=1", "--set seed.a=1: seed: expected a value, got a group of settings"),
    ("inner..depth=1", "there is no setting ''"),
    ("bounds=[1, x]", "--set bounds=[1, x]: bounds[1]: expected a number, got 'x'"),
  ])
  func `Bad overrides are refused in one clear line`(override: String, message: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try resolve(set: [override]) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test(.timeLimit(.minutes(10))) func `Bombs are refused before they go off`() throws {
    var laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for (name, earlier) in zip("bcdefghijklmnop", "abcdefghijklmno") {
      laughs += "\(name): &\(name) [\((0..<9).map { _ in "*\(earlier)" }.joined(separator: ","))]\n"
    }
    let nested = String(repeating: "[", count: 200_000)
    let long = String(repeating: "#", count: 2 << 20)
    for bomb in [laughs, nested, long] {
      #expect(throws: ConfigurationError.self) { try resolve(bomb) }
    }
  }

  @Test func `Spelling counts edits`() {
    #expect(Spelling.distance("kitten", "sitting") == 3)
    #expect(Spelling.distance("", "abc") == 3)
    #expect(Spelling.distance("abc", "abc") == 0)
    #expect(Spelling.nearest(to: "Epoch", among: ["seed", "epochs"]) == "epochs")
    #expect(Spelling.nearest(to: "x", among: []) == nil)
  }
}
