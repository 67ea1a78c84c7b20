import ArgumentParser
import Collective
import Coordinator
import Foundation
import Model
import Video

/// The command `kindreel train`.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train an encoder on a folder of videos.",
    discussion: """
      The last line on standard output is one JSON object; equal hashes mean equal bits:

        {"epochs":2,"labels_hash":"…","loss":2.1,"run":"RUN","steps":14,"stopped":false,\
      "weights_hash":"…"}

      The same configuration, data and seed give the same bits on any number of ranks and lanes, \
      as long as batch.microbatches / ranks is a power of two (or there is one rank) and the CPUs \
      have the same instruction set. SIGUSR1 or SIGTERM save at the next step, exit 75.

      Objectives (--set objective.name=NAME): cluster, triplet (SLIC), simclr, moco, iic, cmc, dsm \
      and koreitem, each with its publication's defaults for the groups objective and optimizer, \
      and for what the method says about augmentation and labels (cluster, iic and cmc: no flip, \
      no colours; triplet: residual positives, labels every 5 epochs; koreitem: labels once), \
      unless a file says otherwise; network, clips, batch and length are common to all. Not so \
      published: rates, warm-up and cosine, the decay of moco's and dsm's keys, and all of \
      simclr's but its loss; of iic and cmc Adam, queries of unit length, and banks that begin as \
      embeddings; of triplet and koreitem the clusters, which are cut from a dendrogram of pooled \
      features after the warm-up, 200 and 60 unless a file says otherwise; of triplet windows, which \
      begin anywhere, and triplets, which are formed in the whole batch (objective.pools). cluster takes \
      objective.bothDirections, twice as many views, with which a video played backwards is \
      another video (so the preset actions has it); cmc takes objective.encoders=separate, one \
      encoder a view; iic and cmc take objective.ownShare below 1, and with it positives from the \
      query's fine cluster and no negatives from its coarse one. Where --set names another \
      objective than a file, the file's groups objective and optimizer are left out, and so are its \
      views and what it says of labels wherever the two have different defaults, if it names its objective; \
      all else stays. run.yaml has every value, also after --resume. With budget: clips, as in the \
      preset actions, all see as many clips, whatever their number of views.

      Pseudo labels (--set KEY=VALUE): labels.method is agglomerative, finch or kmeans. Cuts of the \
      dendrogram, labels.fine and labels.coarse, are written as for kindreel cluster; kmeans takes \
      count:K for both, finch the partitions labels.finch.fine and labels.finch.coarse, or the \
      numbers of clusters labels.finch.fineCount and labels.finch.coarseCount (a first partition that has \
      no more stays as it is). \
      labels.linkage and labels.metric say how videos are joined, as for kindreel cluster; \
      labels.source is pass (all videos are embedded) or bank (the rows that training last gathered of \
      each video in views that show labels.shows, free of charge; it needs a warm-up, and has no label for \
      a video that no step has shown yet). A pass embeds the middle of each video, or labels.clips places \
      whose rows are averaged; labels.feature is pooled, head or map, labels.weights current or averaged \
      (with optimizer.averageDecay). labels.warmupEpochs are trained without labels; then they are made \
      every labels.every epochs, with 0 once. Videos of a cluster go into steps in groups of labels.perCluster. \
      labels.largest caps fine clusters, labels.singletons is keep or join.

      labels.shows and evaluation.shows say what the clips show that are clustered and compared: rgb, \
      residual, or both side by side. labels.file names a table of labels, as kindreel cluster --labels \
      writes it, that holds from the end of labels.warmupEpochs on in place of clustering; -1 is no label. \
      Labels of imported weights, once before training, as the thesis has them:

        kindreel train --config thesis --data DIR --out RUN --weights r3d_18.pth

      batch.shards is shuffled (a rank takes any videos) or static (always those of its shards, one for \
      each microbatch, so that its node needs no others; but keys of moco and dsm, and positives that \
      triplet and koreitem draw from clusters, come from all shards). video.diskCache names a folder on \
      the node's own disk, also $TMPDIR, where decoded videos are kept: later epochs and runs decode nothing.

      encoder.weights names a file that training starts from (.pth, .pt or .safetensors; see kindreel \
      help embed), and run.yaml keeps its hash. Every tensor of the network must be in it but the \
      head's; encoder.partial lists beginnings of names that may be missing or left over.

      convolutions (--set KEY=VALUE) is auto, a rule in the shapes; direct, f2, f4x2 or f4; or timed: rank \
      0 times all methods that are as exact before the first step, once a machine and network, and \
      checkpoints keep its table, so that a resumed run computes the same.

      metrics.jsonl says of every epoch: epoch, step, loss, clips_per_second, seconds and where they \
      went on rank 0 (seconds_data and the like), data_share (of a rank's time, for making clips; the \
      worst rank's), unreadable. Of every clustering: clusters, coarse_clusters, largest_share, \
      singleton_share, cluster_seconds, ari_to_last (fine labels beside those before); sibling_share \
      (positives from the same footage) where file names tell it; nmi, ami, ari, purity, \
      pair_precision and pair_recall where class folders do; label_churn, the share of samples that \
      are not where most of their cluster was. Of every epoch's steps: gradient_norm, learning_rate (the last \
      step's); effective_rank, largest_variance_share and variance_spectrum (the shares of the first 16 \
      axes) of the embeddings, alignment and uniformity; positive_similarity and \
      negative_similarity (how hard negatives are); own_video_share, sibling_positive_share, \
      false_positive_share and false_negative_share of the pairs in the loss, a sample of them. \
      Nothing is steered by them. kindreel report draws them; RUN/tensorboard has them for \
      TensorBoard (log.tensorboard=false leaves it out).

      --estimate trains nothing: it times two steps on random clips here, and says for each number of \
      ranks what steps, memory, labels and the whole run would take. Videos that are not here yet are \
      stood for by --videos and --frames:

        kindreel train --estimate --config ucf101 --videos 9537 --frames 187
      """)

  @Option(
    help: """
      A YAML file, or the name of a preset in cluster-configs/presets; with --resume, the run's own \
      run.yaml unless named.
      """)
  var config: String?

  @Option(help: "A folder of videos in any layout, or a manifest: see kindreel help scan.")
  var data: String?

  @Option(help: "The run directory; it must not hold a run, unless with --resume.")
  var out: String?

  @Option(name: .customLong("set"), help: "Overrides one key, for example encoder.depth=18.")
  var overrides: [String] = []

  @Option(help: "A file of initial weights; the same as --set encoder.weights=FILE.")
  var weights: String?

  @Flag(help: "Go on from the newest whole checkpoint, with the settings of the run.")
  var resume = false

  @OptionGroup var estimation: EstimateOptions

  @OptionGroup var world: WorldOptions

  func validate() throws {
    try estimation.validate(data: data)
    guard !estimation.estimate else { return }
    if data == nil { throw ValidationError("name the videos: --data DIR") }
    if out ?? "" == "" { throw ValidationError("name a run directory: --out RUN") }
  }

  func run() throws {
    try reportingFailure {
      if estimation.estimate {
        var configuration = try RunConfiguration.load(config, overrides: overrides)
        if let weights { configuration.encoder.weights = weights }
        return try estimation.run(configuration, data: data, lanes: world.lanesOfRank)
      }
      StopRequest.listen()
      let own = try resume ? RunDirectory.configuration(toResume: out ?? "") : nil
      var configuration = try RunConfiguration.load(config ?? own, overrides: overrides)
      if let weights { configuration.encoder.weights = weights }
      var request = TrainingRequest(
        configuration: configuration, data: data ?? "", output: out ?? "", lanes: world.lanesOfRank,
        ranksOfMachine: world.ranksOfMachine)
      request.resumes = resume
      request.notes = configuration.idleNotes(on: overrides)
      // Simulated ranks share one cache, so that a video is decoded once.
      var whole = request
      whole.ranksOfMachine = 1
      let shared = world.ranks ?? 1 > 1 ? try Dataset(whole, split: .train) : nil
      let summary = try world.launch(deadline: configuration.deadlineSeconds) {
        [request] communicator in
        var run = try TrainingRun(
          request, communicator: communicator, sharing: shared,
          shouldStop: { StopRequest.isMade })
        return try run.run()
      }
      guard let summary else { return }
      try printJSON(summary)
      if summary.stopped { throw ArgumentParser.ExitCode(Coordinator.ExitCode.requeue.rawValue) }
    }
  }
}
