import Foundation
import Glibc

/// The search for the user's Python interpreter.
enum PythonInterpreter {
  /// The default interpreter: the value of the variable `RLPLAY_PYTHON`, or `python3`.
  static let usual: String = {
    let own = ProcessInfo.processInfo.environment["RLPLAY_PYTHON"] ?? ""
    return own.isEmpty ? "python3" : own
  }()

  /// `PYTHONPATH` without empty entries, which Python takes for the working directory.
  ///
  /// Such entries are usually unintended: `PYTHONPATH=$PYTHONPATH:/more` makes one if the variable
  /// is empty. Directories that are named stay, including the working directory. The result is
  /// empty if the variable is not set.
  static var modulePath: [String: String] {
    guard let path = ProcessInfo.processInfo.environment["PYTHONPATH"] else { return [:] }
    let entries = path.split(separator: ":")
    return ["PYTHONPATH": entries.joined(separator: ":")]
  }

  /// Returns the path of an interpreter: a path unchanged, a name looked up on `PATH`.
  ///
  /// - Throws: `GymnasiumError` if there is no such program.
  static func path(_ name: String) throws(GymnasiumError) -> String {
    if let path = name.contains("/") ? (isProgram(name) ? name : nil) : search(name) { return path }
    guard name == "python3" else {
      throw GymnasiumError(
        .python,
        "there is no program '\(name)' to play Gymnasium's environments: "
          + "name a Python interpreter with --python PATH or the variable RLPLAY_PYTHON")
    }
    throw GymnasiumError(
      .python,
      "there is no python3 on PATH: install Python 3 and then Gymnasium with "
        + "'python3 -m pip install gymnasium', or name an interpreter with --python PATH")
  }

  private static func search(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").map { "\($0)/\(name)" }.first(where: isProgram)
  }

  private static func isProgram(_ path: String) -> Bool {
    FileLookup.isDirectory(path) == false && FileManager.default.isExecutableFile(atPath: path)
  }
}
