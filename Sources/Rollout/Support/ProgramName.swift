import Synchronization

/// The name of the program in help screens and messages.
package enum ProgramName {
  private static let name = Mutex("rlplay")

  /// The name; `rlplay` unless a program with the command's library has its own.
  package static var shown: String {
    get { name.withLock { $0 } }
    set { name.withLock { $0 = newValue } }
  }
}
