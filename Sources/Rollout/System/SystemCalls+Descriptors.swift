import Glibc

extension SystemCalls {
  /// Opens a file; the descriptor is closed in any program that this process starts.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - flags: as for `open`, for instance `O_RDWR | O_CREAT`.
  ///   - mode: the permissions of a file that is created.
  package static func open(
    _ path: String, _ flags: Int32, mode: mode_t = 0o644
  ) throws(SystemError) -> Descriptor {
    do {
      return try owned(try checked("open") { Glibc.open(path, flags | O_CLOEXEC, mode) })
    } catch {
      throw error.with(detail: path)
    }
  }

  /// Closes a descriptor, once: after an interruption it is closed too.
  package static func close(_ descriptor: Int32) throws(SystemError) {
    guard Glibc.close(descriptor) == -1 else { return }
    let code = errno
    if code != EINTR { throw SystemError(call: "close", code: code) }
  }

  /// Reads what is there, at most as much as the buffer holds; blocks if the descriptor does.
  ///
  /// - Returns: the number of bytes read; 0 at the end of the file.
  package static func read(
    _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Int {
    try checked("read") { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
  }

  /// Writes some of the bytes.
  ///
  /// - Returns: how many were written, which may be fewer than given.
  package static func write(
    _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer
  ) throws(SystemError) -> Int {
    try checked("write") { Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
  }

  /// Writes all of the bytes, in as many calls as it takes.
  package static func writeAll(
    _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer
  ) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      done += try write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[done...]))
    }
  }

  /// Takes over a new descriptor, under a number above those of the standard streams.
  ///
  /// A caller may have closed those, and then a new file gets their number. Whatever is written to
  /// standard error would be written to that file.
  static func owned(_ number: Int32) throws(SystemError) -> Descriptor {
    let descriptor = Descriptor(owning: number)
    guard number <= STDERR_FILENO else { return descriptor }
    return Descriptor(owning: try duplicate(number))
  }

  /// Makes a pipe, both ends closed in any program that this process starts.
  ///
  /// A program that another thread starts within this call may still get them: `pipe2`, which would
  /// prevent that, cannot be imported.
  package static func pipe() throws(SystemError) -> Pipe {
    var ends: [Int32] = [-1, -1]
    _ = try checked("pipe") { Glibc.pipe(&ends) }
    let reader = Descriptor(owning: ends[0])
    let writer = Descriptor(owning: ends[1])
    _ = try checked("fcntl") { fcntl(reader.rawValue, F_SETFD, FD_CLOEXEC) }
    _ = try checked("fcntl") { fcntl(writer.rawValue, F_SETFD, FD_CLOEXEC) }
    return Pipe(readEnd: try owned(reader.take()), writeEnd: try owned(writer.take()))
  }

  /// Makes reads and writes of this end fail with `EAGAIN` where they would block.
  package static func setNonBlocking(_ descriptor: Int32) throws(SystemError) {
    let flags = try checked("fcntl") { fcntl(descriptor, F_GETFL) }
    _ = try checked("fcntl") { fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
  }

  /// Waits until a descriptor is ready, time is over or a signal came.
  ///
  /// The caller owns the entries, so that a loop that waits allocates nothing.
  ///
  /// - Parameters:
  ///   - entries: what to wait for; `revents` is filled in.
  ///   - timeoutMilliseconds: 0 only looks, a negative number waits without limit.
  /// - Returns: how many entries are ready; 0 when time is over or after a signal.
  package static func poll(
    _ entries: UnsafeMutableBufferPointer<pollfd>, timeoutMilliseconds: Int32
  ) throws(SystemError) -> Int {
    let ready = Glibc.poll(entries.baseAddress, nfds_t(entries.count), timeoutMilliseconds)
    if ready >= 0 { return Int(ready) }
    let code = errno
    guard code == EINTR else { throw SystemError(call: "poll", code: code) }
    // The kernel leaves the answers untouched, and those of the last call mean nothing now.
    for index in entries.indices { entries[index].revents = 0 }
    return 0
  }

  /// The two ends of a pipe.
  package struct Pipe: ~Copyable {
    /// Where bytes come out.
    package let readEnd: Descriptor

    /// Where bytes go in.
    package let writeEnd: Descriptor

    /// Gives the read end to the caller and closes the other one.
    package consuming func takeReadEnd() -> Descriptor { readEnd }

    /// Gives the write end to the caller and closes the other one.
    package consuming func takeWriteEnd() -> Descriptor { writeEnd }

    /// Gives both ends to the caller, who closes them.
    package consuming func take() -> (readEnd: Int32, writeEnd: Int32) {
      (readEnd.take(), writeEnd.take())
    }
  }
}

extension SystemCalls {
  /// Another number for the same open file, closed in any program that this process starts.
  package static func duplicate(_ descriptor: Int32) throws(SystemError) -> Int32 {
    try checked("fcntl") { fcntl(descriptor, F_DUPFD_CLOEXEC, 3) }
  }

  /// Makes one number stand for the open file of another.
  package static func duplicate(_ descriptor: Int32, onto target: Int32) throws(SystemError) {
    _ = try checked("dup2") { dup2(descriptor, target) }
  }

  /// Blocks until the other end of a pipe is closed, whatever is written to it meanwhile.
  package static func waitForHangUp(_ descriptor: Int32) {
    // Asked for nothing, poll still tells of a hang-up.
    var entry = pollfd(fd: descriptor, events: 0, revents: 0)
    while Glibc.poll(&entry, 1, -1) < 1 {}
  }
}
