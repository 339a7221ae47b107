import Glibc

/// One end of a pipe over which one process wakes another.
///
/// The bytes have no meaning. A doorbell does not own its descriptor; the owner has to keep it
/// open.
package struct Doorbell: Sendable {
  /// The descriptor of this end.
  package let descriptor: Int32

  /// Creates the ringing end from the descriptor of a pipe's write end.
  ///
  /// The descriptor becomes non-blocking, so a full pipe does not block the ringing process. The
  /// process also ignores broken pipes from then on (``SystemCalls/ignoreBrokenPipes()``), so it
  /// survives ringing after the other end has closed.
  package init(ringing descriptor: Int32) throws(SystemError) {
    try SystemCalls.setNonBlocking(descriptor)
    SystemCalls.ignoreBrokenPipes()
    self.descriptor = descriptor
  }

  /// Creates the listening end from the descriptor of a pipe's read end.
  package init(listening descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Wakes the other end; does nothing if that end is closed or the pipe is full.
  package func ring() {
    var byte: UInt8 = 1
    // EAGAIN: the pipe is full, so the other end will wake. EPIPE: the other end is closed.
    _ = withUnsafeBytes(of: &byte) { try? SystemCalls.write(descriptor, $0) }
  }

  /// Blocks until the other end rings, then consumes up to 512 pending bytes.
  ///
  /// - Returns: `false` if the other end is closed and nothing can ring again.
  package func wait() -> Bool {
    while true {
      switch takeBells() {
      case .taken: return true
      case .closed: return false
      case .none: break
      }
      // Reached only if the descriptor is non-blocking.
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      _ = poll(&entry, 1, -1)
    }
  }

  /// Consumes up to 512 pending bytes without blocking, for callers that `poll` has woken.
  ///
  /// - Returns: `false` if the other end is closed.
  package func drain() -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) <= 0 || takeBells() != .closed
  }

  private enum Answer { case taken, closed, none }

  /// Reads once; blocks until a byte arrives if the descriptor is blocking.
  private func takeBells() -> Answer {
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      do throws(SystemError) {
        return try SystemCalls.read(descriptor, into: buffer) > 0 ? .taken : .closed
      } catch {
        // A descriptor that cannot be read will never report a ring, so it counts as closed.
        return error.code == EAGAIN ? .none : .closed
      }
    }
  }
}
