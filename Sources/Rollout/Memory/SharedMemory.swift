import Glibc

/// A mapping of memory that several processes share, with its descriptor.
///
/// The file behind it has no name, so it is gone with the last process that maps it. It is unmapped
/// and closed when the owner goes: no pointer into it may be used after that.
package struct SharedMemory: ~Copyable, @unchecked Sendable {
  /// The first byte, at the beginning of a page.
  package let base: UnsafeMutableRawPointer

  /// The size of the mapping in bytes.
  package let byteCount: Int

  private let file: Descriptor

  /// The number under which this process has the file open; what another process attaches to.
  package var descriptor: Int32 { file.rawValue }

  /// Creates memory full of zeros, every page of it reserved.
  ///
  /// - Parameter byteCount: at least 1.
  /// - Throws: ``SystemError`` when the machine has no room for it, with what is wanted, what is
  ///   free and what may help; or when a system call fails otherwise.
  package init(creating byteCount: Int) throws(SystemError) {
    precondition(byteCount > 0, "shared memory of \(byteCount) bytes")
    let file = try Self.namelessFile()
    // Asked first: a reservation that cannot succeed would use up the machine's memory on the way.
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
  ///   - descriptor: the number under which that process has it open.
  ///   - byteCount: its size, where the caller knows it; otherwise the whole file is mapped.
  /// - Throws: ``SystemError`` when the process or its descriptor is not there, belongs to another
  ///   user, or is not a file of at least that size (`EINVAL`).
  package init(
    attachingTo learner: Int32, descriptor: Int32, byteCount: Int? = nil
  ) throws(SystemError) {
    let path = "/proc/\(learner)/fd/\(descriptor)"
    let file = try SystemCalls.open(path, O_RDWR)
    let fileByteCount = try SystemCalls.byteCount(of: file.rawValue)
    let wanted = byteCount ?? fileByteCount
    // A mapping beyond the end of its file is a SIGBUS for whoever touches it.
    guard wanted > 0, wanted <= fileByteCount else {
      throw SystemError(
        call: "mmap", code: EINVAL,
        detail: "\(path) has \(fileByteCount) bytes where \(wanted) are wanted")
    }
    self.base = try SystemCalls.map(file.rawValue, byteCount: wanted)
    self.byteCount = wanted
    self.file = file
  }

  deinit {
    // The address and size are those that mmap gave, so this cannot fail.
    try? SystemCalls.unmap(base, byteCount: byteCount)
  }

  /// A new file in memory that has lost its name already.
  private static func namelessFile() throws(SystemError) -> Descriptor {
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
