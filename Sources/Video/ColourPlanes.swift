// `unsafe` is sound here because the three planes lie inside the buffer whose length is checked by
// the initialiser, and no value of this type outlives the call that lent the buffer.
internal import CPixels

/// The red, green and blue planes of a clip, values in 0…1, changed in place.
///
/// Gray is 0.2989 R + 0.587 G + 0.114 B, as torchvision has it.
@safe struct ColourPlanes {
  let red: UnsafeMutablePointer<Float>
  let green: UnsafeMutablePointer<Float>
  let blue: UnsafeMutablePointer<Float>
  let count: Int
  let passes: cpixels_passes

  init(
    _ clip: UnsafeMutableBufferPointer<Float>, pixels: Int,
    with passes: cpixels_passes = PixelPasses.fastest
  ) {
    guard let base = clip.baseAddress, clip.count == 3 * pixels, pixels > 0 else {
      preconditionFailure("\(clip.count) floats for \(pixels) pixels in three planes")
    }
    unsafe red = base
    unsafe green = base + pixels
    unsafe blue = base + 2 * pixels
    count = pixels
    self.passes = passes
  }

  /// Multiplies all values, at most to 1; `factor` is not negative.
  func brighten(by factor: Float) { unsafe passes.brighten(red, Int64(3 * count), factor) }

  /// Scales the distance from the clip's mean gray.
  func contrast(by factor: Float) {
    unsafe passes.contrast(red, Int64(3 * count), factor, (1 - factor) * meanGray())
  }

  /// Scales the distance from each pixel's gray; 0 takes the colours away.
  func saturate(by factor: Float) {
    unsafe passes.saturate(red, green, blue, Int64(count), factor)
  }

  /// Turns the hue by a share of the circle, −0.5…0.5; value and saturation stay.
  func turnHue(by turn: Float) {
    unsafe passes.turn_hue(red, green, blue, Int64(count), 6 * turn)
  }

  /// Subtracts each channel's mean and divides by its deviation.
  func normalise(mean: [Float], deviation: [Float]) {
    for channel in 0..<3 {
      let scale = 1 / deviation[channel]
      unsafe passes.scale(
        red + channel * count, Int64(count), scale, -mean[channel] * scale)
    }
  }

  /// Brings differences of values in 0…1 back to 0…1: (d + 1) / 2.
  func raiseDifferences() { unsafe passes.scale(red, Int64(3 * count), 0.5, 0.5) }

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

  /// The clip's mean gray.
  private func meanGray() -> Float {
    let weights: [Float] = [0.2989, 0.587, 0.114]
    var total = 0.0
    for channel in 0..<3 {
      total +=
        unsafe passes.sum(red + channel * count, Int64(count)) * Double(weights[channel])
    }
    return Float(total / Double(count))
  }
}
