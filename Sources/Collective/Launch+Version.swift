// `unsafe` is sound here because the buffer has the length that the standard promises is enough.
internal import CMPI

extension Launch {
  /// The MPI library's description of itself (MPI 4.0, section 9.1.1); may be asked before it starts.
  public static var mpiVersion: String {
    var length: Int32 = 0
    let text = unsafe withUnsafeTemporaryAllocation(
      of: CChar.self, capacity: Int(cmpi_max_library_version())
    ) { buffer -> String in
      unsafe buffer.initialize(repeating: 0)
      guard let base = buffer.baseAddress, unsafe MPI_Get_library_version(base, &length) == 0
      else { return "unknown" }
      return unsafe String(cString: base)
    }
    return text.split(separator: ",").first.map(String.init) ?? text
  }
}
