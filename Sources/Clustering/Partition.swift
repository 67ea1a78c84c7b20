/// Rows divided into clusters.
public struct Partition: Sendable, Equatable {
  /// The cluster of every row, 0-based, numbered by first occurrence in row order.
  public let labels: [Int32]
  /// The number of clusters.
  public let clusterCount: Int

  /// Numbers arbitrary labels by first occurrence; rows with equal labels share a cluster.
  ///
  /// - Complexity: O(N)
  public init<Label: Hashable>(numbering labels: some Sequence<Label>) {
    var numbers: [Label: Int32] = [:]
    self.labels = labels.map { label in
      if let number = numbers[label] { return number }
      let number = Int32(numbers.count)
      numbers[label] = number
      return number
    }
    clusterCount = numbers.count
  }

  /// The number of rows in every cluster.
  public var sizes: [Int] {
    var result = [Int](repeating: 0, count: clusterCount)
    for label in labels { result[Int(label)] += 1 }
    return result
  }
}

extension Partition: Codable {
  private enum CodingKeys: CodingKey {
    case labels, clusterCount
  }

  /// Reads the labels, and checks that they are numbered by first occurrence.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let labels = try container.decode([Int32].self, forKey: .labels)
    let stated = try container.decode(Int.self, forKey: .clusterCount)
    self.init(numbering: labels)
    guard self.labels == labels, clusterCount == stated else {
      throw DecodingError.dataCorruptedError(
        forKey: .labels, in: container,
        debugDescription: "the labels of \(stated) clusters are not numbered by first occurrence")
    }
  }
}
