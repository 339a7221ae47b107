import Glibc

extension SystemCalls {
  /// Returns the size of an open file in bytes; 0 for a pipe or a terminal.
  package static func byteCount(of descriptor: Int32) throws(SystemError) -> Int {
    var status = stat()
    _ = try checked("fstat") { fstat(descriptor, &status) }
    return Int(status.st_size)
  }

  /// Waits until the reader of a pipe has read all that was written, or for a limited time.
  ///
  /// It returns at once for anything but a pipe.
  package static func waitForReader(of descriptor: Int32, atMostMilliseconds limit: Int) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return }
    for _ in 0..<limit {
      var count: Int32 = 0
      // FIONREAD, which Glibc's module lacks.
      guard ioctl(descriptor, 0x541B, &count) == 0, count > 0 else { return }
      usleep(1000)
    }
  }

  /// Returns true if no directory lists an open file any more.
  package static func isRemoved(_ descriptor: Int32) throws(SystemError) -> Bool {
    var status = stat()
    _ = try checked("fstat") { fstat(descriptor, &status) }
    return status.st_nlink == 0
  }

  /// Opens a file to read, and never waits: a pipe or a device is refused.
  ///
  /// Symbolic links are followed.
  ///
  /// - Throws: `SystemError` with the code `ESPIPE` for a pipe or a device.
  package static func openFile(_ path: String) throws(SystemError) -> Descriptor {
    // Looked at before it is opened, which would wake a process that waits for the pipe's reader.
    guard !FileLookup.isPipeOrDevice(path) else {
      throw SystemError(call: "open", code: ESPIPE, detail: path)
    }
    // Opening a pipe that took the file's place since then does not wait either.
    return try open(path, O_RDONLY | O_NONBLOCK)
  }

  /// Returns all bytes of a file, or the first bytes of a larger one, as ``openFile(_:)`` opens it.
  ///
  /// - Parameter limit: the approximate maximum number of bytes. At most 65,535 more bytes are
  ///   returned.
  package static func contents(
    of path: String, atMost limit: Int = .max
  ) throws(SystemError) -> [UInt8] {
    let file = try openFile(path)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
    defer { buffer.deallocate() }
    var content: [UInt8] = []
    do {
      while content.count < limit {
        let count = try read(file.rawValue, into: buffer)
        if count == 0 { break }
        content.append(contentsOf: buffer[..<count])
      }
      return content
    } catch {
      throw error.with(detail: path)
    }
  }

  /// Waits until the data of a file, or the entries of a directory, are on the disk.
  package static func synchronize(_ descriptor: Int32) throws(SystemError) {
    _ = try checked("fsync") { fsync(descriptor) }
  }

  /// Locks an open file for this process, without waiting; the end of the process unlocks it.
  ///
  /// - Returns: true if it is locked now; `false` if another process holds the lock.
  package static func lock(_ descriptor: Int32) throws(SystemError) -> Bool {
    do {
      _ = try checked("flock") { flock(descriptor, LOCK_EX | LOCK_NB) }
    } catch {
      if error.code == EWOULDBLOCK { return false }
      throw error
    }
    // `flock` cannot be looked at, and a lock for writing needs a file that is open for writing,
    // which a directory never is. A lock for reading marks it.
    _ = try? recordLock(descriptor, F_RDLCK, setsLock: true)
    return true
  }

  /// Returns true if another open file has the lock, which is left as it is.
  package static func isLocked(_ descriptor: Int32) throws(SystemError) -> Bool {
    try recordLock(descriptor, F_WRLCK, setsLock: false) != F_UNLCK
  }

  /// Unlocks an open file, even if a child process that is being started still has it open.
  package static func unlock(_ descriptor: Int32) throws(SystemError) {
    _ = try? recordLock(descriptor, F_UNLCK, setsLock: true)
    _ = try checked("flock") { flock(descriptor, LOCK_UN) }
  }

  /// Sets a lock on the whole of an open file, or returns the type of one that is in its way.
  private static func recordLock(
    _ descriptor: Int32, _ type: Int32, setsLock: Bool
  ) throws(SystemError) -> Int32 {
    // F_OFD_SETLK and F_OFD_GETLK, which are declared only for _GNU_SOURCE.
    let command: Int32 = setsLock ? 37 : 36
    var lock = Glibc.flock()
    lock.l_type = Int16(type)
    lock.l_whence = Int16(SEEK_SET)
    _ = try checked("fcntl") { fcntl(descriptor, command, &lock) }
    return Int32(lock.l_type)
  }

  /// Renames a file atomically, replacing any file with the new name.
  package static func rename(_ path: String, to newPath: String) throws(SystemError) {
    do {
      _ = try checked("rename") { Glibc.rename(path, newPath) }
    } catch {
      throw error.with(detail: "\(path) to \(newPath)")
    }
  }

  /// Removes the name of a file.
  package static func unlink(_ path: String) throws(SystemError) {
    do {
      _ = try checked("unlink") { Glibc.unlink(path) }
    } catch {
      throw error.with(detail: path)
    }
  }

  /// Creates a directory; its parent must exist.
  ///
  /// - Returns: true if it is new; `false` if a file of any kind has that path.
  @discardableResult
  package static func makeDirectory(
    _ path: String, mode: mode_t = 0o755
  ) throws(SystemError) -> Bool {
    do {
      _ = try checked("mkdir") { mkdir(path, mode) }
      return true
    } catch {
      if error.code == EEXIST { return false }
      throw error.with(detail: path)
    }
  }

  /// Returns the target of a symbolic link.
  package static func readLink(_ path: String) throws(SystemError) -> String {
    let capacity = Int(PATH_MAX)
    var bytes = [CChar](repeating: 0, count: capacity)
    do {
      let count = try checked("readlink") { readlink(path, &bytes, capacity) }
      return String(decoding: bytes[..<count].lazy.map(UInt8.init(bitPattern:)), as: UTF8.self)
    } catch {
      throw error.with(detail: path)
    }
  }

  /// Returns the number of entries in a directory and the largest name that is a number.
  ///
  /// The latter is −1 if no name is a number.
  package static func entries(
    of path: String
  ) throws(SystemError) -> (count: Int, largestNumber: Int) {
    guard let directory = opendir(path) else {
      throw SystemError(call: "opendir", code: errno, detail: path)
    }
    defer { closedir(directory) }
    var (count, largest) = (0, -1)
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      count += 1
      largest = max(largest, Int(name) ?? -1)
    }
    return (count, largest)
  }

  /// Returns the path of this process's program, for messages.
  ///
  /// The file may have been removed or replaced since; see ``ownProgram``.
  package static func executablePath() throws(SystemError) -> String {
    let path = try readLink("/proc/self/exe")
    let mark = " (deleted)"
    return path.hasSuffix(mark) ? String(path.dropLast(mark.count)) : path
  }

  /// The path to start this process's own program from, even after its file was replaced.
  ///
  /// It refers to the running file, regardless of the file's current name. `/proc/self/exe` would
  /// refer to the program of the process that opens it.
  package static var ownProgram: String { "/proc/\(processIdentifier)/exe" }
}
