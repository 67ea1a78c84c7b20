import Coordinator
import Foundation

/// An estimate as people read it: what a run is, and one line for each number of ranks.
struct EstimateTable {
  let text: String

  init(_ estimate: RunEstimate) {
    var lines = [
      "\(estimate.objective) on \(estimate.videos) videos: \(estimate.epochs) epochs, "
        + "\(estimate.steps) steps, \(estimate.steps_per_epoch) an epoch, of \(estimate.clips_per_step) "
        + "clips in \(estimate.microbatches) microbatches",
      "\(estimate.measured ? "measured here" : "given"): a microbatch "
        + "\(fixed(estimate.timing.microbatch, 3)) s on a lane, update "
        + "\(fixed(estimate.timing.update, 3)) s, embedding a microbatch's clips "
        + "\(fixed(estimate.timing.embedding, 3)) s",
      "gradients a step: \(mebibytes(estimate.gradient_bytes)) MiB; decoded videos: "
        + (estimate.decoded_bytes.map { "\(mebibytes($0)) MiB in all" } ?? "length not known")
        + ", kept by a machine: up to \(mebibytes(estimate.cache_bytes)) MiB; "
        + "clusterings: \(estimate.clusterings)",
      line(
        "ranks", "lanes", "arena, MiB", "weights", "kept", "step, s", "embed, s", "cluster, s",
        "epoch, s", "total, h"),
    ]
    for row in estimate.rows {
      // What cannot run takes no time.
      func time(_ value: Double?, _ digits: Int) -> String {
        guard let value, row.problem == nil else { return "–" }
        return fixed(value, digits)
      }
      lines.append(
        line(
          "\(row.ranks)", "\(row.lanes)", row.arena_bytes.map { "\(mebibytes($0))" } ?? "too much",
          "\(mebibytes(row.weight_bytes))", row.keeps_activations ? "yes" : "no",
          time(row.step_seconds, 2), time(row.embedding_seconds, 0), time(row.cluster_seconds, 1),
          time(row.epoch_seconds, 0), time(row.total_hours, 1)))
    }
    lines.append("a rank stands for a machine like this one; decoding and the network come on top")
    lines.append(
      "a rank's memory: arenas; weights with copies, gradients, average, optimiser and a checkpoint, MiB; "
        + "its part of the machine's decoded videos")
    if estimate.clusterings > 0, estimate.rows.contains(where: { $0.cluster_seconds == nil }) {
      lines.append("so does the time of the clusterings, for which there is no model")
    }
    for row in estimate.rows {
      if let problem = row.problem { lines.append("\(row.ranks) ranks: \(problem)") }
    }
    text = lines.joined(separator: "\n")
  }
}

private func line(_ cells: String...) -> String {
  cells.map { $0.leftPadded(to: 11) }.joined()
}

private func fixed(_ value: Double, _ digits: Int) -> String {
  String(format: "%.\(digits)f", value)
}

private func mebibytes(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }
