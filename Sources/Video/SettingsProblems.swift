extension VideoSettings {
  /// The first setting that cannot be used, in words, or nil when all can.
  public var problem: String? {
    let positive = [
      ("frames", frames), ("stride", stride), ("size", size), ("shortSide", shortSide),
    ]
    for (name, value) in positive where !(1...65_536).contains(value) {
      return "video.\(name) is \(value), and must be 1…65536"
    }
    let caches = [("cacheMegabytes", cacheMegabytes), ("diskCacheMegabytes", diskCacheMegabytes)]
    for (name, megabytes) in caches where !(0...1 << 40).contains(megabytes) {
      return "video.\(name) is \(megabytes), and must be 0…2⁴⁰"
    }
    if !(1...3).contains(list) { return "video.list is \(list), and must be 1, 2 or 3" }
    if !(0...1).contains(badShare) { return "video.badShare is \(badShare), and must be 0…1" }
    return nil
  }
}

extension AugmentationSettings {
  /// The first setting that cannot be used, in words, or nil when all can.
  public var problem: String? {
    let bounds = [
      ("area", area, Float(1)), ("aspect", aspect, 1000), ("blurSigma", blurSigma, 100),
    ]
    for (name, pair, most) in bounds {
      guard pair.count == 2, pair[0] > 0, pair[0] <= pair[1], pair[1] <= most else {
        return "augmentation.\(name) is \(pair), and must be two rising numbers in 0…\(most)"
      }
    }
    let shares = [
      ("flip", flip, Float(1)), ("jitter", jitter, 1), ("grayscale", grayscale, 1),
      ("residual", residual, 1), ("motionVectors", motionVectors, 1), ("blur", blur, 1),
      ("rotation", rotation, 180),
      ("brightness", brightness, 100), ("contrast", contrast, 100), ("saturation", saturation, 100),
      ("hue", hue, 0.5),
    ]
    for (name, value, most) in shares where !(0...most).contains(value) {
      return "augmentation.\(name) is \(value), and must be 0…\(most)"
    }
    guard residual + motionVectors <= 1 else {
      return "augmentation.residual and motionVectors are shares of the same views, and make "
        + "\(residual + motionVectors)"
    }
    guard blurKernel % 2 == 1, (1...255).contains(blurKernel) else {
      return "augmentation.blurKernel is \(blurKernel), and must be odd, 1…255"
    }
    let unused = AugmentationSettings()
    if normalisation != .own, mean != unused.mean || deviation != unused.deviation {
      return "augmentation.mean and deviation are used where normalisation is own, and it is "
        + normalisation.rawValue
    }
    guard mean.count == 3, mean.allSatisfy(\.isFinite) else {
      return "augmentation.mean is \(mean), and must be three numbers"
    }
    guard deviation.count == 3, deviation.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      return "augmentation.deviation is \(deviation), and must be three numbers above 0"
    }
    return nil
  }
}
