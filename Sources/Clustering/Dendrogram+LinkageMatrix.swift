extension Dendrogram {
  /// SciPy's linkage matrix Z, (N − 1)·4, row after row: left, right, height, number of rows.
  ///
  /// `scipy.cluster.hierarchy` draws and cuts it as it is.
  public var linkageMatrix: [Double] {
    var result: [Double] = []
    result.reserveCapacity(merges.count * 4)
    for merge in merges {
      result += [Double(merge.left), Double(merge.right), merge.height, Double(merge.count)]
    }
    return result
  }
}
