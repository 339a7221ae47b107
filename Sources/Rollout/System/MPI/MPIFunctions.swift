import Glibc

/// The functions of an MPI library that are in use, found by name.
///
/// One set of types serves all libraries: a handle is passed as a machine word. If the library
/// declares it as a C `int` (MPICH's family), it reads the lower half of the register, and writes
/// the lower half of a word that was 0. Both need a 64-bit little-endian machine.
struct MPIFunctions {
  typealias Handle = UInt
  typealias Count = CInt

  let getLibraryVersion:
    @convention(c) (UnsafeMutablePointer<CChar>, UnsafeMutablePointer<CInt>) -> CInt
  /// Only in MPI 5, and in some libraries of MPICH's family.
  let getABIVersion:
    (@convention(c) (UnsafeMutablePointer<CInt>, UnsafeMutablePointer<CInt>) -> CInt)?
  let initThread:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, CInt, UnsafeMutablePointer<CInt>
    ) -> CInt
  let finalize: @convention(c) () -> CInt
  let abort: @convention(c) (Handle, CInt) -> CInt
  let rank: @convention(c) (Handle, UnsafeMutablePointer<CInt>) -> CInt
  let count: @convention(c) (Handle, UnsafeMutablePointer<CInt>) -> CInt
  let setErrorHandler: @convention(c) (Handle, Handle) -> CInt
  let errorString:
    @convention(c) (CInt, UnsafeMutablePointer<CChar>, UnsafeMutablePointer<CInt>) -> CInt
  let test:
    @convention(c) (
      UnsafeMutablePointer<Handle>, UnsafeMutablePointer<CInt>, UnsafeMutableRawPointer
    ) -> CInt
  /// Send buffer, receive buffer, count, type, operation, communicator, request.
  let startAllreduce:
    @convention(c) (
      UnsafeRawPointer?, UnsafeMutableRawPointer?, Count, Handle, Handle, Handle,
      UnsafeMutablePointer<Handle>
    ) -> CInt
  /// Send buffer, count, type, receive buffer, count, type, communicator, request.
  let startAlltoall: Exchange
  let startAllgather: Exchange
  typealias Exchange =
    @convention(c) (
      UnsafeRawPointer?, Count, Handle, UnsafeMutableRawPointer?, Count, Handle, Handle,
      UnsafeMutablePointer<Handle>
    ) -> CInt
  /// Send buffer, count, type, receive buffer, count, type, root, communicator, request.
  let startGather:
    @convention(c) (
      UnsafeRawPointer?, Count, Handle, UnsafeMutableRawPointer?, Count, Handle, CInt, Handle,
      UnsafeMutablePointer<Handle>
    ) -> CInt
  /// Buffer, count, type, root, communicator, request.
  let startBroadcast:
    @convention(c) (
      UnsafeMutableRawPointer?, Count, Handle, CInt, Handle, UnsafeMutablePointer<Handle>
    ) -> CInt

  /// Finds the functions.
  ///
  /// - Parameters:
  ///   - library: the open library.
  ///   - file: its name, for the error.
  /// - Throws: `RankError` if one is missing.
  init(_ library: UnsafeMutableRawPointer, from file: String) throws(RankError) {
    func function<Function>(_ name: String) throws(RankError) -> Function {
      guard let address = dlsym(library, name) else {
        throw RankError("\(file) has no \(name): it is no MPI library, or older than MPI 3")
      }
      return unsafeBitCast(address, to: Function.self)
    }
    getLibraryVersion = try function("MPI_Get_library_version")
    getABIVersion = dlsym(library, "MPI_Abi_get_version").map { address in
      unsafeBitCast(
        address,
        to: (@convention(c) (UnsafeMutablePointer<CInt>, UnsafeMutablePointer<CInt>) -> CInt).self)
    }
    initThread = try function("MPI_Init_thread")
    finalize = try function("MPI_Finalize")
    abort = try function("MPI_Abort")
    rank = try function("MPI_Comm_rank")
    count = try function("MPI_Comm_size")
    setErrorHandler = try function("MPI_Comm_set_errhandler")
    errorString = try function("MPI_Error_string")
    test = try function("MPI_Test")
    startAllreduce = try function("MPI_Iallreduce")
    startAlltoall = try function("MPI_Ialltoall")
    startAllgather = try function("MPI_Iallgather")
    startGather = try function("MPI_Igather")
    startBroadcast = try function("MPI_Ibcast")
  }

  /// Throws the library's own text for an error code other than 0.
  func check(_ name: StaticString, _ code: CInt) throws(RankError) {
    guard code != 0 else { return }
    throw RankError(
      "\(name) failed: \(text(capacity: 8192) { errorString(code, $0, $1) }) (\(code))")
  }

  /// Returns the first line of a text that a function writes.
  func text(
    capacity: Int, _ body: (UnsafeMutablePointer<CChar>, UnsafeMutablePointer<CInt>) -> CInt
  ) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity + 1) { buffer in
      buffer.initialize(repeating: 0)
      var length: CInt = 0
      guard let base = buffer.baseAddress, body(base, &length) == 0 else { return "" }
      return String(cString: base).split(separator: "\n").first.map(String.init) ?? ""
    }
  }
}
