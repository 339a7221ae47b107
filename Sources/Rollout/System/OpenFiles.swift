import Glibc

/// The limit on open files, and the room below it.
///
/// The soft limit that a process begins with is often 1,024, and 256 workers need more. It is
/// raised only as far as needed: child processes inherit it, and some programs take long with a
/// high limit.
package enum OpenFiles {
  /// The lowest limit with which Foundation's `Process` starts programs.
  ///
  /// It closes the numbers below 255 in each program, and the system refuses a number beyond the
  /// limit.
  private static let processMinimum = 256

  /// The files that a process needs besides those of its children.
  ///
  /// Foundation's run loops take 8, starting a program 5 for a moment, a run its memory, its
  /// records and an environment's Python about 12.
  private static let reserve = 32

  /// Makes room for child processes, by raising the soft limit if needed.
  ///
  /// - Parameters:
  ///   - count: the number of child processes.
  ///   - purpose: what the files are for, such as "4 workers".
  /// - Throws: ``OpenFileLimitError`` if the hard limit is too low, `SystemError` without `/proc`.
  package static func makeRoom(forProcesses count: Int, purpose: String) throws {
    let wanted = ChildProcess.descriptorCount * count + reserve
    let open = try openFiles()
    // Starting a program names every open file, and the system refuses a number beyond the limit.
    let largest = open.largestNumber + 1
    try makeRoom(for: max(processMinimum, open.count + wanted, largest), purpose: purpose)
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

  /// The files that this process has open: their count, and the largest number of one.
  private static func openFiles() throws -> (count: Int, largestNumber: Int) {
    do {
      // One of them is the directory itself.
      let entries = try SystemCalls.entries(of: "/proc/self/fd")
      return (entries.count - 1, entries.largestNumber)
    } catch {
      if error.code == EMFILE { return (try SystemCalls.openFileLimit().soft, -1) }
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
  /// The purpose of the files, such as "4 workers".
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
