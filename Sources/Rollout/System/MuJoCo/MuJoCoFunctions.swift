import Glibc

/// The functions and variables of a MuJoCo library that are in use, found by name.
///
/// Models and data are opaque: no header is needed, and no offset is written down. All of these
/// exist in MuJoCo 2.3.7 to 4.0.0.
struct MuJoCoFunctions {
  typealias Model = OpaquePointer
  typealias Data = OpaquePointer
  typealias Numbers = UnsafeMutablePointer<Double>
  /// File, virtual file system, error text and its capacity.
  typealias LoadXML =
    @convention(c) (
      UnsafePointer<CChar>, OpaquePointer?, UnsafeMutablePointer<CChar>, CInt
    ) -> Model?
  typealias Handler = @convention(c) (UnsafePointer<CChar>?) -> Void
  typealias Allocate = @convention(c) (Int) -> UnsafeMutableRawPointer?

  let versionString: @convention(c) () -> UnsafePointer<CChar>
  let loadXML: LoadXML
  let deleteModel: @convention(c) (Model) -> Void
  let makeData: @convention(c) (Model) -> Data?
  let deleteData: @convention(c) (Data) -> Void
  let resetData: @convention(c) (Model, Data) -> Void
  let step: @convention(c) (Model, Data) -> Void
  let forward: @convention(c) (Model, Data) -> Void
  /// Computes the forces on bodies that `step` leaves out.
  let completeForces: @convention(c) (Model, Data) -> Void
  /// The number of elements of the state with the parts whose bits are set.
  let stateSize: @convention(c) (Model, UInt32) -> CInt
  let getState: @convention(c) (Model, Data, Numbers, UInt32) -> Void
  let setState: @convention(c) (Model, Data, UnsafePointer<Double>, UInt32) -> Void
  /// The index of an object, given its kind and name; −1 if there is none.
  let index: @convention(c) (Model, CInt, UnsafePointer<CChar>) -> CInt
  /// Writes a model to a file, given the file's name and the format of a number.
  let printModel: @convention(c) (Model, UnsafePointer<CChar>, UnsafePointer<CChar>) -> Void
  let printData: @convention(c) (Model, Data, UnsafePointer<CChar>, UnsafePointer<CChar>) -> Void

  /// The variable with the function that receives errors; without one, an error ends the process
  /// after a key was pressed.
  let userError: UnsafeMutablePointer<Handler?>
  /// The variable with the function that receives warnings; without one, they are appended to a
  /// file in the working directory.
  let userWarning: UnsafeMutablePointer<Handler?>
  /// The variable with the function that allocates memory; nil for the library's own.
  let userAllocate: UnsafeMutablePointer<Allocate?>

  /// Finds the functions.
  ///
  /// - Parameters:
  ///   - library: the open library.
  ///   - file: its path, for the error.
  /// - Throws: `GymnasiumError` if one is missing.
  init(_ library: UnsafeMutableRawPointer, from file: String) throws(GymnasiumError) {
    func address(_ name: String) throws(GymnasiumError) -> UnsafeMutableRawPointer {
      guard let address = dlsym(library, name) else {
        throw GymnasiumError(
          .environment,
          "\(file) has no \(name): it is no MuJoCo library, or one before 2.3.7; install "
            + "another with '\(MuJoCoLocation.remedy)'")
      }
      return address
    }
    func function<Function>(_ name: String) throws(GymnasiumError) -> Function {
      unsafeBitCast(try address(name), to: Function.self)
    }
    versionString = try function("mj_versionString")
    loadXML = try function("mj_loadXML")
    deleteModel = try function("mj_deleteModel")
    makeData = try function("mj_makeData")
    deleteData = try function("mj_deleteData")
    resetData = try function("mj_resetData")
    step = try function("mj_step")
    forward = try function("mj_forward")
    completeForces = try function("mj_rnePostConstraint")
    stateSize = try function("mj_stateSize")
    getState = try function("mj_getState")
    setState = try function("mj_setState")
    index = try function("mj_name2id")
    printModel = try function("mj_printFormattedModel")
    printData = try function("mj_printFormattedData")
    userError = try address("mju_user_error").assumingMemoryBound(to: Handler?.self)
    userWarning = try address("mju_user_warning").assumingMemoryBound(to: Handler?.self)
    userAllocate = try address("mju_user_malloc").assumingMemoryBound(to: Allocate?.self)
  }
}
