import Foundation

/// A thread that waits until the other end of a pipe is closed, even by the death of its owner.
package enum HangUpWatch {
  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - descriptor: this process's end of the pipe; nothing is read from it.
  ///   - name: the name of the thread.
  ///   - body: called once, in the thread.
  package static func start(
    _ descriptor: Int32, name: String, _ body: @escaping @Sendable () -> Void
  ) {
    let thread = Thread {
      SystemCalls.waitForHangUp(descriptor)
      body()
    }
    thread.stackSize = 1 << 16
    thread.name = name
    thread.start()
  }
}
