import Clustering
import Model
import Video

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
    case .cluster: showMotion()
    case .simclr: break
    case .moco: adoptMoCo()
    case .iic, .cmc: adoptBanks()
    case .dsm: adoptSceneMotion()
    case .triplet: adoptTriplets()
    case .koreitem: adoptKoreitem()
    }
  }

  /// What became of the thesis' plan: it looks at what moves.
  ///
  /// Clusters of embedded colours follow the place, which actions share, and the network learns it from
  /// its labels; clusters of what moves tell actions apart. Views, optimiser and a crop as the only random
  /// change are IIC's, whose rates fit short runs (`adoptBanks`); docs/methods.md has the ablations.
  private mutating func showMotion() {
    labels.shows = [.residual]
    optimizer.name = .adamw
    optimizer.learningRate = 1e-3
    cropAlone()
  }

  /// No random change of a view but its window and crop.
  private mutating func cropAlone() {
    (augmentation.flip, augmentation.jitter, augmentation.grayscale) = (0, 0, 0)
  }

  /// MoCo at the scale of UCF101, as CoCLR's baseline has it (Han, Xie and Zisserman, NeurIPS 2020,
  /// section 4.1 and its released code): Adam, a queue of 2,048, τ 0.07. (The decay is apart from Adam's
  /// gradient here, as for all methods; the preset `moco` has it there.)
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

  /// IIC's loss and views, and CMC's as IIC's authors compare it (ACM MM 2020 and released code).
  ///
  /// τ 0.07, 1,024 negatives, banks that keep half, and no change but the crop. The released code has
  /// SGD at 0.01 for 16 videos a step, the rate falling to a fifth four times, raw queries, and banks that
  /// start at random. In a short run an epoch of random rows is long, and all embeddings become alike with
  /// that; with SGD the banks here learn less than with MoCo's Adam (docs/methods.md).
  private mutating func adoptBanks() {
    (objective.temperature, objective.ownShare) = (0.07, 1)
    optimizer.name = .adamw
    optimizer.learningRate = 1e-3
    cropAlone()
  }

  /// DSM's settings (AAAI 2021 and released code).
  ///
  /// τ 0.07, the queue of its UCF101 scripts, margin 0.5 in the triplet form, SGD. Rate and the keys' decay as for the other methods.
  private mutating func adoptSceneMotion() {
    objective.temperature = 0.07
    objective.queueLength = 3569
    objective.margin = 0.5
    optimizer.averageDecay = 0.99
  }

  /// SLIC's released settings for UCF101 (CVPR 2022; `ClusterTriplets`).
  ///
  /// SGD at a constant 0.1, momentum 0.5, no decay; a quarter of the positives and second anchors shows
  /// what moved; batches are not planned around clusters. Departures: there flow, here residual frames;
  /// there FINCH labels head outputs from the first epoch on, here cuts of the dendrogram label pooled
  /// features after the warm-up, as for all methods; there anchors are first windows, and triplets are
  /// formed among the videos of a GPU. The preset `slic` has none but the first.
  private mutating func adoptTriplets() {
    objective.temperature = 0.5
    optimizer.learningRate = 0.1
    optimizer.momentum = 0.5
    optimizer.weightDecay = 0
    optimizer.schedule = .constant
    augmentation.residual = 0.25
    labels.every = 5
    labels.perCluster = 1
  }

  /// Koreitem et al.'s settings (IROS 2020; `HalfHardTriplets`).
  ///
  /// Adam at 6·10⁻⁴; clusters once, of features that the warm-up or imported weights gave. There they are
  /// cut where cosines average 0.55, as the preset `koreitem` has it: features of ImageNet. Those of a short
  /// warm-up are all closer than that, which would make one cluster, so the cuts are the usual ones here.
  private mutating func adoptKoreitem() {
    (objective.margin, objective.ownShare) = (0.5, 0.5)
    optimizer.name = .adamw
    optimizer.learningRate = 6e-4
    optimizer.weightDecay = 0
    labels.every = 0
    labels.perCluster = 1
  }

  /// Resolves settings in four layers: defaults, the objective's own, a file, single overrides.
  ///
  /// Where an override names another objective than the file, the file's groups `objective` and
  /// `optimizer` are left out: they were chosen for the other one. So were the views and the settings of
  /// `labels` whose defaults differ between the two, if the file names its objective; else they hold for any.
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
    if name != own {
      let (mine, others) = try (Self.labels(of: name), Self.labels(of: own))
      let isNamed = file?["objective"]?["name"] != nil
      file = file?.without(["objective", "optimizer"] + (isNamed ? ["views"] : []))
        .without(isNamed ? mine.keys(differingFrom: others) : [], in: "labels")
    }
    return try resolve(RunConfiguration(startingFrom: name), file, overrides)
  }

  private static func labels(of name: ObjectiveSettings.Name) throws -> ConfigurationTree {
    try ConfigurationEncoder.tree(of: RunConfiguration(startingFrom: name).labels)
  }

  /// Refuses settings of the objective that it would ignore.
  func refuseIdleKnobs() throws(ConfigurationError) {
    let (name, knobs) = (objective.name, objective.knobs)
    let start = RunConfiguration(startingFrom: name).objective
    guard let mine = try? ConfigurationEncoder.tree(of: objective),
      let usual = try? ConfigurationEncoder.tree(of: start)
    else { preconditionFailure("objective settings are a group") }
    let changed = mine.keys(differingFrom: usual)
    if let key = changed.first(where: { $0 != "name" && !knobs.contains($0) }) {
      throw ConfigurationError(
        key: "objective.\(key)",
        "means nothing to \(name.rawValue), which looks at \(knobs.sorted().joined(separator: ", "))"
      )
    }
  }
}

extension ConfigurationTree {
  /// What a key of a group holds.
  fileprivate subscript(key: String) -> ConfigurationTree? {
    guard case .map(let entries) = content else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// The same settings without some groups.
  fileprivate func without(_ keys: [String]) -> ConfigurationTree {
    guard case .map(let entries) = content else { return self }
    return ConfigurationTree(.map(entries.filter { !keys.contains($0.key) }), origin: origin)
  }

  /// The same settings without some keys of a group.
  fileprivate func without(_ keys: [String], in group: String) -> ConfigurationTree {
    guard case .map(var entries) = content else { return self }
    for index in entries.indices where entries[index].key == group {
      entries[index].value = entries[index].value.without(keys)
    }
    return ConfigurationTree(.map(entries), origin: origin)
  }

  /// The keys of a group whose values differ in another group of the same type, in their order.
  fileprivate func keys(differingFrom other: ConfigurationTree) -> [String] {
    guard case .map(let mine) = content, case .map(let theirs) = other.content else { return [] }
    return zip(mine, theirs).filter { $0.value.content != $1.value.content }.map(\.0.key)
  }
}
