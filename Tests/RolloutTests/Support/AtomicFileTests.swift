import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  @Test func `a new file has the bytes and leaves no temporary file`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("a.bin")
      try AtomicFile.write(Data([1, 2, 3]), to: url)
      #expect(try Data(contentsOf: url) == Data([1, 2, 3]))
      #expect(try names(in: directory) == ["a.bin"])
    }
  }

  @Test func `an old file is replaced as a whole`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("a.bin")
      try AtomicFile.write(Data(repeating: 7, count: 100_000), to: url)
      try AtomicFile.write(Data([9]), to: url)
      #expect(try Data(contentsOf: url) == Data([9]))
    }
  }

  @Test func `a reader of the old file keeps it`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("a.bin")
      try AtomicFile.write(Data([1]), to: url)
      let reader = try FileHandle(forReadingFrom: url)
      try AtomicFile.write(Data([2]), to: url)
      #expect(try reader.readToEnd() == Data([1]))
    }
  }

  @Test func `empty content is written too`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("empty")
      try AtomicFile.write(Data(), to: url)
      #expect(try Data(contentsOf: url) == Data())
    }
  }

  /// A limit on file sizes makes the write fail even for root, who ignores permissions.
  @Test func `a write that fails in the middle keeps the old file and removes the temporary one`()
    async
  {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      try withTemporaryDirectory { directory in
        let url = directory.appendingPathComponent("a.bin")
        try AtomicFile.write(Data([1, 2, 3]), to: url)
        var limit = rlimit(rlim_cur: 4096, rlim_max: 1 << 30)
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
        let error = #expect(throws: RecordError.self) {
          try AtomicFile.write(Data(count: 100_000), to: url)
        }
        limit.rlim_cur = limit.rlim_max
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
        #expect(error?.errorNumber == EFBIG)
        #expect(
          error?.description
            == "cannot write '\(url.path)': File too large;"
            + " raise the limit on file sizes (ulimit -f)")
        #expect(try Data(contentsOf: url) == Data([1, 2, 3]))
        #expect(try names(in: directory) == ["a.bin"])
      }
    }
  }

  @Test func `a directory in the way is an error and stays`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("taken")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      let error = #expect(throws: RecordError.self) { try AtomicFile.write(Data([1]), to: url) }
      #expect(error?.errorNumber == EISDIR)
      #expect(try names(in: directory) == ["taken"])
    }
  }

  @Test func `a file for a parent is named as the cause`() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appendingPathComponent("file")
      try Data([5]).write(to: file)
      let error = #expect(throws: RecordError.self) {
        try AtomicFile.write(Data([1]), to: file.appendingPathComponent("inside"))
      }
      #expect(
        error?.description
          == "cannot write into '\(file.path)': Not a directory;"
          + " a part of the path is a file and not a directory")
      #expect(try Data(contentsOf: file) == Data([5]))
    }
  }

  @Test func `a missing directory is not created`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("missing/a.bin")
      let error = #expect(throws: RecordError.self) { try AtomicFile.write(Data(), to: url) }
      #expect(error?.errorNumber == ENOENT)
      let left = try names(in: directory)
      #expect(left == [])
    }
  }

  @Test func `a full disk comes with a remedy`() throws {
    let error = RecordError(cannot: "write", path: "runs/a", ENOSPC)
    #expect(
      error.description
        == "cannot write 'runs/a': No space left on device;"
        + " free some space or choose another place with --run-dir")
  }

  @Test func `a probe leaves nothing behind`() throws {
    try withTemporaryDirectory { directory in
      try AtomicFile.probe(directory: directory)
      #expect(try names(in: directory) == [])
    }
  }
}
