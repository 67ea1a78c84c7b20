extension ObjectiveSettings {
  /// The settings that the objective looks at, besides its name.
  public var knobs: Set<String> {
    let mined: Set = ["temperature", "keepShare", "dropShare"]
    switch name {
    case .cluster:
      return mined.union([
        "queueLength", "instanceWeight", "prototypeWeight", "prototypeTemperature", "bankMomentum",
        "bothDirections",
      ])
    case .simclr: return mined.union(["hidesCoarse"])
    case .moco: return mined.union(["hidesCoarse", "queueLength"])
    case .triplet:
      return (mining == .several ? mined : mined.subtracting(["temperature"])).union([
        "mining", "margin", "ownShare", "temporalMargin", "temporalWeight", "pools",
      ])
    case .iic, .cmc:
      return mined.union([
        "hidesCoarse", "bankNegatives", "bankMomentum", "unitQueries", "ownShare",
        name == .iic ? "intraNegative" : "encoders",
      ])
    case .dsm where form == .triplet:
      return ["form", "margin", "keepShare", "dropShare", "hidesCoarse"]
    case .dsm: return mined.union(["form", "hidesCoarse", "queueLength"])
    case .koreitem: return ["keepShare", "dropShare", "margin", "ownShare"]
    }
  }
}

extension ObjectiveSettings {
  /// Refuses values outside of their ranges.
  ///
  /// - Throws: `ModelError` with the field, the value and the range.
  func validate() throws(ModelError) {
    try check(temperature > 0 && temperature.isFinite, "temperature", temperature, "above 0")
    try check(keepShare > 0 && keepShare <= 1, "keepShare", keepShare, "above 0 and at most 1")
    try check(dropShare >= 0 && dropShare < 1, "dropShare", dropShare, "at least 0 and below 1")
    let least = name == .moco || name == .dsm ? 1 : 0
    try check(queueLength >= least, "queueLength", queueLength, "at least \(least)")
    try check(
      instanceWeight >= 0 && instanceWeight.isFinite, "instanceWeight", instanceWeight,
      "at least 0")
    try check(
      prototypeTemperature > 0 && prototypeTemperature.isFinite, "prototypeTemperature",
      prototypeTemperature, "above 0")
    for (field, value) in [
      ("prototypeWeight", prototypeWeight), ("margin", margin), ("temporalMargin", temporalMargin),
      ("temporalWeight", temporalWeight),
    ] {
      try check(value >= 0 && value.isFinite, field, value, "at least 0")
    }
    try check(pools >= 1, "pools", pools, "at least 1")
    try check(bankNegatives >= 1, "bankNegatives", bankNegatives, "at least 1")
    try check(0..<1 ~= bankMomentum, "bankMomentum", bankMomentum, "at least 0 and below 1")
    try check(0...1 ~= ownShare, "ownShare", ownShare, "between 0 and 1")
  }

  private func check(
    _ holds: Bool, _ field: String, _ value: some CustomStringConvertible, _ range: String
  ) throws(ModelError) {
    if !holds { throw ModelError("objective.\(field) is \(value); it must be \(range)") }
  }
}
