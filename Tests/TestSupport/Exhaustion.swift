import Glibc

/// Takes all remaining memory of a process, which makes any further allocation end it.
///
/// For exit tests: code that claims to allocate nothing runs on, and nothing else does. Unlike a
/// comparison of the memory in use before and after, this detects memory that was freed at once.
public enum Exhaustion {
  /// False under a sanitizer, which has an allocator and an address space of its own.
  public static let isPossible =
    dlsym(nil, "__asan_init") == nil && dlsym(nil, "__tsan_init") == nil
  /// The reason for tests that are left out.
  public static let absence = "a sanitizer replaces the allocator"

  nonisolated(unsafe) private static var taken: UnsafeMutableRawPointer?

  /// Stops the process from growing and fills every gap left in the allocator.
  public static func exhaustMemory() {
    var limit = rlimit(rlim_cur: 1, rlim_max: 1)
    guard setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else {
      fatalError("setrlimit: \(errno)")
    }
    // Blocks are chained, because the compiler would remove an unused one.
    var chain: UnsafeMutableRawPointer?
    // From large to small; below 2 KiB every size for which the allocator keeps a list.
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
