import Foundation
import Synchronization

/// The places of MuJoCo's library and of Gymnasium's models, which are found once in a run.
///
/// Both are in packages of the user's Python, which is asked for their places and does not import
/// them. The variable ``variable`` names other places.
package struct MuJoCoLocation: Sendable, Equatable, Codable {
  /// The path of the library.
  package let library: String
  /// The directories in which models are looked for by name.
  package let modelDirectories: [String]

  /// The environment variable with other places: directories and a library, separated by colons.
  static let variable = "RLPLAY_MUJOCO"
  /// The command that installs what is missing.
  static let remedy = "python3 -m pip install mujoco gymnasium"

  private static let found = Mutex<[String: MuJoCoLocation]>([:])

  init(library: String, modelDirectories: [String]) {
    self.library = library
    self.modelDirectories = modelDirectories
  }

  /// Returns the places that a run has found already; nil if it has not looked for them.
  static func known(_ python: String) -> MuJoCoLocation? { found.withLock { $0[python] } }

  /// Finds the places with the help of an interpreter, the first time that it is named.
  ///
  /// - Parameter python: the interpreter: a path, or a name to look up on `PATH`.
  /// - Throws: `GymnasiumError` with the command that installs MuJoCo, `SystemError`.
  static func find(_ python: String) throws -> MuJoCoLocation {
    if let files = known(python) { return files }
    let own = (ProcessInfo.processInfo.environment[variable] ?? "")
      .split(separator: ":").map(String.init)
    let files = try own.isEmpty ? installed(python) : named(own, python)
    found.withLock { $0[python] = files }
    return files
  }

  /// Returns the path of a model.
  ///
  /// As in Gymnasium, a name that begins with a slash or a dot is a path, and one that begins with
  /// a tilde is a path in the home directory.
  ///
  /// - Throws: `InvalidEnvironmentArguments` if there is no such file.
  func model(_ name: String) throws(InvalidEnvironmentArguments) -> String {
    let isPath = name.hasPrefix("/") || name.hasPrefix(".") || name.hasPrefix("~")
    let paths =
      isPath
      ? [NSString(string: name).expandingTildeInPath] : modelDirectories.map { "\($0)/\(name)" }
    if let path = paths.first(where: { FileLookup.isDirectory($0) == false }) { return path }
    guard !isPath else {
      throw InvalidEnvironmentArguments(
        "there is no model '\(name.escapingControls)': name an XML file.")
    }
    let places = modelDirectories.map { "'\($0.escapingControls)'" }.joined(separator: ", ")
    throw InvalidEnvironmentArguments(
      """
      there is no model '\(name.escapingControls)' in \
      \(places.isEmpty ? "any directory" : places): install Gymnasium's with '\(Self.remedy)', or \
      name a file by a path that begins with a slash or a dot.
      """)
  }

  // MARK: Search

  /// Returns the places in the packages of a Python.
  private static func installed(_ python: String) throws -> MuJoCoLocation {
    let packages = try packages(python)
    guard let library = packages["mujoco", default: []].lazy.compactMap(library(in:)).first else {
      throw GymnasiumError(
        .python,
        "\(try PythonInterpreter.path(python)) has no package mujoco: install it with "
          + "'\(remedy)', name another interpreter with --python PATH, or a library with the "
          + "variable \(variable)")
    }
    return MuJoCoLocation(library: library, modelDirectories: models(packages))
  }

  /// Returns the places that the user names, and Gymnasium's models if there is a Python.
  private static func named(
    _ places: [String], _ python: String
  ) throws(GymnasiumError) -> MuJoCoLocation {
    let library = places.lazy.compactMap { place in
      FileLookup.isDirectory(place) == false
        ? place : Self.library(in: place) ?? Self.library(in: "\(place)/lib")
    }.first
    guard let library else {
      throw GymnasiumError(
        .environment,
        "\(variable)=\(places.joined(separator: ":").escapingControls) has no libmujoco.so: name "
          + "a library, or a directory with one")
    }
    let packages = (try? packages(python)) ?? [:]
    return MuJoCoLocation(
      library: library,
      modelDirectories: places.filter { FileLookup.isDirectory($0) == true } + models(packages))
  }

  private static func models(_ packages: [String: [String]]) -> [String] {
    packages["gymnasium", default: []].map { "\($0)/envs/mujoco/assets" }
      .filter { FileLookup.isDirectory($0) == true }
  }

  /// Returns the library in a directory, the newest one of several.
  private static func library(in directory: String) -> String? {
    FileLookup.entries(of: directory)
      .filter { $0 == "libmujoco.so" || $0.hasPrefix("libmujoco.so.") }
      .max { $0.compare($1, options: .numeric) == .orderedAscending }
      .map { "\(directory)/\($0)" }
  }

  /// Returns the directories of the packages of a Python, by name.
  private static func packages(_ python: String) throws -> [String: [String]] {
    let path = try PythonInterpreter.path(python)
    let child = try ChildProcess(
      executable: path, arguments: ["-c", program], changes: PythonInterpreter.modulePath)
    child.closeInput()
    guard let output = try child.readOutput(seconds: 60) else {
      child.sendToGroup(SIGKILL)
      _ = child.waitForEnd(seconds: 1)
      throw GymnasiumError(
        .python, "\(path) does not tell the places of its packages within 60 s: use another")
    }
    _ = child.waitForEnd(seconds: 1)
    var packages: [String: [String]] = [:]
    for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: "\t", maxSplits: 1)
      if words.count == 2 { packages[String(words[0]), default: []].append(String(words[1])) }
    }
    return packages
  }

  /// The program that prints the directories of both packages without importing them.
  ///
  /// The working directory is removed from the module path before anything is imported.
  private static let program = """
    import sys
    sys.path[:] = [path for path in sys.path if path]
    from importlib.util import find_spec
    for name in "mujoco", "gymnasium":
        spec = find_spec(name)
        for place in spec and spec.submodule_search_locations or []:
            print(name, place, sep="\\t")
    """
}
