public import ArgumentParser
import Collective
import Coordinator
import Foundation
public import Video
public import Worker

/// The command `kindreel evaluate`.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure retrieval: test videos against the training videos.",
    discussion: """
      k nearest neighbours by cosine; R@k is the share of test videos, in percent, that share \
      their class folder with any of the k nearest training videos. mAP ranks the whole gallery. Every \
      query counts; one that cannot be read is missed. Intervals are bootstrap ones of 95 % over the \
      queries, from 1000 resamples with a fixed seed. Without siblings: each query's gallery lacks the \
      videos cut from its own footage, which names as v_Walk_g08_c01 tell.

      Videos become rows by one of these protocols:

                  clips             show                      row of a clip         mean
        kindreel  the run's, in     the middle size×size      pooled, or as the     of unit rows
                  equal parts       pixels                    run's evaluation
        iic       10, end to end    112×112 of 171×128        last map, max-pooled  plain
        slic      10, end to end    128×128 of 171×128        head                  plain
        coclr     10, end to end    middle 7/8 of the short   pooled                plain; each set
                                    side                                            less its own mean

      All clips have the run's video.frames, stride and size, and its normalisation of colours; what \
      the published protocols say in pixels is taken as shares of the frame, so 112×112 of 171×128 are \
      the middle 65 % by 88 % at any size. End to end: ⌊k·(L − span)/(n − 1)⌋ is the first frame of \
      clip k of n, with the number of frames less one for L, as in IIC; a video that is too short plays \
      in a loop. CoCLR's overlapping windows are stood for by 10 clips. The map has the shape \
      C×T×⌊H/s⌋×⌊W/s⌋ with squares of s = max(1, ⌊H/3⌋) pixels: 512×2×3×3, the published 9,216 \
      numbers, for R3D-18 on 16 frames of 112 pixels.

      --post adds columns, never mixed with the plain one, fitted on the gallery alone: centred \
      subtracts its mean; whitened also makes (1 − 0.1)·C + 0.1·(tr C/D)·I of its covariance C the \
      identity; expanded asks again with the mean of the query and its 5 nearest; reranked is \
      k-reciprocal re-ranking (k1 20, k2 6, λ 0.3), which fits nothing but looks at all queries at once, \
      as published.

      --probe fits multinomial logistic regression to the gallery's rows, columns standardised; the \
      factor of ½‖W‖² is chosen on held-out groups of the gallery.

      --held-out chooses settings without the test list, which is not read: the last fifth of the \
      training groups of each class, by name, are the queries, and the rest is the gallery. An encoder \
      that was trained on the whole training list has seen them, without labels.

      With --json:

        {"classes":28,"clips":3,"feature":"pooled","shows":["rgb"],"gallery":1440,"interval":[37.1,45.4],\
      "intervals":{"1":[37.1,45.4],"5":…},"map":17.2,"map_interval":[…],\
      "per_class":{"Walk":{"queries":20,"recall":35},…},"protocol":"kindreel","queries":560,\
      "queries_with_siblings":0,"recall":{"1":41.2,"5":…,"10":…,"20":…,"50":…},\
      "recall_without_siblings":{…},"split":"test","unreadable":0,"unreadable_gallery":0,"width":128}

      and "post":{"centred":{"recall":…,"intervals":…,"map":…,…},…} and \
      "probe":{"accuracy":…,"accuracy_5":…,"interval":…,"l2":0.01,"held_out":{"0.01":…,…},…}.
      """)

  @OptionGroup var encoder: EncoderOptions

  @Option(help: "The dataset, with a train and a test split.")
  var data: String

  @Option(
    name: .customLong("protocol"), help: "How videos become rows: kindreel, iic, slic or coclr.")
  var retrievalProtocol = RetrievalProtocol.kindreel

  @Option(help: "Clips a video; the default is the protocol's.")
  var clips: Int?

  @Option(
    help: "pooled (the backbone's feature), head (the projection) or map; for kindreel's protocol.")
  var feature: Feature?

  @Option(
    parsing: .upToNextOption,
    help: "What the clips show: rgb, residual, others of docs/views.md, or several; no protocol.")
  var shows: [ViewRecipe.Content] = []

  @Flag(help: "Queries are held-out groups of the training list; the test list is not read.")
  var heldOut = false

  @Option(
    parsing: .upToNextOption,
    help: "Further columns: centred, whitened, expanded, reranked.")
  var post: [PostProcessing] = []

  @Flag(help: "Fit a linear classifier to the gallery's rows.")
  var probe = false

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var world: WorldOptions

  func validate() throws {
    if let clips, !(1...1000).contains(clips) {
      throw ValidationError("--clips is \(clips); it must lie in 1…1000")
    }
    if Set(shows).count < shows.count || shows.contains(.mv) {
      throw ValidationError(
        "--shows is \(shows.map(\.rawValue).joined(separator: " ")); it takes different contents that are "
          + "made of pixels")
    }
    if !shows.isEmpty, retrievalProtocol != .kindreel {
      throw ValidationError(
        "--shows would not be the protocol \(retrievalProtocol.rawValue), which shows colours; it goes "
          + "with --protocol kindreel")
    }
    if let feature, retrievalProtocol != .kindreel {
      throw ValidationError(
        "--feature \(feature.rawValue) would not be the protocol \(retrievalProtocol.rawValue), "
          + "which compares its own; it goes with --protocol kindreel")
    }
  }

  func run() throws {
    try reportingFailure {
      let (source, named, request, world) = (
        try encoder.source(), try encoder.named(), request, world
      )
      let report = try world.launch(deadline: encoder.deadline()) { communicator in
        let session = try EncoderSession(
          source, configuration: named, lanes: world.lanesOfRank,
          ranksOfMachine: world.ranksOfMachine, communicator: communicator)
        EncoderOptions.report(session.loaded, communicator)
        return try RetrievalEvaluation(session, request).run()
      }
      guard let report else { return }
      if json { try printJSON(report) } else { print(EvaluationTable(report).text) }
    }
  }

  private var request: EvaluationRequest {
    var request = EvaluationRequest(data: data)
    request.retrievalProtocol = retrievalProtocol
    request.clips = clips
    request.feature = feature
    request.shows = shows
    request.split = heldOut ? .heldOut : .test
    request.post = post
    request.probes = probe
    return request
  }
}

extension RetrievalProtocol: ExpressibleByArgument {}
extension PostProcessing: ExpressibleByArgument {}
extension ViewRecipe.Content: ExpressibleByArgument {}
extension Feature: ExpressibleByArgument {}

extension String {
  /// The text, preceded by spaces up to a width.
  func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
