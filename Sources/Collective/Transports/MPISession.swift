// The fence around MPI's start and end. `unsafe` is sound here because handles come from MPI itself
// and live from `init` to `finalize`, and text buffers have the length that MPI asks for.
internal import CMPI

/// MPI's return code, turned into an error with the call's name and MPI's own words (MPI 3.1, 8.3).
func check(_ code: Int32, _ call: String) throws(CollectiveError) {
  if code == MPI_SUCCESS { return }
  var text = [CChar](repeating: 0, count: Int(cmpi_max_error_string()) + 1)
  var length: Int32 = 0
  _ = unsafe MPI_Error_string(code, &text, &length)
  let words = String(
    decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  throw CollectiveError(.transport(call: call, text: words))
}

/// A communicator of MPI: the world's ranks with a message space of our own.
///
/// `@unchecked Sendable`: the handle is a constant token; who may call MPI with it when is agreed
/// in ``Launch``: the communication thread while it runs, the main thread before and after.
@safe
struct CommunicatorHandle: @unchecked Sendable {
  let raw: MPI_Comm
}

/// The time between MPI's start and its end in this process (MPI 3.1, 8.7 and 12.4).
struct MPISession: ~Copyable {
  let communicator: CommunicatorHandle
  let rank: Int
  let size: Int

  /// Starts MPI with a thread level that lets one thread after the other call it.
  init() throws(CollectiveError) {
    var provided: Int32 = 0
    try check(
      unsafe MPI_Init_thread(nil, nil, cmpi_thread_serialized(), &provided), "MPI_Init_thread")
    guard provided >= cmpi_thread_serialized() else {
      throw CollectiveError(
        .transport(
          call: "MPI_Init_thread",
          text: "thread level \(provided) is granted, \(cmpi_thread_serialized()) is needed"))
    }
    let world = unsafe cmpi_comm_world()
    try check(
      unsafe MPI_Comm_set_errhandler(world, cmpi_errors_return()), "MPI_Comm_set_errhandler")
    var own = unsafe cmpi_comm_null()
    try check(unsafe MPI_Comm_dup(world, &own), "MPI_Comm_dup")
    try check(
      unsafe MPI_Comm_set_errhandler(own, cmpi_errors_return()), "MPI_Comm_set_errhandler")
    var (rank, size): (Int32, Int32) = (0, 0)
    try check(unsafe MPI_Comm_rank(own, &rank), "MPI_Comm_rank")
    try check(unsafe MPI_Comm_size(own, &size), "MPI_Comm_size")
    guard let own = unsafe own else {
      throw CollectiveError(.transport(call: "MPI_Comm_dup", text: "no communicator came back"))
    }
    (communicator, self.rank, self.size) = unsafe (
      CommunicatorHandle(raw: own), Int(rank), Int(size)
    )
  }

  /// Ends MPI; all ranks do.
  consuming func finalize() throws(CollectiveError) { try check(MPI_Finalize(), "MPI_Finalize") }

  /// Ends every rank's process with this exit code, as far as MPI can (MPI 3.1, 8.7).
  func abort(_ exitCode: Int32) { _ = unsafe MPI_Abort(communicator.raw, exitCode) }
}
