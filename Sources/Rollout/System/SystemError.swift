import Glibc

/// A call to the operating system that failed: which one, why, and what it was about.
public struct SystemError: Error, Sendable, Equatable {
  /// The name of the C function.
  public let call: String

  /// The error number that the call left, such as `ENOSPC`.
  public let code: Int32

  /// What the call was about, and what may help; part of the sentence that the user reads.
  public let detail: String?

  /// Makes an error for a failed call.
  ///
  /// - Parameters:
  ///   - call: the name of the C function.
  ///   - code: the error number.
  ///   - detail: what the call was about, without a full stop.
  public init(call: String, code: Int32, detail: String? = nil) {
    self.call = call
    self.code = code
    self.detail = detail
  }

  /// The same error, told with what the call was about.
  ///
  /// - Parameter detail: replaces any detail that is there.
  package func with(detail: String) -> SystemError {
    SystemError(call: call, code: code, detail: detail)
  }
}

extension SystemError: CustomStringConvertible {
  /// One sentence without a full stop: the call, the system's own words, the number, the detail.
  public var description: String {
    let reason = String(cString: strerror(code))
    let remedy = code == EMFILE ? ", raise the limit with 'ulimit -n'" : ""
    let sentence = "\(call) failed: \(reason) (errno \(code))\(remedy)"
    guard let detail else { return sentence }
    return "\(sentence): \(detail)"
  }
}
