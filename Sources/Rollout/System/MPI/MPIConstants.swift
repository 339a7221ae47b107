import Glibc

/// The handles and constants of an MPI library, which has no header here.
struct MPIConstants {
  let world: UInt
  let float: UInt
  let double: UInt
  let byte: UInt
  let sum: UInt
  let errorsReturn: UInt
  let inPlace: UnsafeRawPointer?
  let threadFunneled: CInt

  /// Determines which of the three binary interfaces a library has.
  ///
  /// All that is called works before MPI is initialized.
  ///
  /// - Throws: `RankError` for a library with another interface.
  init(
    _ library: UnsafeMutableRawPointer, _ functions: MPIFunctions, version: String,
    from file: String
  ) throws(RankError) {
    if dlsym(library, "ompi_mpi_comm_world") != nil {
      // Handles are the addresses of the library's variables.
      func address(_ name: String) throws(RankError) -> UInt {
        guard let pointer = dlsym(library, name) else { throw RankError("\(file) has no \(name)") }
        return UInt(bitPattern: pointer)
      }
      world = try address("ompi_mpi_comm_world")
      float = try address("ompi_mpi_float")
      double = try address("ompi_mpi_double")
      byte = try address("ompi_mpi_byte")
      sum = try address("ompi_mpi_op_sum")
      errorsReturn = try address("ompi_mpi_errors_return")
      inPlace = UnsafeRawPointer(bitPattern: 1)
      threadFunneled = 1
    } else if Self.isStandard(functions) {
      // The standard interface of MPI 5.
      (world, float, double, byte) = (0x101, 0x210, 0x214, 0x247)
      (sum, errorsReturn) = (0x21, 0x143)
      inPlace = UnsafeRawPointer(bitPattern: 1)
      threadFunneled = 1024
    } else if ["MPICH", "Intel(R) MPI", "MVAPICH", "CRAY MPI"].contains(where: version.contains) {
      (world, float, double, byte) = (0x4400_0000, 0x4c00_040a, 0x4c00_080b, 0x4c00_010d)
      (sum, errorsReturn) = (0x5800_0003, 0x5400_0001)
      inPlace = UnsafeRawPointer(bitPattern: -1)
      threadFunneled = 1
    } else {
      throw RankError(
        """
        \(file) is "\(version)", which has neither the interface of Open MPI nor that of MPICH nor \
        the standard one of MPI 5
        """)
    }
  }

  /// Returns true if the handles are those of MPI 5.
  ///
  /// MPICH 5 and Intel MPI have the function in the library of their own interface too, where it
  /// returns -1.
  private static func isStandard(_ functions: MPIFunctions) -> Bool {
    var (major, minor): (CInt, CInt) = (-1, -1)
    return functions.getABIVersion?(&major, &minor) == 0 && major >= 1
  }
}
