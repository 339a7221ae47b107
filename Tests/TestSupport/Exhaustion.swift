import Glibc

/// Takes away what memory a process has left, so that whatever allocates from then on ends it.
///
/// For exit tests: code that claims to allocate nothing runs on, and nothing else does. This sees what
/// a comparison of memory in use before and after cannot: memory that was given back at once.
public enum Exhaustion {
  nonisolated(unsafe) private static var taken: UnsafeMutableRawPointer?

  /// Lets the process grow no further and fills every gap that the allocator still has.
  public static func exhaustMemory() {
    var limit = rlimit(rlim_cur: 1, rlim_max: 1)
    guard setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else {
      fatalError("setrlimit: \(errno)")
    }
    // Blocks are chained up: the optimiser would leave out one that nobody looks at again.
    var chain: UnsafeMutableRawPointer?
    // From large to small; below 2 KiB every size that the allocator keeps a list for.
    var size = 1 << 26
    while size >= 16 {
      while let block = malloc(size) {
        block.storeBytes(of: chain, as: UnsafeMutableRawPointer?.self)
        chain = block
      }
      size = size > 2048 ? size / 2 : size - 16
    }
    taken = chain
  }
}
