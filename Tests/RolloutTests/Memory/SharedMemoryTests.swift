import Foundation
import Glibc
import Rollout
import Testing

struct SharedMemoryTests {
  @Test func `new memory is all zeros, and a second mapping sees what the first writes`() throws {
    let first = try SharedMemory(creating: 10_000)
    let second = try SharedMemory(
      attachingTo: getpid(), descriptor: first.descriptor, byteCount: 10_000)
    let isZero = UnsafeRawBufferPointer(start: second.base, count: 10_000).allSatisfy { $0 == 0 }
    #expect(isZero)
    let areApart = first.base != second.base
    #expect(areApart)
    first.base.storeBytes(of: 4711, toByteOffset: 9_992, as: Int.self)
    let seen = second.base.load(fromByteOffset: 9_992, as: Int.self)
    #expect(seen == 4711)
  }

  @Test func `memory that was attached to outlives its creator's mapping`() throws {
    let second: SharedMemory
    do {
      let first = try SharedMemory(creating: 4096)
      first.base.storeBytes(of: 42, as: Int.self)
      second = try SharedMemory(attachingTo: getpid(), descriptor: first.descriptor)
    }
    let seen = second.base.load(as: Int.self)
    #expect(seen == 42)
    let byteCount = second.byteCount
    #expect(byteCount == 4096)
  }

  @Test func `more than there is fails at once with the bytes wanted and free`() throws {
    let wanted = 1 << 50
    let error = #expect(throws: SystemError.self) { _ = try SharedMemory(creating: wanted) }
    #expect(error?.call == "posix_fallocate")
    #expect(error?.code == ENOSPC)
    let text = try #require(error?.description)
    #expect(text.contains("No space left on device"))
    let match = try #require(
      try #/(\d+) bytes wanted, (\d+) bytes free in /dev/shm; .*--shm-size/#.firstMatch(in: text))
    #expect(Int(match.1) == wanted)
    #expect(try #require(Int(match.2)) < wanted)
  }

  @Test func `attaching to more than the file has is refused, not a crash later`() throws {
    let memory = try SharedMemory(creating: 4096)
    let descriptor = memory.descriptor
    let error = #expect(throws: SystemError.self) {
      _ = try SharedMemory(attachingTo: getpid(), descriptor: descriptor, byteCount: 8192)
    }
    #expect(error?.code == EINVAL)
    #expect(error?.description.contains("has 4096 bytes, but 8192 are required") == true)
  }

  @Test func `attaching to nobody is an error that names the path`() {
    let error = #expect(throws: SystemError.self) {
      _ = try SharedMemory(attachingTo: .max, descriptor: 3)
    }
    #expect(
      error == SystemError(call: "open", code: ENOENT, detail: "/proc/2147483647/fd/3"))
  }

  @Test func `nothing is left behind: no name, no descriptor, no mapping`() async {
    // In a separate process, where no other test opens anything.
    await #expect(processExitsWith: .success) {
      // Only entries with this memory's name are counted, because the test runner's own threads
      // open and map files meanwhile.
      func countDescriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
          let path = try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/self/fd/\($0)")
          return path?.contains("/rlplay-\(getpid())-") ?? false
        }
      }
      func countMappings() throws -> Int {
        // One read of this file returns at most a page, and reading by path stops there.
        let file = try #require(FileHandle(forReadingAtPath: "/proc/self/maps"))
        var maps = Data()
        while let part = try file.read(upToCount: 1 << 12), !part.isEmpty { maps += part }
        return String(decoding: maps, as: UTF8.self)
          .split(separator: "\n").count { $0.contains("/rlplay-\(getpid())-") }
      }
      func countNames() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/dev/shm")
          .count { $0.hasPrefix("rlplay-\(getpid())-") }
      }
      do {
        let first = try SharedMemory(creating: 4096)
        let second = try SharedMemory(attachingTo: getpid(), descriptor: first.descriptor)
        try #require(try countDescriptors() == 2)
        try #require(try countMappings() == 2)
        try #require(try countNames() == 0)
        try #require(fcntl(first.descriptor, F_GETFD) & FD_CLOEXEC != 0)
        try #require(fcntl(second.descriptor, F_GETFD) & FD_CLOEXEC != 0)
      }
      do { _ = try SharedMemory(creating: 1 << 50) } catch {}
      do { _ = try SharedMemory(attachingTo: getpid(), descriptor: 0, byteCount: 1 << 50) } catch {}
      try #require(try countDescriptors() == 0)
      try #require(try countMappings() == 0)
      try #require(try countNames() == 0)
    }
  }
}
