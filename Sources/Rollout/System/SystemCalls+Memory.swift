import Glibc

extension SystemCalls {
  /// The directory in which glibc keeps shared memory.
  package static let sharedMemoryDirectory = "/dev/shm"

  /// Creates a shared memory file with a new name, accessible to this user only.
  ///
  /// - Parameter name: the name, which begins with a slash and contains no other.
  /// - Throws: ``SystemError`` with `EEXIST` if the name is taken.
  package static func createSharedMemory(_ name: String) throws(SystemError) -> Descriptor {
    do {
      // glibc adds the close-on-exec flag.
      let number = try checked("shm_open") { shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600) }
      return try owned(number)
    } catch {
      throw error.with(detail: sharedMemoryDirectory + name)
    }
  }

  /// Removes the name of a shared memory file.
  ///
  /// The file exists as long as it is open or mapped.
  package static func unlinkSharedMemory(_ name: String) throws(SystemError) {
    do {
      _ = try checked("shm_unlink") { shm_unlink(name) }
    } catch {
      throw error.with(detail: sharedMemoryDirectory + name)
    }
  }

  /// Sets the size of a file.
  package static func truncate(_ descriptor: Int32, to byteCount: Int) throws(SystemError) {
    _ = try checked("ftruncate") { ftruncate(descriptor, byteCount) }
  }

  /// Reserves the space of a file's first bytes, so later writes cannot find the disk full.
  package static func allocate(_ descriptor: Int32, byteCount: Int) throws(SystemError) {
    while true {
      // This function returns its error number and does not set `errno`.
      let code = posix_fallocate(descriptor, 0, byteCount)
      if code == 0 { return }
      if code != EINTR { throw SystemError(call: "posix_fallocate", code: code) }
    }
  }

  /// Maps a file's first bytes for reading and writing, shared with all other mappings.
  package static func map(
    _ descriptor: Int32, byteCount: Int
  ) throws(SystemError) -> UnsafeMutableRawPointer {
    let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw SystemError(call: "mmap", code: errno, detail: "\(byteCount) bytes")
    }
    return address
  }

  /// Removes a mapping.
  package static func unmap(
    _ address: UnsafeMutableRawPointer, byteCount: Int
  ) throws(SystemError) {
    _ = try checked("munmap") { munmap(address, byteCount) }
  }

  /// Returns the number of free bytes for this user in the file system of a path.
  package static func freeBytes(at path: String) throws(SystemError) -> Int {
    var status = statvfs()
    do {
      _ = try checked("statvfs") { statvfs(path, &status) }
    } catch {
      throw error.with(detail: path)
    }
    let (bytes, overflow) = status.f_bavail.multipliedReportingOverflow(by: status.f_frsize)
    return overflow ? Int.max : Int(clamping: bytes)
  }
}
