public import ArgumentParser
public import Clustering
import Foundation

/// Where `kindreel cluster` cuts.
struct CutOptions: ParsableArguments {
  @Option(help: "Where to cut: height:H, count:K, quantile:Q, gap, gap:K, or FINE/COARSE.")
  var cut: CutArgument?

  @Option(help: "The most rows of a cluster; larger ones are cut further down.")
  var largest: Int?

  @Option(
    help: "Rows alone in their fine cluster: keep them, or join the branch they meet below COARSE.")
  var singletons = TwoLevelCut.Singletons.keep

  func validate() throws {
    if let largest, largest < 2 {
      throw ValidationError("--largest is \(largest); at least 2 is needed")
    }
    if cut == nil && (largest != nil || singletons != .keep) {
      throw ValidationError("--largest and --singletons need --cut")
    }
    if singletons == .join && !isTwoLevel {
      throw ValidationError("--singletons join needs --cut FINE/COARSE, which says how far to look")
    }
  }

  var isTwoLevel: Bool { cut?.coarse != nil }

  /// The cut of the library, if there is one.
  var levels: TwoLevelCut? {
    cut.map {
      TwoLevelCut(fine: $0.fine, coarse: $0.coarse, largest: largest, singletons: singletons)
    }
  }

  /// The lines of a picture.
  func marks(of tree: Dendrogram) -> [DendrogramPicture.Mark] {
    guard let cut else { return [] }
    let rules =
      [(isTwoLevel ? "fine cut" : "cut", cut.fine)]
      + (cut.coarse.map { [("coarse cut", $0)] } ?? [])
    return rules.compactMap { name, rule in
      guard let height = tree.height(of: rule) else { return nil }
      let digits = String(format: "%.3g", height)
      return DendrogramPicture.Mark("\(name) at \(digits), \(rule)", height: height)
    }
  }
}

/// A cut, or two of them separated by a slash.
struct CutArgument: ExpressibleByArgument, CustomStringConvertible {
  let fine: CutRule
  let coarse: CutRule?

  init?(argument: String) {
    let rules = argument.split(separator: "/", omittingEmptySubsequences: false)
      .map { CutRule(String($0)) }
    guard rules.count <= 2, let fine = rules.first.flatMap({ $0 }),
      let last = rules.last.flatMap({ $0 })
    else { return nil }
    self.fine = fine
    coarse = rules.count == 2 ? last : nil
  }

  var description: String { coarse.map { "\(fine)/\($0)" } ?? "\(fine)" }
}

extension TwoLevelCut.Singletons: ExpressibleByArgument {}
