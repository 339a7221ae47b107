import Foundation
import Rollout

/// The programs of this package as they were built for the tests that run now.
public enum Executable {
  /// The command.
  public static var rlplay: URL { get throws { try built("rlplay") } }

  /// A program beside the test bundle, or beside a directory that the bundle lies in.
  private static func built(_ name: String) throws -> URL {
    let bundle = URL(fileURLWithPath: try SystemCalls.executablePath())
    var directory = bundle.deletingLastPathComponent()
    while directory.path != "/" {
      let candidate = directory.appendingPathComponent(name)
      var isDirectory: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isDirectory),
        !isDirectory.boolValue, FileManager.default.isExecutableFile(atPath: candidate.path)
      {
        return candidate
      }
      directory = directory.deletingLastPathComponent()
    }
    throw ProgramMissing(description: "no program \(name) was built beside \(bundle.path)")
  }
}

/// A program under test was not built.
public struct ProgramMissing: Error, CustomStringConvertible {
  /// Which one, and where it was looked for.
  public let description: String
}
