import Foundation
import Glibc
import Synchronization

/// A MuJoCo library, found when the program runs: nothing is linked and no header is needed.
///
/// A library stays open for the life of the process, and there is one object for each file.
final class MuJoCoLibrary: @unchecked Sendable {
  /// The path of the library.
  let file: String
  /// The version, such as 4.0.0.
  let version: String
  let functions: MuJoCoFunctions
  /// Held while the library's function for memory is exchanged.
  let allocation = NSLock()

  private static let known = Mutex<[String: MuJoCoLibrary]>([:])

  /// Returns the library of a file, which is opened only once.
  ///
  /// - Throws: `GymnasiumError` with the loader's reason.
  static func open(_ file: String) throws(GymnasiumError) -> MuJoCoLibrary {
    let result = known.withLock { known -> Result<MuJoCoLibrary, GymnasiumError> in
      if let library = known[file] { return .success(library) }
      return Result { () throws(GymnasiumError) in
        let library = try MuJoCoLibrary(opening: file)
        known[file] = library
        return library
      }
    }
    return try result.get()
  }

  private init(opening file: String) throws(GymnasiumError) {
    guard let library = dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "unknown reason"
      throw GymnasiumError(
        .environment,
        "the MuJoCo library cannot be opened (\(reason)): install another with "
          + "'\(MuJoCoLocation.remedy)', or name its file in \(MuJoCoLocation.variable)")
    }
    self.file = file
    functions = try MuJoCoFunctions(library, from: file)
    version = String(cString: functions.versionString())
    functions.userError.pointee = { MuJoCoMessages.takeError($0) }
    functions.userWarning.pointee = { MuJoCoMessages.takeWarning($0) }
  }

  /// Returns the bits of all parts of a state, which differ by version.
  ///
  /// The library is asked for one more part at a time until it refuses.
  func wholeState(of model: MuJoCoFunctions.Model) -> UInt32 {
    var bits: UInt32 = 0
    for part in 0..<31 {
      let isKnown = MuJoCoMessages.succeeds { _ = functions.stateSize(model, 1 << UInt32(part)) }
      if !isKnown { break }
      bits |= 1 << UInt32(part)
    }
    return bits
  }

  /// Returns the text that the library writes to a file.
  ///
  /// - Parameter body: writes to the file of this name, with this format for a number.
  /// - Throws: `SystemError`.
  func text(
    _ body: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Void
  ) throws(SystemError) -> String {
    let file = try SharedMemory.namelessFile()
    let name = "/proc/self/fd/\(file.rawValue)"
    // All digits of a float64, and at least one blank after the longest number.
    body(name, "%-26.17g")
    return String(decoding: try SystemCalls.contents(of: name), as: UTF8.self)
  }
}

/// The errors and warnings of MuJoCo libraries.
private enum MuJoCoMessages {
  /// True while an error is an answer rather than a failure.
  private static let isAsking = Atomic(false)
  private static let wasRefused = Atomic(false)

  /// Returns true if a call makes no error, for functions of the library that continue after one.
  static func succeeds(_ body: () -> Void) -> Bool {
    wasRefused.store(false, ordering: .relaxed)
    isAsking.store(true, ordering: .relaxed)
    body()
    isAsking.store(false, ordering: .relaxed)
    return !wasRefused.load(ordering: .relaxed)
  }

  /// Ends the process with the error: the library cannot continue, and C code cannot throw.
  ///
  /// A worker is then replaced like any other that dies, and its last words are the error.
  static func takeError(_ text: UnsafePointer<CChar>?) {
    if isAsking.load(ordering: .relaxed) {
      wasRefused.store(true, ordering: .relaxed)
      return
    }
    reportOnStandardError("Error: MuJoCo cannot continue: \(sentence(text))")
    fflush(nil)
    _exit(1)
  }

  /// Shows a warning once in a run.
  static func takeWarning(_ text: UnsafePointer<CChar>?) {
    let line = "Warning from MuJoCo: \(sentence(text))"
    if let shown = RepeatedLines.shared.shown(line, repeats: true) { Terminal.write("\(shown)\n") }
  }

  private static func sentence(_ text: UnsafePointer<CChar>?) -> String {
    guard let text else { return "no reason was given" }
    let words = String(cString: text).split(whereSeparator: \.isWhitespace)
    return words.joined(separator: " ").escapingControls
  }
}
