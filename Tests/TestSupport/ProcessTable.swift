import Foundation
import Rollout

/// The kernel's data on other processes, read from /proc.
public enum ProcessTable {
  /// Returns the running children of a process, without those that wait to be reaped.
  public static func children(of parent: Int32) -> [Int32] {
    entries.filter { $0.parent == parent && $0.isRunning }.map(\.pid).sorted()
  }

  /// Returns the unreaped children of a process, dead or alive.
  public static func unreaped(of parent: Int32) -> [Int32] {
    entries.filter { $0.parent == parent }.map(\.pid).sorted()
  }

  /// Returns true if a process runs or is stopped; one that waits to be reaped does not run.
  public static func isRunning(_ pid: Int32) -> Bool { Entry(pid)?.isRunning ?? false }

  /// Returns the processes that run with a mark in their environment.
  static func running(marked mark: String) -> [Int32] {
    let bytes = Data(mark.utf8)
    return entries.filter { entry in
      guard entry.isRunning else { return false }
      let environment = FileManager.default.contents(atPath: "/proc/\(entry.pid)/environ")
      return environment?.range(of: bytes) != nil
    }.map(\.pid)
  }

  /// Returns true if a process is stopped.
  public static func isStopped(_ pid: Int32) -> Bool { Entry(pid)?.state == "T" }

  /// Returns the number of open descriptors of a process.
  public static func descriptorCount(of pid: Int32) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
  }

  /// The names in the directory of shared memory that this program could have left there.
  public static var sharedMemoryNames: [String] {
    let directory = SystemCalls.sharedMemoryDirectory
    return ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [])
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

    /// Reads the line of `/proc/<pid>/stat`: number, name in parentheses, state, parent and more.
    init?(_ pid: Int32) {
      guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        // The name may contain anything, also parentheses and spaces.
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
