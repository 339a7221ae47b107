import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ChildProcessTests {
  @Test func `a child says how it ended`() throws {
    let child = try ChildProcess(executable: "/bin/sh", arguments: ["-c", "exit 3"])
    #expect(child.waitForEnd(seconds: 10) == .exited(3))
    let killed = try ChildProcess(executable: "/bin/sh", arguments: ["-c", "kill -9 $$"])
    #expect(killed.waitForEnd(seconds: 10) == .killed(signal: SIGKILL))
  }

  @Test func `a child that leaves a process behind has ended all the same`() throws {
    // The process left behind holds every descriptor of the child, including the one that
    // Foundation watches.
    let child = try ChildProcess(
      executable: "/bin/sh", arguments: ["-c", "sleep 30 & echo $! >&2; kill -9 $$"])
    let began = SystemCalls.monotonicNanoseconds()
    #expect(child.waitForEnd(seconds: 10) == .killed(signal: SIGKILL))
    #expect(Double(SystemCalls.monotonicNanoseconds() - began) / 1e9 < 5)
    #expect(!ProcessTable.unreaped(of: getpid()).contains(child.pid))
    var text = ""
    _ = child.takeLog { text += String(decoding: $0, as: UTF8.self) }
    kill(try #require(Int32(text.filter(\.isNumber))), SIGKILL)
  }

  @Test func `a program that is not there is an error that names it`() {
    #expect(throws: SystemError(call: "posix_spawn", code: ENOENT, detail: "/nowhere/at/all")) {
      try ChildProcess(executable: "/nowhere/at/all", arguments: [])
    }
  }

  @Test func `a child does not take itself for a rank of MPI`() async {
    await #expect(processExitsWith: .success) {
      for name in ["PMI_RANK", "OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "MPI_LOCALRANKID", "KEPT_RANK"]
      {
        setenv(name, "1", 1)
      }
      let child = try ChildProcess(
        executable: "/usr/bin/env", arguments: [], changes: ["PMI_FD": "of the caller"])
      #expect(child.waitForEnd(seconds: 10) == .exited(0))
      var text = ""
      _ = child.take(from: child.output) { text += String(decoding: $0, as: UTF8.self) }
      #expect(text.contains("KEPT_RANK=1"))
      #expect(text.contains("PMI_FD=of the caller"))
      for name in ["PMI_RANK", "OMPI_", "PMIX_", "MPI_LOCAL"] { #expect(!text.contains(name)) }
    }
  }

  @Test func `a process without free descriptors starts no child and says why`() async {
    await #expect(processExitsWith: .success) {
      try SystemCalls.setOpenFileLimit((soft: 40, hard: 40))
      let error = #expect(throws: OpenFileLimitError.self) {
        try ChildProcess(executable: "/bin/true", arguments: [])
      }
      #expect(
        error?.description == """
          the hard limit on open files is 40 and child processes need 256: raise it with \
          'ulimit -n 256' as root or in the container's settings
          """)
    }
  }

  @Test func `the soft limit is raised as far as the children need`() async {
    await #expect(processExitsWith: .success) {
      let hard = try SystemCalls.openFileLimit().hard
      try SystemCalls.setOpenFileLimit((soft: 64, hard: hard))
      try OpenFiles.makeRoom(forProcesses: 100, purpose: "100 workers")
      let soft = try SystemCalls.openFileLimit().soft
      #expect(soft > 4 * 100 && soft < 512)
      try OpenFiles.makeRoom(forProcesses: 1, purpose: "a worker")
      #expect(try SystemCalls.openFileLimit().soft == soft)
    }
  }
}
