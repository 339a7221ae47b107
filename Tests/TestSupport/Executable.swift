import Foundation
import Rollout

/// The programs of this package as they were built for the tests that run now.
public enum Executable {
  /// The command.
  public static var rlplay: URL { get throws { try built("rlplay") } }

  /// A trainer of its own whose environments misbehave (Tests/FaultyTrainer).
  public static var faultyTrainer: URL { get throws { try built("FaultyTrainer") } }

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
    throw ProgramFailure("no program \(name) was built beside \(bundle.path)")
  }
}

/// Something about a program under test that a test cannot go on after.
public struct ProgramFailure: Error, CustomStringConvertible {
  /// What happened, with what the program had said so far.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// A directory of one test's own, gone with its owner.
public final class ScratchDirectory: @unchecked Sendable {
  /// Where it is.
  public let url: URL

  /// Makes the directory.
  public init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("rlplay-test-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The path of something inside.
  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// The names inside, hidden ones included, sorted.
  public var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
  }
}

/// Looks again and again until something holds; looks at least once.
///
/// - Returns: whether it held before the time was over.
public func eventually(
  within seconds: Double = 20, _ condition: () throws -> Bool
) rethrows -> Bool {
  let limit = SystemCalls.monotonicNanoseconds() + UInt64(seconds * 1e9)
  while true {
    if try condition() { return true }
    if SystemCalls.monotonicNanoseconds() > limit { return false }
    // Between two looks only, so that looking does not take the processor from what is looked at.
    usleep(500)
  }
}
