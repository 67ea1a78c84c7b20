// `unsafe` is sound here because the table is a constant of the program, written by nobody.
internal import CPixels

/// The passes over pixels that this CPU runs fastest; on any other they give the same bits.
enum PixelPasses {
  static let fastest: cpixels_passes = unsafe cpixels_fastest().pointee
}
