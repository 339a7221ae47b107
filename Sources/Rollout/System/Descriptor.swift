/// A file descriptor with one owner, closed when the owner goes.
package struct Descriptor: ~Copyable, Sendable {
  /// The number, valid while this value lives.
  package let rawValue: Int32

  /// Takes over a descriptor that is open and that nobody else will close.
  ///
  /// - Precondition: the number is not negative.
  package init(owning rawValue: Int32) {
    precondition(rawValue >= 0, "a descriptor cannot be \(rawValue)")
    self.rawValue = rawValue
  }

  deinit {
    // The file is of no more use to anybody here, so there is nobody to tell of a failure.
    try? SystemCalls.close(rawValue)
  }

  /// Closes now, to learn of an error that the kernel kept until then: a quota, a network's disk.
  package consuming func close() throws(SystemError) {
    try SystemCalls.close(take())
  }

  /// Gives the descriptor to the caller, who closes it.
  package consuming func take() -> Int32 {
    let number = rawValue
    discard self
    return number
  }
}
