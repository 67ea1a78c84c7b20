/// Clusters of one cut: a number for every row.
public struct Partition: Sendable, Equatable, Codable {
  /// The cluster of each row, numbered from 0 in the order in which clusters first occur.
  public let labels: [Int32]
  /// The number of clusters.
  public let clusterCount: Int

  /// Numbers clusters by first occurrence.
  ///
  /// - Parameter names: any value a row; equal values are one cluster.
  public init(naming names: [Int]) {
    var numbers: [Int: Int32] = [:]
    labels = names.map { name in
      if let number = numbers[name] { return number }
      let number = Int32(numbers.count)
      numbers[name] = number
      return number
    }
    clusterCount = numbers.count
  }

  /// The number of rows of each cluster.
  public var sizes: [Int] {
    var sizes = [Int](repeating: 0, count: clusterCount)
    for label in labels { sizes[Int(label)] += 1 }
    return sizes
  }
}
