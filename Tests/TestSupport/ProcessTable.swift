import Foundation
import Rollout

/// What the kernel says of other processes, read from /proc.
public enum ProcessTable {
  /// The processes that a process started and that still run; those that only wait to be reaped do not.
  public static func children(of parent: Int32) -> [Int32] {
    entries.filter { $0.parent == parent && $0.isRunning }.map(\.pid).sorted()
  }

  /// The processes that a process started and that it has not reaped, dead or alive.
  public static func unreaped(of parent: Int32) -> [Int32] {
    entries.filter { $0.parent == parent }.map(\.pid).sorted()
  }

  /// Whether a process runs, if only to be stopped; one that waits to be reaped does not.
  public static func isRunning(_ pid: Int32) -> Bool { Entry(pid)?.isRunning ?? false }

  /// The processes that run with a mark in their environment.
  static func running(marked mark: String) -> [Int32] {
    let bytes = Data(mark.utf8)
    return entries.filter { entry in
      guard entry.isRunning else { return false }
      let environment = FileManager.default.contents(atPath: "/proc/\(entry.pid)/environ")
      return environment?.range(of: bytes) != nil
    }.map(\.pid)
  }

  /// Whether a process is stopped.
  public static func isStopped(_ pid: Int32) -> Bool { Entry(pid)?.state == "T" }

  /// How many descriptors a process has open.
  public static func descriptorCount(of pid: Int32) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
  }

  /// The names in the directory of shared memory that this program could have left there.
  public static var sharedMemoryNames: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: SystemCalls.sharedMemoryDirectory)) ?? [])
      .filter { $0.hasPrefix("rlplay") }.sorted()
  }

  private static var entries: [Entry] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [])
      .compactMap { Int32($0).flatMap { Entry($0) } }
  }

  private struct Entry {
    var pid: Int32
    var parent: Int32
    var state: Substring

    var isRunning: Bool { state != "Z" && state != "X" }

    /// Reads the line of `/proc/<pid>/stat`, which begins with number, name in brackets, state and parent.
    init?(_ pid: Int32) {
      guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        // The name may hold anything, brackets and spaces too.
        let nameEnd = text.lastIndex(of: ")")
      else { return nil }
      let fields = text[text.index(after: nameEnd)...].split(separator: " ")
      guard fields.count > 1, let parent = Int32(fields[1]) else { return nil }
      self.pid = pid
      self.parent = parent
      state = fields[0]
    }
  }
}
