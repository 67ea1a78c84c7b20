// `unsafe` is sound here because the loader writes inside the buffer that it is lent.
internal import Model
internal import Tensors

/// One encoder's part of a step: which views it embeds, of the global batch in which order.
struct ViewPass {
  /// The views, as places in the objective's list.
  let views: [Int]
  /// The global batch's places in the order in which they are embedded.
  let order: [Int]
  /// Loads this rank's share.
  let loader: StepLoader

  /// Writes a microbatch's clips.
  var load: Replica.Load {
    { [loader] microbatch, clips in try unsafe loader.load(microbatch, into: clips) }
  }

  /// Puts rows and samples of all ranks, in the order of embedding, to their places in the batch.
  ///
  /// - Parameter samples: what each view shows.
  func sort(
    _ rows: [Float], samples: [[Int]], perMicrobatch: Int, into batch: inout [EmbeddedView?]
  ) {
    let width = rows.count / max(order.count * views.count, 1)
    let parts = Trainer.split(
      rows, views: views.count, perMicrobatch: perMicrobatch, width: width)
    var turns = order
    for (turn, place) in order.enumerated() { turns[place] = turn }
    for (turn, view) in views.enumerated() {
      batch[view] = EmbeddedView(
        rows: parts[turn].rows(turns), samples: turns.map { samples[turn][$0] })
    }
  }
}

/// One view of the whole global batch.
struct EmbeddedView {
  let rows: Matrix
  let samples: [Int]
}
