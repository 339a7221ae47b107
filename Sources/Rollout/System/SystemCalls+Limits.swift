import Glibc

extension SystemCalls {
  /// The limits on the number of open files: the soft one holds, and may be raised to the hard one.
  package static func openFileLimit() throws(SystemError) -> (soft: Int, hard: Int) {
    var limit = rlimit()
    _ = try checked("getrlimit") { getrlimit(openFiles, &limit) }
    return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
  }

  /// Sets the limits on the number of open files, of this process and of those that it starts.
  package static func setOpenFileLimit(_ limit: (soft: Int, hard: Int)) throws(SystemError) {
    var value = rlimit(rlim_cur: rlim_t(limit.soft), rlim_max: rlim_t(limit.hard))
    // No limit is the largest number there, and was clamped here.
    if limit.hard == .max { value.rlim_max = .max }
    _ = try checked("setrlimit") { setrlimit(openFiles, &value) }
  }

  private static var openFiles: __rlimit_resource_t {
    __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  }
}
