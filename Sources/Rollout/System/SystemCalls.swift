import Glibc

/// The only place that calls the operating system where the call can fail.
///
/// A call that a signal interrupted is made again, save `close`, which Linux completes all the same,
/// and `poll`, whose caller may want to see why it was woken. The extensions beside this file hold
/// the calls by subject: descriptors, memory, files, processes.
package enum SystemCalls {
  /// Makes a call until it is not interrupted, and throws if it returns -1.
  ///
  /// - Parameters:
  ///   - name: the C function, for the error.
  ///   - call: the call. `errno` is read right after it, before anything may disturb it.
  @inline(__always)
  static func checked<Result: FixedWidthInteger>(
    _ name: StaticString, _ call: () -> Result
  ) throws(SystemError) -> Result {
    while true {
      let result = call()
      if result != -1 { return result }
      let code = errno
      if code != EINTR { throw SystemError(call: "\(name)", code: code) }
    }
  }
}
