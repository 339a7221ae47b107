import Glibc

/// Functions for the operating system's calls, which throw `SystemError` on failure.
///
/// Interrupted calls are repeated, with two exceptions: `close`, which Linux completes
/// nevertheless, and `poll`, after which the caller may need to find out the reason. The extensions
/// beside this file hold the calls by subject: descriptors, files, memory, processes and limits.
package enum SystemCalls {
  /// Repeats a call until it is not interrupted, and throws if it returns -1.
  ///
  /// - Parameters:
  ///   - name: the name of the C function, for the error.
  ///   - call: the call. `errno` is read directly after it.
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
