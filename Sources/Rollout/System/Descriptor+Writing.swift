import Foundation

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
