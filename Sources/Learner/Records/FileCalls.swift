import Foundation
import Glibc

/// The system calls that records need, EINTR handled; the only place in this module that has any.
///
/// errno is read in the same statement as the call that set it, before anything can overwrite it.
enum FileCalls {
  /// The error number of a refused call, to be put into a sentence by whoever knows the purpose.
  struct Refusal: Error {
    let errorNumber: Int32
  }

  /// An open descriptor, closed when it goes out of use.
  struct Descriptor: ~Copyable {
    fileprivate let number: Int32

    deinit {
      if number >= 0 { _ = Glibc.close(number) }
    }

    /// Closes now, to learn of an error that the kernel kept until then (quota, network disks).
    consuming func close() throws(Refusal) {
      let result = Glibc.close(number) == 0 ? 0 : errno
      discard self
      // After EINTR the descriptor is gone on Linux; a second close could hit someone else's.
      if result != 0 && result != EINTR { throw Refusal(errorNumber: result) }
    }
  }

  /// Opens `path` with the flags of open(2); never inherited by a child process.
  static func open(_ path: String, _ flags: Int32) throws(Refusal) -> Descriptor {
    Descriptor(number: try retry { Glibc.open(path, flags | O_CLOEXEC, 0o666) })
  }

  /// Writes all bytes; a single write(2) unless the kernel takes fewer.
  static func write(_ bytes: some ContiguousBytes, to file: borrowing Descriptor) throws(Refusal) {
    let number = file.number
    let result = bytes.withUnsafeBytes { buffer -> Int32 in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = Glibc.write(number, rest.baseAddressOfSlice, rest.count)
        if count < 0 {
          let errorNumber = errno
          if errorNumber == EINTR { continue }
          return errorNumber
        }
        rest = rest.dropFirst(count)
      }
      return 0
    }
    if result != 0 { throw Refusal(errorNumber: result) }
  }

  /// Writes text to standard error, as much of it as is taken: a lost message must not end a run.
  static func writeToStandardError(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Reads the whole file.
  static func read(_ path: String) throws(Refusal) -> Data {
    let file = try open(path, O_RDONLY)
    var content = Data(capacity: Int(try status(of: file).st_size))
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = try retry {
        Int32(truncatingIfNeeded: Glibc.read(file.number, &block, block.count))
      }
      if count == 0 { return content }
      content.append(contentsOf: block[..<Int(count)])
    }
  }

  /// Makes the bytes (of a directory: its entries) survive a power cut.
  static func synchronise(_ file: borrowing Descriptor) throws(Refusal) {
    let number = file.number
    do {
      _ = try retry { fsync(number) }
    } catch  where error.errorNumber == EINVAL || error.errorNumber == EROFS {
      // A file system (or /dev/full) that cannot synchronise this kind of file promises nothing.
    }
  }

  /// The length of an open file in bytes.
  static func length(of file: borrowing Descriptor) throws(Refusal) -> Int {
    Int(try status(of: file).st_size)
  }

  /// Cuts the file back to a length it had before.
  static func truncate(_ file: borrowing Descriptor, to length: Int) throws(Refusal) {
    let number = file.number
    _ = try retry { ftruncate(number, length) }
  }

  /// Renames over whatever had the new name, in one step.
  static func rename(_ old: String, to new: String) throws(Refusal) {
    _ = try retry { Glibc.rename(old, new) }
  }

  /// Removes a file; its absence is no error.
  static func remove(_ path: String) {
    _ = unlink(path)
  }

  /// Creates one directory whose parent exists; EEXIST if anything has that name.
  static func createDirectory(_ path: String) throws(Refusal) {
    _ = try retry { mkdir(path, 0o777) }
  }

  /// Whether the path is a directory; nil if there is nothing there, or nothing that can be seen.
  static func isDirectory(_ path: String) -> Bool? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// When the file was last written, for comparing; nil if there is none.
  static func modificationTime(_ path: String) -> (seconds: Int, nanoseconds: Int)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }

  /// The names inside a directory, sorted; empty if it cannot be listed.
  static func entries(of path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// The local time as yyyymmdd-hhmmss.
  static func localTimeStamp(secondsSinceEpoch: Int) -> String {
    var seconds = secondsSinceEpoch
    var parts = tm()
    localtime_r(&seconds, &parts)
    var text = [UInt8](repeating: 0, count: 32)
    let count = text.withUnsafeMutableBytes { buffer in
      strftime(buffer.baseAddress!.assumingMemoryBound(to: CChar.self), 32, "%Y%m%d-%H%M%S", &parts)
    }
    return String(decoding: text[..<count], as: UTF8.self)
  }

  /// Whether standard error is a terminal that understands carriage return and clearing.
  static func standardErrorIsTerminal() -> Bool {
    isatty(STDERR_FILENO) == 1 && getenv("TERM").map { strcmp($0, "dumb") != 0 } ?? false
  }

  /// The terminal's width in columns; 80 if it does not say.
  static func terminalWidth() -> Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Seconds on a clock that never jumps.
  static func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// The operating system's words for an error number.
  static func message(_ errorNumber: Int32) -> String {
    String(cString: strerror(errorNumber))
  }

  private static func status(of file: borrowing Descriptor) throws(Refusal) -> stat {
    var status = stat()
    let number = file.number
    _ = try retry { fstat(number, &status) }
    return status
  }

  private static func retry(_ call: () -> Int32) throws(Refusal) -> Int32 {
    while true {
      let result = call()
      if result >= 0 { return result }
      let errorNumber = errno
      if errorNumber != EINTR { throw Refusal(errorNumber: errorNumber) }
    }
  }
}

extension Slice where Base == UnsafeRawBufferPointer {
  /// Where the slice starts in memory.
  fileprivate var baseAddressOfSlice: UnsafeRawPointer? {
    base.baseAddress.map { $0 + startIndex }
  }
}
