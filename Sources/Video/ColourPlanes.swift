// `unsafe` is sound here because the three planes lie inside the buffer whose length is checked by
// the initialiser, and no value of this type outlives the call that lent the buffer.

/// The red, green and blue planes of a clip, values in 0…1, changed in place.
///
/// Every loop is branch-free over plain pointers, so that it runs on vectors. Gray is
/// 0.2989 R + 0.587 G + 0.114 B, as torchvision has it.
@safe struct ColourPlanes {
  let red: UnsafeMutablePointer<Float>
  let green: UnsafeMutablePointer<Float>
  let blue: UnsafeMutablePointer<Float>
  let count: Int

  init(_ clip: UnsafeMutableBufferPointer<Float>, pixels: Int) {
    guard let base = clip.baseAddress, clip.count == 3 * pixels, pixels > 0 else {
      preconditionFailure("\(clip.count) floats for \(pixels) pixels in three planes")
    }
    unsafe red = base
    unsafe green = base + pixels
    unsafe blue = base + 2 * pixels
    count = pixels
  }

  /// Multiplies all values, at most to 1; `factor` is not negative.
  func brighten(by factor: Float) {
    let values = unsafe red
    for i in 0..<3 * count { unsafe values[i] = min(values[i] * factor, 1) }
  }

  /// Scales the distance from the clip's mean gray.
  func contrast(by factor: Float) {
    let rest = (1 - factor) * meanGray()
    let values = unsafe red
    for i in 0..<3 * count { unsafe values[i] = min(max(values[i] * factor + rest, 0), 1) }
  }

  /// Scales the distance from each pixel's gray; 0 takes the colours away.
  func saturate(by factor: Float) {
    let (red, green, blue) = unsafe (red, green, blue)
    for i in 0..<count {
      let (r, g, b) = unsafe (red[i], green[i], blue[i])
      let rest = (1 - factor) * (0.2989 * r + 0.587 * g + 0.114 * b)
      unsafe red[i] = min(max(r * factor + rest, 0), 1)
      unsafe green[i] = min(max(g * factor + rest, 0), 1)
      unsafe blue[i] = min(max(b * factor + rest, 0), 1)
    }
  }

  /// Turns the hue by a share of the circle, −0.5…0.5; value and saturation stay.
  ///
  /// HSV without its branches: with the hue h in sixths of the circle, a channel is
  /// low + (high − low) · clamp(its tent over h).
  func turnHue(by turn: Float) {
    let (red, green, blue) = unsafe (red, green, blue)
    let sixths = 6 * turn
    for i in 0..<count {
      let (r, g, b) = unsafe (red[i], green[i], blue[i])
      let high = max(r, max(g, b))
      let low = min(r, min(g, b))
      let range = high - low
      let inverse = 1 / (range == 0 ? 1 : range)
      let fromGreen = 2 + (b - r) * inverse
      let fromBlue = 4 + (r - g) * inverse
      let other = high == g ? fromGreen : fromBlue
      var hue = (high == r ? (g - b) * inverse : other) + sixths
      hue += hue < 0 ? 6 : 0
      hue -= hue >= 6 ? 6 : 0
      unsafe red[i] = low + range * min(max(abs(hue - 3) - 1, 0), 1)
      unsafe green[i] = low + range * min(max(2 - abs(hue - 2), 0), 1)
      unsafe blue[i] = low + range * min(max(2 - abs(hue - 4), 0), 1)
    }
  }

  /// Subtracts each channel's mean and divides by its deviation.
  func normalise(mean: [Float], deviation: [Float]) {
    let planes = unsafe red
    for channel in 0..<3 {
      let plane = unsafe planes + channel * count
      let scale = 1 / deviation[channel]
      let shift = -mean[channel] * scale
      for i in 0..<count { unsafe plane[i] = plane[i] * scale + shift }
    }
  }

  /// Subtracts from every frame the one before: from the first the last, or, not `wrapping`, the first
  /// becomes a copy of the second's difference.
  func subtractPrevious(frames: Int, wrapping: Bool) {
    let pixels = count / frames
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: pixels) { last in
      guard let last = last.baseAddress else { return }
      for channel in 0..<3 {
        let plane = unsafe red + channel * count
        unsafe last.update(from: plane + (count - pixels), count: pixels)
        // From the last frame on, so that the one before is still as it was.
        for frame in stride(from: frames - 1, to: 0, by: -1) {
          let (this, before) = unsafe (plane + frame * pixels, plane + (frame - 1) * pixels)
          for index in 0..<pixels { unsafe this[index] -= before[index] }
        }
        if wrapping || frames == 1 {
          for index in 0..<pixels { unsafe plane[index] -= last[index] }
        } else {
          unsafe plane.update(from: plane + pixels, count: pixels)
        }
      }
    }
  }

  /// The clip's mean gray: eight running sums over blocks, blocks added in double precision.
  private func meanGray() -> Float {
    let weights: [Float] = [0.2989, 0.587, 0.114]
    var total = 0.0
    for channel in 0..<3 {
      let plane = unsafe UnsafeRawPointer(red + channel * count)
      var sum = 0.0
      var start = 0
      while start < count {
        let end = min(start + 2048, count)
        var sums = SIMD8<Float>()
        while start + 8 <= end {
          unsafe sums += plane.loadUnaligned(fromByteOffset: start * 4, as: SIMD8<Float>.self)
          start += 8
        }
        while start < end {
          unsafe sums[0] += plane.loadUnaligned(fromByteOffset: start * 4, as: Float.self)
          start += 1
        }
        for lane in 0..<8 { sum += Double(sums[lane]) }
      }
      total += sum * Double(weights[channel])
    }
    return Float(total / Double(count))
  }
}
