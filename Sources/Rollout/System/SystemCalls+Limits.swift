import Glibc

extension SystemCalls {
  /// Returns the limits on the number of open files.
  ///
  /// The soft limit is in effect, and can be raised up to the hard limit.
  package static func openFileLimit() throws(SystemError) -> (soft: Int, hard: Int) {
    var limit = rlimit()
    _ = try checked("getrlimit") { getrlimit(openFiles, &limit) }
    return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
  }

  /// Sets the limits on open files for this process and the processes that it starts.
  package static func setOpenFileLimit(_ limit: (soft: Int, hard: Int)) throws(SystemError) {
    var value = rlimit(rlim_cur: rlim_t(limit.soft), rlim_max: rlim_t(limit.hard))
    // "No limit" is the largest UInt64, which `openFileLimit()` has clamped to the largest Int.
    if limit.hard == .max { value.rlim_max = .max }
    _ = try checked("setrlimit") { setrlimit(openFiles, &value) }
  }

  private static var openFiles: __rlimit_resource_t {
    __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  }
}
