import Foundation
import Glibc

/// The user's Python, by its path.
enum PythonInterpreter {
  /// The interpreter to run: the one that was named, or the first `python3` on `PATH`.
  ///
  /// - Throws: `GymnasiumError` when there is none.
  static func path(_ named: String?) throws(GymnasiumError) -> String {
    guard let named else {
      if let found = search("python3") { return found }
      throw GymnasiumError(
        .python,
        "there is no python3 on PATH: install Python 3 and then Gymnasium with "
          + "'python3 -m pip install gymnasium', or name an interpreter with --python PATH")
    }
    if named.contains("/") {
      if isProgram(named) { return named }
    } else if let found = search(named) {
      return found
    }
    throw GymnasiumError(
      .python,
      "there is no program '\(named)' to run Gymnasium's environments with: "
        + "name a Python interpreter with --python PATH")
  }

  private static func search(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").map { "\($0)/\(name)" }.first(where: isProgram)
  }

  private static func isProgram(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && !isDirectory.boolValue && access(path, X_OK) == 0
  }
}
