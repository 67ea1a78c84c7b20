public import Clustering
public import Video
public import Worker

/// Where pseudo labels come from.
public struct LabelSettings: Codable, Sendable, Equatable {
  /// Epochs of instance discrimination before the first clustering.
  public var warmupEpochs = 5
  /// Epochs from one clustering to the next; 0 clusters once.
  public var every = 1
  /// A table of labels to take after the warm-up, as `kindreel cluster --labels` writes it.
  ///
  /// Nothing is clustered then, and what says how has no effect.
  public var file = ""
  /// The table's SHA-256, which a run writes beside its name.
  public var fileHash = ""
  /// Where the rows that are clustered come from.
  public var source = LabelSource.pass
  /// How clusters are found.
  public var method = LabellingMethod.agglomerative
  /// `agglomerative`: how the distance of two clusters follows from those of samples.
  public var linkage = Linkage.average
  /// `agglomerative`: the distance of two samples' embeddings; `ward`, `centroid` and `median` need
  /// `euclidean`.
  public var metric = Metric.cosine
  /// The cut whose clusters are the positives; with `kmeans` the number of clusters, `count:K`.
  public var fine = CutRule.count(200)
  /// The cut of the same dendrogram whose clusters are never negatives of each other; with `kmeans`
  /// the number of clusters that the fine ones are put into.
  public var coarse = CutRule.count(60)
  /// `agglomerative`: the most samples of a fine cluster, larger ones being cut further down; 0 sets
  /// no limit.
  public var largest = 0
  /// `agglomerative`: what becomes of samples that are alone in their fine cluster.
  public var singletons = TwoLevelCut.Singletons.keep
  /// `finch`: which partitions serve.
  public var finch = FinchSettings()
  /// What is clustered.
  public var feature = Feature.pooled
  /// What the clips show that are clustered; of several, the features stand side by side; with
  /// `bank`, the one content whose training views are kept.
  public var shows = [ViewRecipe.Content.rgb]
  /// Which weights embed the videos.
  public var weights = TrainedWeights.current
  /// The clips of a video whose embeddings are averaged before clustering; with `bank` always 1.
  public var clips = 1
  /// How many videos of one fine cluster are put into the same step together, at most; several such groups
  /// of a cluster may meet there.
  public var perCluster = 2

  /// Creates the default settings.
  public init() {}

  /// Refuses, before anything is trained, a linkage whose distances do not fit in memory.
  ///
  /// - Throws: `ConfigurationError` with the numbers and what else there is.
  func checkMemory(
    samples count: Int, limit: Int? = nil
  ) throws(ConfigurationError) {
    guard method == .agglomerative, file.isEmpty else { return }
    do throws(ClusteringError) {
      try Dendrogram.check(rows: count, linkage: linkage, metric: metric, memoryLimit: limit)
    } catch {
      throw ConfigurationError(
        key: "labels.linkage", "\(linkage.rawValue) on \(metric.rawValue) distance: \(error)")
    }
  }

  /// The number of fine clusters that a method is asked for, and may not find; nil where it finds as many
  /// as there are.
  var clustersAsked: Int? {
    switch (method, fine) {
    case (.kmeans, .count(let count)): count
    case (.finch, _): finch.fineCount > 0 ? finch.fineCount : nil
    default: nil
    }
  }

  /// The cuts of a dendrogram.
  var cut: TwoLevelCut {
    TwoLevelCut(
      fine: fine, coarse: coarse, largest: largest == 0 ? nil : largest, singletons: singletons)
  }
}

/// Where the rows that are clustered come from.
public enum LabelSource: String, Codable, Sendable, CaseIterable {
  /// An embedding pass over all videos, with centred clips and running statistics.
  case pass
  /// The rows that training last gathered of each video, which cost no pass: `FeatureBank`. A video that
  /// no step has shown yet has no label.
  case bank
}

/// Which of FINCH's partitions serve, counted from 0, the finest (the last one stands for those beyond it),
/// or how many clusters are required.
public struct FinchSettings: Codable, Sendable, Equatable {
  /// The partition whose clusters are the positives.
  public var fine = 0
  /// The partition whose clusters are never negatives of each other.
  public var coarse = 2
  /// The required number of clusters for positives, in place of a partition's own; 0 requires none.
  public var fineCount = 0
  /// The required number of clusters that are never negatives of each other; above 0 together with
  /// `fineCount`.
  public var coarseCount = 0

  /// Creates the default settings.
  public init() {}
}
