import Glibc

/// The limit on open files, and the room below it.
///
/// The soft limit that a process begins with is often 1,024, and 256 workers need more. It is raised
/// only as far as needed: child processes inherit it, and some programs take long with a high limit.
package enum OpenFiles {
  /// The lowest limit with which Foundation's `Process` starts programs.
  ///
  /// It closes the numbers below 255 in each program, and the system refuses a number beyond the limit.
  private static let processMinimum = 256

  /// The files that a process needs besides those of its children.
  ///
  /// Foundation's run loops take 8, starting a program 5 for a moment, a run its memory, its records
  /// and an environment's Python about 12.
  private static let reserve = 32

  /// Makes room for child processes, by raising the soft limit if needed.
  ///
  /// - Parameters:
  ///   - count: the number of child processes.
  ///   - purpose: what the files are for, such as "4 workers".
  /// - Throws: ``OpenFileLimitError`` if the hard limit is too low, `SystemError` without `/proc`.
  package static func makeRoom(forProcesses count: Int, purpose: String) throws {
    let wanted = ChildProcess.descriptorCount * count + reserve
    try makeRoom(for: max(processMinimum, try openCount() + wanted), purpose: purpose)
  }

  /// Raises the soft limit to at least a number.
  private static func makeRoom(for wanted: Int, purpose: String) throws {
    var limit = try SystemCalls.openFileLimit()
    guard wanted > limit.soft else { return }
    guard wanted <= limit.hard else {
      throw OpenFileLimitError(
        limit: limit.hard, wanted: wanted, purpose: purpose,
        fitsWithFewer: limit.hard >= processMinimum)
    }
    limit.soft = wanted
    try SystemCalls.setOpenFileLimit(limit)
  }

  /// The number of files that this process has open.
  private static func openCount() throws -> Int {
    do {
      // One of them is the directory itself.
      return try SystemCalls.entryCount(of: "/proc/self/fd") - 1
    } catch {
      if error.code == EMFILE { return try SystemCalls.openFileLimit().soft }
      throw ProcessStart.missingProc.map { error.with(detail: $0) } ?? error
    }
  }
}

/// The limit on open files is too low for what was asked for.
public struct OpenFileLimitError: Error, Equatable {
  /// The hard limit.
  public var limit: Int
  /// The limit that is needed.
  public var wanted: Int
  /// What the files are for, such as "4 workers".
  public var purpose: String
  /// True if fewer workers could do with the limit as it is.
  public var fitsWithFewer: Bool
}

extension OpenFileLimitError: CustomStringConvertible {
  /// One sentence without a full stop: the limit, what is needed, the remedy.
  public var description: String {
    let alternative = fitsWithFewer ? ", or use fewer workers (--actors)" : ""
    return """
      the hard limit on open files is \(limit) and \(purpose) need \(wanted): raise it with \
      'ulimit -n \(wanted)' as root or in the container's settings\(alternative)
      """
  }
}
