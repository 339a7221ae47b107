import Glibc

/// One end of a pipe that wakes whoever blocks at the other end.
///
/// The bytes mean nothing. It does not own the descriptor, which its holder keeps open.
package struct Doorbell: Sendable {
  /// The descriptor of this end.
  package let descriptor: Int32

  /// The end to ring at: the descriptor of a pipe's write end.
  ///
  /// Makes that end non-blocking, so that a pipe full of bells does not stop the ringer, and makes
  /// this process survive a ring for nobody (``SystemCalls/ignoreBrokenPipes()``).
  package init(ringing descriptor: Int32) throws(SystemError) {
    try SystemCalls.setNonBlocking(descriptor)
    SystemCalls.ignoreBrokenPipes()
    self.descriptor = descriptor
  }

  /// The end to listen at: the descriptor of a pipe's read end.
  package init(listening descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Wakes the other end; if that is gone, or has bells enough, nothing happens.
  package func ring() {
    var byte: UInt8 = 1
    // EAGAIN: the pipe is full, so the other end will wake. EPIPE: there is nobody to wake.
    _ = withUnsafeBytes(of: &byte) { try? SystemCalls.write(descriptor, $0) }
  }

  /// Blocks until the other end rings, and takes all bells that are there.
  ///
  /// - Returns: `false` when the other end is closed: nobody will ever ring again.
  package func wait() -> Bool {
    while true {
      switch takeBells() {
      case .taken: return true
      case .closed: return false
      case .none: break
      }
      // Only an end that somebody made non-blocking comes here.
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      withUnsafeMutablePointer(to: &entry) {
        let entries = UnsafeMutableBufferPointer(start: $0, count: 1)
        _ = try? SystemCalls.poll(entries, timeoutMilliseconds: -1)
      }
    }
  }

  /// Takes all bells that are there, without blocking; for who has been woken by `poll`.
  ///
  /// - Returns: `false` when the other end is closed.
  package func drain() -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let ready = withUnsafeMutablePointer(to: &entry) {
      let entries = UnsafeMutableBufferPointer(start: $0, count: 1)
      return (try? SystemCalls.poll(entries, timeoutMilliseconds: 0)) ?? 0
    }
    return ready == 0 || takeBells() != .closed
  }

  private enum Answer { case taken, closed, none }

  /// Reads once: blocks, if the descriptor does, until there is a byte.
  private func takeBells() -> Answer {
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      do throws(SystemError) {
        return try SystemCalls.read(descriptor, into: buffer) > 0 ? .taken : .closed
      } catch {
        // A descriptor that cannot be read will never tell of a bell: the same as closed.
        return error.code == EAGAIN ? .none : .closed
      }
    }
  }
}
