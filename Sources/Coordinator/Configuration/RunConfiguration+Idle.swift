import Clustering
import Model
import Video

extension RunConfiguration {
  /// What to say of settings that were named and have no effect beside the others, a line each.
  ///
  /// They are no errors: one list of settings often serves several methods.
  ///
  /// - Parameter overrides: `KEY=VALUE` as on the command line.
  public func idleNotes(on overrides: [String]) -> [String] {
    let named = overrides.map { $0.prefix { $0 != "=" } }
    return idle.flatMap { group in
      named.filter { key in
        group.keys.contains { key == $0 || key.hasPrefix($0 + ".") }
      }.map { "note: \($0) has no effect: \(group.reason)" }
    }
  }

  /// Keys, or groups of keys, that nothing looks at, and why.
  private var idle: [(keys: [String], reason: String)] {
    var idle: [(keys: [String], reason: String)] = []
    func add(_ isIdle: Bool, _ keys: [String], _ reason: String) {
      if isIdle { idle.append((keys, reason)) }
    }
    let usesLabels = (try? objective.make().usesLabels) ?? true
    add(!usesLabels, ["labels"], "objective \(objective.name.rawValue) has no labels here")
    if usesLabels {
      add(
        !labels.file.isEmpty,
        [
          "every", "method", "linkage", "metric", "fine", "coarse", "largest", "singletons",
          "finch",
          "feature", "shows", "weights", "clips",
        ].map { "labels.\($0)" }, "labels.file gives the labels")
      if labels.file.isEmpty {
        let method = "labels.method is \(labels.method.rawValue)"
        add(labels.method == .finch, ["labels.fine", "labels.coarse"], method)
        add(labels.method != .finch, ["labels.finch"], method)
      }
    }
    add(
      objective.name == .cluster && objective.prototypeWeight == 0,
      ["objective.prototypeTemperature", "objective.bankMomentum"],
      "objective.prototypeWeight is 0")
    add(
      objective.name == .triplet && objective.temporalWeight == 0, ["objective.temporalMargin"],
      "objective.temporalWeight is 0")
    let schedule = "optimizer.schedule is \(optimizer.schedule.rawValue)"
    add(optimizer.schedule != .step, ["optimizer.drops", "optimizer.dropFactor"], schedule)
    let rule = "optimizer.name is \(optimizer.name.rawValue)"
    add(optimizer.name != .lars, ["optimizer.trust"], rule)
    let isAdaptive = optimizer.name.isAdaptive
    add(!isAdaptive, ["optimizer.secondMomentum", "optimizer.epsilon"], rule)
    add(isAdaptive, ["optimizer.nesterov"], rule)
    add(!views.isEmpty, ["objective.intraNegative"], "views says what the views show")
    add(
      augmentation.jitter == 0,
      ["brightness", "contrast", "saturation", "hue"].map { "augmentation.\($0)" },
      "augmentation.jitter is 0")
    // An unknown list of views is another's error.
    let mayBeReplaced = (try? viewRecipes())?.dropFirst().contains { $0.content == .rgb } ?? true
    add(
      !mayBeReplaced, ["augmentation.residual", "augmentation.motionVectors"],
      "no view but the first shows colours")
    add(
      augmentation.blur == 0, ["augmentation.blurSigma", "augmentation.blurKernel"],
      "augmentation.blur is 0")
    return idle
  }
}
