internal import Foundation

/// How many rows two labelings share, for every pair of a cluster and a class.
struct ContingencyTable {
  /// The number of rows.
  let total: Int
  /// The sizes of the clusters.
  let clusters: [Int]
  /// The sizes of the classes.
  let classes: [Int]
  /// The counts above zero, in order of cluster and class.
  let cells: [(cluster: Int, class: Int, count: Int)]

  init(_ labels: [Int32], _ truth: [Int32]) {
    precondition(labels.count == truth.count, "\(labels.count) labels for \(truth.count) classes")
    let (rows, columns) = (Partition(numbering: labels), Partition(numbering: truth))
    var counts: [Int: Int] = [:]
    for (row, column) in zip(rows.labels, columns.labels) {
      counts[Int(row) * columns.clusterCount + Int(column), default: 0] += 1
    }
    total = labels.count
    clusters = rows.sizes
    classes = columns.sizes
    cells = counts.sorted { $0.key < $1.key }.map {
      ($0.key / columns.clusterCount, $0.key % columns.clusterCount, $0.value)
    }
  }

  /// The entropy of a division into parts of these sizes, in nats.
  func entropy(_ sizes: [Int]) -> Double {
    sizes.reduce(0) { sum, size in
      let share = Double(size) / Double(total)
      return sum - share * log(share)
    }
  }

  /// What a row's cluster tells about its class, in nats.
  var mutualInformation: Double {
    let sum = cells.reduce(0.0) { sum, cell in
      let expected = Double(clusters[cell.cluster]) * Double(classes[cell.class])
      return sum + Double(cell.count) * log(Double(cell.count) * Double(total) / expected)
    }
    return max(0, sum / Double(total))
  }

  /// The mutual information to be expected from random labelings with these sizes.
  ///
  /// Vinh, Epps and Bailey, "Information theoretic measures for clusterings comparison", JMLR 2010,
  /// equation 24a; clusters of equal size are summed once.
  ///
  /// - Complexity: O(number of distinct sizes × N) at most.
  var expectedMutualInformation: Double {
    var logFactorials = [0.0]
    logFactorials.reserveCapacity(total + 1)
    for number in 1...max(total, 1) { logFactorials.append(lgammaOf(number + 1)) }
    let n = total
    var sum = 0.0
    for (a, clusterCount) in multiplicities(of: clusters) {
      for (b, classCount) in multiplicities(of: classes) {
        let fixed =
          logFactorials[a] + logFactorials[b] + logFactorials[n - a] + logFactorials[n - b]
          - logFactorials[n]
        var part = 0.0
        for shared in max(1, a + b - n)...min(a, b) {
          let information = log(Double(n) * Double(shared) / (Double(a) * Double(b)))
          let probability = exp(
            fixed - logFactorials[shared] - logFactorials[a - shared] - logFactorials[b - shared]
              - logFactorials[n - a - b + shared])
          part += Double(shared) / Double(n) * information * probability
        }
        sum += Double(clusterCount * classCount) * part
      }
    }
    return sum
  }

  private func lgammaOf(_ number: Int) -> Double { lgamma(Double(number)).0 }

  private func multiplicities(of sizes: [Int]) -> [(size: Int, count: Int)] {
    var counts: [Int: Int] = [:]
    for size in sizes { counts[size, default: 0] += 1 }
    return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
