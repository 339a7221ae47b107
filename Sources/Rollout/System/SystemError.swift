import Glibc

/// A failed call to the operating system, with its reason and subject.
package struct SystemError: Error, Sendable, Equatable {
  /// The name of the C function.
  package let call: String

  /// The value of `errno` after the call, such as `ENOSPC`.
  package let code: Int32

  /// The subject of the call and any remedy; part of the error text.
  package let detail: String?

  /// Creates an error for a failed call.
  ///
  /// - Parameters:
  ///   - call: the name of the C function.
  ///   - code: the error number.
  ///   - detail: the subject of the call, without a period.
  package init(call: String, code: Int32, detail: String? = nil) {
    self.call = call
    self.code = code
    self.detail = detail
  }

  /// The system's message for the error number, such as `No such file or directory`.
  package var reason: String { Self.reason(of: code) }

  /// Returns the system's message for an error number.
  static func reason(of code: Int32) -> String {
    // The system calls it an illegal seek.
    code == ESPIPE ? "it is a pipe or a device and not a file" : String(cString: strerror(code))
  }

  /// Returns the same error with the subject of the call.
  ///
  /// - Parameter detail: replaces any existing detail.
  package func with(detail: String) -> SystemError {
    SystemError(call: call, code: code, detail: detail)
  }
}

extension SystemError: CustomStringConvertible {
  /// One sentence without a period: the call, the system's message, the number, the detail.
  package var description: String {
    let remedy = code == EMFILE ? ", raise the limit with 'ulimit -n'" : ""
    let sentence = "\(call) failed: \(reason) (errno \(code))\(remedy)"
    guard let detail else { return sentence }
    return "\(sentence): \(detail)"
  }
}
