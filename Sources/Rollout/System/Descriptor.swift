import Foundation

/// A file descriptor with a single owner, closed at the end of the owner's life.
package struct Descriptor: ~Copyable, Sendable {
  /// The descriptor's number, valid while this value lives.
  package let rawValue: Int32

  /// Takes ownership of an open descriptor that nothing else closes.
  ///
  /// - Precondition: the number is not negative.
  package init(owning rawValue: Int32) {
    precondition(rawValue >= 0, "a descriptor cannot be \(rawValue)")
    self.rawValue = rawValue
  }

  deinit {
    // The file is no longer needed, and a deinitializer cannot throw.
    try? SystemCalls.close(rawValue)
  }

  /// Closes the descriptor and reports errors that the kernel has deferred.
  ///
  /// Examples are an exceeded quota and a failed network file system.
  package consuming func close() throws(SystemError) {
    try SystemCalls.close(take())
  }

  /// Returns the descriptor's number to the caller, who then has to close it.
  package consuming func take() -> Int32 {
    let number = rawValue
    discard self
    return number
  }
}

extension Descriptor {
  /// Writes all of the bytes, in as many calls as necessary.
  package borrowing func writeAll(_ bytes: some ContiguousBytes) throws(SystemError) {
    let number = rawValue
    var failure: SystemError?
    bytes.withUnsafeBytes { buffer in
      do throws(SystemError) {
        try SystemCalls.writeAll(number, buffer)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
