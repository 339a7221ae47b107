import Glibc

/// A memory mapping that several processes share, with its descriptor.
///
/// The file has no name, so it disappears with the last process that maps it. `deinit` unmaps and
/// closes it; no pointer into it may be used after that.
package struct SharedMemory: ~Copyable, @unchecked Sendable {
  /// The first byte, at a page boundary.
  package let base: UnsafeMutableRawPointer

  /// The size of the mapping in bytes.
  package let byteCount: Int

  private let file: Descriptor

  /// The file's descriptor in this process, which other processes attach to.
  package var descriptor: Int32 { file.rawValue }

  /// Creates zero-filled memory with every page reserved.
  ///
  /// - Parameter byteCount: at least 1.
  /// - Throws: ``SystemError`` if the machine has too little memory, with the bytes wanted, the
  ///   bytes free and a remedy; or if another system call fails.
  package init(creating byteCount: Int) throws(SystemError) {
    precondition(byteCount > 0, "shared memory of \(byteCount) bytes")
    let file = try Self.namelessFile()
    // Checked first: a reservation that cannot succeed would use up the machine's memory before
    // failing.
    let free = try SystemCalls.freeBytes(at: SystemCalls.sharedMemoryDirectory)
    guard byteCount <= free else {
      throw Self.full(call: "posix_fallocate", wanted: byteCount, free: free)
    }
    try SystemCalls.truncate(file.rawValue, to: byteCount)
    do {
      try SystemCalls.allocate(file.rawValue, byteCount: byteCount)
    } catch {
      guard error.code == ENOSPC else { throw error }
      throw Self.full(call: error.call, wanted: byteCount, free: free)
    }
    self.base = try SystemCalls.map(file.rawValue, byteCount: byteCount)
    self.byteCount = byteCount
    self.file = file
  }

  /// Maps memory that another process, or this one, has created and still holds open.
  ///
  /// - Parameters:
  ///   - learner: the process that created it.
  ///   - descriptor: the file's descriptor in that process.
  ///   - byteCount: the size to map; the whole file if nil.
  /// - Throws: ``SystemError`` if the process or its descriptor does not exist, belongs to another
  ///   user, or is not a file of at least that size (`EINVAL`).
  package init(
    attachingTo learner: Int32, descriptor: Int32, byteCount: Int? = nil
  ) throws(SystemError) {
    let path = "/proc/\(learner)/fd/\(descriptor)"
    let file = try SystemCalls.open(path, O_RDWR)
    let fileByteCount = try SystemCalls.byteCount(of: file.rawValue)
    let wanted = byteCount ?? fileByteCount
    // Touching a mapping beyond the end of its file raises SIGBUS.
    guard wanted > 0, wanted <= fileByteCount else {
      throw SystemError(
        call: "mmap", code: EINVAL,
        detail: "\(path) has \(fileByteCount) bytes, but \(wanted) are required")
    }
    self.base = try SystemCalls.map(file.rawValue, byteCount: wanted)
    self.byteCount = wanted
    self.file = file
  }

  deinit {
    // Address and size are those that mmap returned, so this cannot fail.
    try? SystemCalls.unmap(base, byteCount: byteCount)
  }

  /// Creates a file in memory and removes its name.
  static func namelessFile() throws(SystemError) -> Descriptor {
    var attempts = 0
    while true {
      let number = UInt64.random(in: .min ... .max)
      let name = "/rlplay-\(SystemCalls.processIdentifier)-\(String(number, radix: 36))"
      do {
        let file = try SystemCalls.createSharedMemory(name)
        try SystemCalls.unlinkSharedMemory(name)
        return file
      } catch {
        attempts += 1
        guard error.code == EEXIST, attempts < 8 else { throw error }
      }
    }
  }

  private static func full(call: String, wanted: Int, free: Int) -> SystemError {
    SystemError(
      call: call, code: ENOSPC,
      detail: """
        \(wanted) bytes wanted, \(free) bytes free in \(SystemCalls.sharedMemoryDirectory); \
        use fewer or smaller fragments, or start the container with a larger --shm-size
        """)
  }
}
