import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

struct SystemCallsTests {
  @Test func `a file that is not there is an error that names it`() {
    #expect(throws: SystemError(call: "open", code: ENOENT, detail: "/nowhere/at/all")) {
      _ = try SystemCalls.open("/nowhere/at/all", O_RDONLY)
    }
  }

  @Test(.timeLimit(.minutes(10))) func `a pipe or a device is refused and not waited for`() throws {
    let folder = try ScratchDirectory()
    let pipe = folder.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, "/dev/zero"] {
      #expect(throws: SystemError(call: "open", code: ESPIPE, detail: path)) {
        try SystemCalls.contents(of: path)
      }
    }
    let file = folder.url.appending(path: "file")
    try Data("words".utf8).write(to: file)
    try FileManager.default.createSymbolicLink(
      at: folder.url.appending(path: "link"), withDestinationURL: file)
    #expect(try SystemCalls.contents(of: folder.path("link")) == Array("words".utf8))
  }

  @Test func `closing what is not open is an error`() {
    #expect(throws: SystemError(call: "close", code: EBADF)) { try SystemCalls.close(-1) }
  }

  @Test func `what goes into a pipe comes out, then the end`() throws {
    let (reader, writer) = try SystemCalls.pipe().take()
    defer { try? SystemCalls.close(reader) }
    let sent: [UInt8] = Array(0..<200)
    try sent.withUnsafeBytes { try SystemCalls.writeAll(writer, $0) }
    try SystemCalls.close(writer)
    var received = [UInt8](repeating: 0, count: 300)
    let count = try received.withUnsafeMutableBytes { try SystemCalls.read(reader, into: $0) }
    #expect(Array(received[..<count]) == sent)
    #expect(try received.withUnsafeMutableBytes { try SystemCalls.read(reader, into: $0) } == 0)
  }

  @Test func `poll tells which descriptor is ready`() throws {
    let quiet = try SystemCalls.pipe()
    let busy = try SystemCalls.pipe()
    let byte: [UInt8] = [1]
    _ = try byte.withUnsafeBytes { try SystemCalls.write(busy.writeEnd.rawValue, $0) }
    var entries = [quiet.readEnd.rawValue, busy.readEnd.rawValue].map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    let ready = try SystemCalls.poll(&entries, timeoutMilliseconds: -1)
    #expect(ready == 1)
    #expect(entries[0].revents == 0)
    #expect(entries[1].revents == Int16(POLLIN))
  }

  @Test func `a full pipe refuses once it is made non-blocking`() throws {
    let pipe = try SystemCalls.pipe()
    try SystemCalls.setNonBlocking(pipe.writeEnd.rawValue)
    let descriptor = pipe.writeEnd.rawValue
    let block = [UInt8](repeating: 0, count: 4096)
    #expect(throws: SystemError(call: "write", code: EAGAIN)) {
      while true { _ = try block.withUnsafeBytes { try SystemCalls.write(descriptor, $0) } }
    }
  }

  @Test func `a renamed file is there under its new name only`() throws {
    let folder = NSTemporaryDirectory() + "rlplay-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try SystemCalls.makeDirectory(folder))
    #expect(try SystemCalls.makeDirectory(folder) == false)
    let file = try SystemCalls.open(folder + "/new", O_WRONLY | O_CREAT)
    let text = Array("words".utf8)
    try text.withUnsafeBytes { try SystemCalls.writeAll(file.rawValue, $0) }
    try SystemCalls.synchronize(file.rawValue)
    try SystemCalls.rename(folder + "/new", to: folder + "/old")
    let size = try SystemCalls.byteCount(of: file.rawValue)
    #expect(size == text.count)
    #expect(FileManager.default.contents(atPath: folder + "/old") == Data(text))
    #expect(FileManager.default.contents(atPath: folder + "/new") == nil)
  }

  @Test func `a process knows itself`() throws {
    #expect(SystemCalls.processIdentifier == ProcessInfo.processInfo.processIdentifier)
    #expect(SystemCalls.parentProcessIdentifier > 0)
    #expect(SystemCalls.coreCount >= 1)
    #expect(try FileManager.default.isExecutableFile(atPath: SystemCalls.executablePath()))
    try SystemCalls.kill(SystemCalls.processIdentifier, signal: 0)
  }

  @Test func `a signal to nobody is an error that names both`() {
    // Process identifiers end at 2²² on Linux.
    #expect(
      throws: SystemError(call: "kill", code: ESRCH, detail: "signal 15 to process 2147483647")
    ) {
      try SystemCalls.kill(.max, signal: SIGTERM)
    }
  }

  @Test func `the clock does not go back`() {
    var last = SystemCalls.monotonicNanoseconds()
    for _ in 0..<1000 {
      let now = SystemCalls.monotonicNanoseconds()
      #expect(now >= last)
      last = now
    }
  }
}
