import Foundation
import Rollout

/// The programs of this package, as built for the running tests.
public enum Executable {
  /// The command.
  public static var rlplay: URL { get throws { try built("rlplay") } }

  /// A separate trainer with faulty environments (Tests/FaultyTrainer).
  public static var faultyTrainer: URL { get throws { try built("FaultyTrainer") } }

  /// Finds a program beside the test bundle, or beside a directory that contains the bundle.
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
    throw ProgramFailure("no program \(name) was built beside \(bundle.path)")
  }
}

/// A failure of a program under test after which a test cannot continue.
public struct ProgramFailure: Error, CustomStringConvertible {
  /// The cause, with the program's output so far.
  public let description: String

  package init(_ description: String) { self.description = description }
}

/// A directory of one test, deleted with its owner.
public final class ScratchDirectory: @unchecked Sendable {
  /// The location.
  public let url: URL

  /// Creates the directory.
  public init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("rlplay-test-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Returns the path of an item inside.
  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Removes a directory inside that a program may be writing into.
  ///
  /// The directory leaves its place in one step. Removed item by item it could be found with a new
  /// file in it.
  public func removeAtOnce(_ name: String) throws {
    let removed = url.appendingPathComponent("removed-\(UUID().uuidString)")
    try FileManager.default.moveItem(at: url.appendingPathComponent(name), to: removed)
    try FileManager.default.removeItem(at: removed)
  }

  /// The names inside, hidden ones included, sorted.
  public var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
  }
}

/// Polls a condition until it holds, at least once.
///
/// - Returns: true if it held within the time.
public func eventually(
  within seconds: Double = 20, _ condition: () throws -> Bool
) rethrows -> Bool {
  let limit = SystemCalls.monotonicNanoseconds() + UInt64(seconds * 1e9)
  while true {
    if try condition() { return true }
    if SystemCalls.monotonicNanoseconds() > limit { return false }
    // Sleeps between polls, which leaves the processor to the code under test.
    usleep(500)
  }
}
