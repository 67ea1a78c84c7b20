public import ArgumentParser
public import Clustering
import Collective
import Coordinator
import Foundation

/// Where `kindreel cluster` cuts.
struct CutOptions: ParsableArguments {
  @Option(
    help: "Where to cut: height:H, count:K, quantile:Q, gap, gap:K, or FINE/COARSE.",
    transform: CutArgument.init(parsing:))
  var cut: CutArgument?

  @Option(help: "The most rows of a cluster; larger ones are cut further down.")
  var largest: Int?

  @Option(
    help: "Rows alone in their fine cluster: keep them, or join the branch they meet below COARSE.")
  var singletons = TwoLevelCut.Singletons.keep

  func validate() throws {
    if let cut, let coarse = cut.coarse, coarse.isBelow(cut.fine) {
      throw ValidationError(
        "--cut FINE/COARSE: the coarse cut, \(coarse), lies below the fine one, \(cut.fine)")
    }
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

  /// Refuses a coarse cut that lies below the fine one in this tree.
  func check(_ tree: Dendrogram) throws(CutsOutOfOrder) {
    guard let cut, let coarse = cut.coarse else { return }
    let clusters = (fine: tree.clusters(at: cut.fine), coarse: tree.clusters(at: coarse))
    guard clusters.coarse <= clusters.fine else {
      throw CutsOutOfOrder(
        description: "--cut \(cut): the coarse cut, \(coarse), lies below the fine one, "
          + "\(cut.fine): it leaves \(clusters.coarse) clusters, and the fine one \(clusters.fine)")
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
struct CutArgument: CustomStringConvertible {
  let fine: CutRule
  let coarse: CutRule?

  /// Reads one cut or two.
  ///
  /// - Throws: `CutRule.Problem`; `ValidationError` for more than two.
  init(parsing text: String) throws {
    let rules = try text.split(separator: "/", omittingEmptySubsequences: false)
      .map { try CutRule(parsing: String($0)) }
    guard rules.count <= 2 else { throw ValidationError("'\(text)' has more than two cuts") }
    fine = rules[0]
    coarse = rules.count == 2 ? rules[1] : nil
  }

  var description: String { coarse.map { "\(fine)/\($0)" } ?? "\(fine)" }
}

/// Two cuts of which the coarse one is the finer.
struct CutsOutOfOrder: Error, ExitCoded, CustomStringConvertible {
  let description: String

  /// A setting that cannot be used.
  var exitCode: Int32 { ExitCode.configuration.rawValue }
}

extension TwoLevelCut.Singletons: ExpressibleByArgument {}
