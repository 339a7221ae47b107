import Glibc

/// The limit on open files, raised as far as child processes require.
///
/// The initial soft limit is often 1,024, and 256 workers need more. The limit is raised only as
/// far as needed, because child processes inherit it and some programs are slow with a high limit.
package enum OpenFiles {
  /// The lowest limit with which Foundation's `Process` starts programs.
  ///
  /// It closes the descriptors below 255 in each program, and the system refuses a number beyond
  /// the limit.
  private static let processMinimum = 256

  /// The number of files that a process needs in addition to those of its children.
  ///
  /// Foundation's run loops use 8. Starting a program uses 5 for a moment. A run's memory, its
  /// records and the Python process of an environment use about 12.
  private static let reserve = 32

  /// Makes room for child processes, by raising the soft limit if needed.
  ///
  /// - Parameters:
  ///   - count: the number of child processes.
  ///   - purpose: the purpose of the files, such as "4 workers".
  /// - Throws: ``OpenFileLimitError`` if the hard limit is too low, `SystemError` without `/proc`.
  package static func makeRoom(forProcesses count: Int, purpose: String) throws {
    let wanted = ChildProcess.descriptorCount * count + reserve
    let open = try openFiles()
    // Starting a program refers to every open file by number, and the system refuses a number
    // beyond the limit.
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

  /// Returns the number of files that this process has open, and the largest descriptor.
  private static func openFiles() throws -> (count: Int, largestNumber: Int) {
    do {
      // One of the entries is the descriptor of the directory itself.
      let entries = try SystemCalls.entries(of: "/proc/self/fd")
      return (entries.count - 1, entries.largestNumber)
    } catch {
      if error.code == EMFILE { return (try SystemCalls.openFileLimit().soft, -1) }
      throw ProcessStart.missingProc.map { error.with(detail: $0) } ?? error
    }
  }
}

/// A limit on open files that is too low for the requested processes.
package struct OpenFileLimitError: Error, Equatable {
  /// The hard limit.
  package var limit: Int
  /// The required limit.
  package var wanted: Int
  /// The purpose of the files, such as "4 workers".
  package var purpose: String
  /// True if a run with fewer workers is possible within the limit.
  package var fitsWithFewer: Bool
}

extension OpenFileLimitError: CustomStringConvertible {
  /// One sentence without a period: the limit, the required limit, the remedy.
  package var description: String {
    let alternative = fitsWithFewer ? ", or use fewer workers (--actors)" : ""
    return """
      the hard limit on open files is \(limit) and \(purpose) need \(wanted): raise it with \
      'ulimit -n \(wanted)' as root or in the container's settings\(alternative)
      """
  }
}
