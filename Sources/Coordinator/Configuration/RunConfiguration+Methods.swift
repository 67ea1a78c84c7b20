import Model

extension RunConfiguration {
  /// The settings that a run with an objective starts from: constants of the method's publication.
  ///
  /// Objective and optimiser, and what the method says about views and labels; never network, clips,
  /// batch or length, which all methods have in common. Learning rates are for runs of a few thousand
  /// steps.
  init(startingFrom name: ObjectiveSettings.Name) {
    self.init()
    objective.name = name
    if name != .cluster { (objective.keepShare, objective.dropShare) = (1, 0) }
    switch name {
    case .cluster, .simclr: break
    case .moco: adoptMoCo()
    }
  }

  /// MoCo at the scale of UCF101, as CoCLR's baseline has it (Han, Xie and Zisserman, NeurIPS 2020,
  /// section 4.1 and its released code): Adam, a queue of 2,048, τ 0.07.
  ///
  /// The keys' decay is 0.999 there and in He et al., for runs of 10⁵ steps; over the thousand steps
  /// of a short run such keys would hardly leave their random start.
  private mutating func adoptMoCo() {
    objective.temperature = 0.07
    objective.queueLength = 2048
    optimizer.name = .adamw
    optimizer.learningRate = 1e-3
    optimizer.weightDecay = 1e-5
    optimizer.averageDecay = 0.99
  }

  /// Resolves settings in four layers: defaults, the objective's own, a file, single overrides.
  ///
  /// Where an override names another objective than the file, the file's groups `objective` and
  /// `optimizer` are left out: they were chosen for the other one.
  ///
  /// - Throws: `ConfigurationError`.
  static func resolve(
    yaml: String?, origin: String, overrides: [String]
  ) throws -> RunConfiguration {
    func resolve(_ start: RunConfiguration, _ file: ConfigurationTree?, _ overrides: [String])
      throws -> RunConfiguration
    {
      try ConfigurationTree.resolve(start, file: file, overrides: overrides)
    }
    var file = try yaml.map { try ConfigurationTree(yaml: $0, origin: origin) }
    let own = try resolve(RunConfiguration(), file, []).objective.name
    let name = try resolve(RunConfiguration(), file, overrides).objective.name
    if name != own { file = file?.without(["objective", "optimizer"]) }
    return try resolve(RunConfiguration(startingFrom: name), file, overrides)
  }

  /// Refuses settings of the objective that it would ignore.
  func refuseIdleKnobs() throws(ConfigurationError) {
    let name = objective.name
    let start = RunConfiguration(startingFrom: name).objective
    guard let mine = try? ConfigurationEncoder.tree(of: objective).content,
      let usual = try? ConfigurationEncoder.tree(of: start).content,
      case .map(let entries) = mine, case .map(let defaults) = usual
    else { preconditionFailure("objective settings are a group") }
    for (entry, known) in zip(entries, defaults)
    where entry.value.content != known.value.content && !name.knobs.contains(entry.key)
      && entry.key != "name"
    {
      throw ConfigurationError(
        key: "objective.\(entry.key)",
        "means nothing to \(name.rawValue), which looks at \(name.knobs.sorted().joined(separator: ", "))"
      )
    }
  }
}

extension ConfigurationTree {
  /// The same settings without some groups.
  fileprivate func without(_ keys: Set<String>) -> ConfigurationTree {
    guard case .map(let entries) = content else { return self }
    return ConfigurationTree(.map(entries.filter { !keys.contains($0.key) }), origin: origin)
  }
}
