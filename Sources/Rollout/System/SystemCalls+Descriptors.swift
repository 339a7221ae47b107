// Glibc declares `stdout` as a variable; no code here assigns it.
@preconcurrency import Glibc

extension SystemCalls {
  /// Opens a file; the descriptor is closed in any program that this process starts.
  ///
  /// - Parameters:
  ///   - path: the path of the file.
  ///   - flags: the flags of `open`, such as `O_RDWR | O_CREAT`.
  ///   - mode: the permissions for a file that is created.
  package static func open(
    _ path: String, _ flags: Int32, mode: mode_t = 0o644
  ) throws(SystemError) -> Descriptor {
    do {
      return try owned(try checked("open") { Glibc.open(path, flags | O_CLOEXEC, mode) })
    } catch {
      throw error.with(detail: path)
    }
  }

  /// Closes a descriptor, with one call: after an interruption it is closed as well.
  package static func close(_ descriptor: Int32) throws(SystemError) {
    guard Glibc.close(descriptor) == -1 else { return }
    let code = errno
    if code != EINTR { throw SystemError(call: "close", code: code) }
  }

  /// Reads the available bytes, at most as many as fit the buffer.
  ///
  /// It blocks if the descriptor does.
  ///
  /// - Returns: the number of bytes read; 0 at the end of the file.
  package static func read(
    _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Int {
    try checked("read") { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
  }

  /// Reads bytes until an array is full, in as many calls as necessary.
  ///
  /// - Returns: false at the end of the file.
  package static func readAll(
    _ descriptor: Int32, into bytes: inout [UInt8]
  ) throws(SystemError) -> Bool {
    var done = 0
    while done < bytes.count {
      let (start, count) = (done, bytes.count - done)
      let part = try checked("read") {
        bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + start, count) }
      }
      if part == 0 { return false }
      done += part
    }
    return true
  }

  /// Reads two numbers of four bytes, little-endian; nil at the end of the file.
  package static func readPair(
    _ descriptor: Int32
  ) throws(SystemError) -> (UInt32, UInt32)? {
    var word: UInt64 = 0
    var done = 0
    while done < 8 {
      let start = done
      let part = try checked("read") {
        withUnsafeMutableBytes(of: &word) {
          Glibc.read(descriptor, $0.baseAddress! + start, 8 - start)
        }
      }
      if part == 0 { return nil }
      done += part
    }
    word = UInt64(littleEndian: word)
    return (UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32))
  }

  /// Writes three numbers of four bytes each, little-endian, without allocation.
  package static func writeAll(
    _ descriptor: Int32, _ first: UInt32, _ second: UInt32, _ third: UInt32
  ) throws(SystemError) {
    let words: [3 of UInt32] = [first.littleEndian, second.littleEndian, third.littleEndian]
    var failure: SystemError?
    withUnsafeBytes(of: words) { bytes in
      do throws(SystemError) {
        try writeAll(descriptor, bytes)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Writes some of the bytes.
  ///
  /// - Returns: the number of bytes written, which may be smaller than the number given.
  package static func write(
    _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer
  ) throws(SystemError) -> Int {
    try checked("write") { Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
  }

  /// Writes all of the bytes, in as many calls as necessary.
  package static func writeAll(
    _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer
  ) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      done += try write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[done...]))
    }
  }

  /// Writes all of the bytes, in as many calls as necessary.
  ///
  /// - Parameter waits: true to wait while a pipe that does not block is full.
  package static func writeAll(
    _ descriptor: Int32, _ bytes: [UInt8], waits: Bool = false
  ) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      do throws(SystemError) {
        done += try checked("write") {
          bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
        }
      } catch {
        guard waits, error.code == EAGAIN else { throw error }
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        Glibc.poll(&entry, 1, -1)
      }
    }
  }

  /// Takes ownership of a new descriptor and moves it above the numbers of the standard streams.
  ///
  /// The parent process may have closed those, and a new file then gets one of their numbers.
  /// Without the move, output to standard error would be written to that file.
  static func owned(_ number: Int32) throws(SystemError) -> Descriptor {
    let descriptor = Descriptor(owning: number)
    guard number <= STDERR_FILENO else { return descriptor }
    return Descriptor(owning: try duplicate(number))
  }

  /// Creates a pipe; both ends are closed in any program that this process starts.
  ///
  /// A program that another thread starts during this call may still inherit them. `pipe2` would
  /// prevent that, but it cannot be imported.
  package static func pipe() throws(SystemError) -> Pipe {
    var ends: [Int32] = [-1, -1]
    _ = try checked("pipe") { Glibc.pipe(&ends) }
    let reader = Descriptor(owning: ends[0])
    let writer = Descriptor(owning: ends[1])
    _ = try checked("fcntl") { fcntl(reader.rawValue, F_SETFD, FD_CLOEXEC) }
    _ = try checked("fcntl") { fcntl(writer.rawValue, F_SETFD, FD_CLOEXEC) }
    return Pipe(readEnd: try owned(reader.take()), writeEnd: try owned(writer.take()))
  }

  /// Makes reads and writes of this descriptor fail with `EAGAIN` instead of blocking.
  package static func setNonBlocking(_ descriptor: Int32) throws(SystemError) {
    let flags = try checked("fcntl") { fcntl(descriptor, F_GETFL) }
    _ = try checked("fcntl") { fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
  }

  /// Waits until a descriptor is ready, the time is over or a signal arrived.
  ///
  /// - Parameters:
  ///   - entries: the descriptors and events to wait for; the call sets `revents`.
  ///   - timeoutMilliseconds: 0 returns at once, a negative number waits without limit.
  /// - Returns: the number of entries that are ready; 0 after the time or a signal.
  package static func poll(
    _ entries: inout [pollfd], timeoutMilliseconds: Int32
  ) throws(SystemError) -> Int {
    let ready = Glibc.poll(&entries, nfds_t(entries.count), timeoutMilliseconds)
    if ready >= 0 { return Int(ready) }
    let code = errno
    guard code == EINTR else { throw SystemError(call: "poll", code: code) }
    // The kernel leaves `revents` unchanged, and the values of the previous call are stale.
    for index in entries.indices { entries[index].revents = 0 }
    return 0
  }

  /// The two ends of a pipe.
  package struct Pipe: ~Copyable {
    /// The end that is read.
    package let readEnd: Descriptor

    /// The end that is written.
    package let writeEnd: Descriptor

    /// Returns the read end and closes the other one.
    package consuming func takeReadEnd() -> Descriptor { readEnd }

    /// Returns the write end and closes the other one.
    package consuming func takeWriteEnd() -> Descriptor { writeEnd }

    /// Returns the numbers of both ends to the caller, who then has to close them.
    package consuming func take() -> (readEnd: Int32, writeEnd: Int32) {
      (readEnd.take(), writeEnd.take())
    }
  }
}

extension SystemCalls {
  /// Returns another descriptor of the same open file, numbered 3 or higher.
  ///
  /// It is closed in any program that this process starts.
  package static func duplicate(_ descriptor: Int32) throws(SystemError) -> Int32 {
    try checked("fcntl") { fcntl(descriptor, F_DUPFD_CLOEXEC, 3) }
  }

  /// Makes the descriptor `target` refer to the open file of another descriptor.
  package static func duplicate(_ descriptor: Int32, onto target: Int32) throws(SystemError) {
    _ = try checked("dup2") { dup2(descriptor, target) }
  }

  /// Passes each line on standard output to the system as soon as it is complete.
  package static func bufferStandardOutputByLine() { setvbuf(stdout, nil, _IOLBF, 0) }

  /// Blocks until the other end of a pipe is closed, regardless of data that is written to it.
  package static func waitForHangUp(_ descriptor: Int32) {
    // poll reports a hang-up even if no events are requested.
    var entry = pollfd(fd: descriptor, events: 0, revents: 0)
    while Glibc.poll(&entry, 1, -1) < 1 {}
  }
}
