import Actor
import Foundation
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Tests that collectors leave nothing behind in their process.
  ///
  /// Each test has its own process, in which nothing else opens files.
  struct LeakTests {
    /// Collects three batches with two workers.
    static func collect(killing signal: Int32? = nil) throws {
      let setup = try RolloutSetup(
        environment: "CartPole-v1", policy: NetworkPolicy(), environmentCount: 2,
        stepCount: 10, seed: 1)
      let rollout = try MultiWorker(
        setup, actorCount: 2, bufferCount: 4, fragmentsPerBatch: 2,
        processes: WorkerProcesses(executable: try Executable.rlplay.path, say: { _ in }))
      for _ in 0..<3 { _ = try rollout.next() }
      if let signal {
        for worker in ProcessTable.children(of: getpid()) { kill(worker, signal) }
        while rollout.progress.restarts < 2 { _ = try rollout.next() }
      }
      rollout.close()
    }

    /// Returns true once at most `count` descriptors are open.
    ///
    /// Foundation's thread closes its own a moment later.
    static func descriptorsFall(to count: Int) -> Bool {
      eventually(within: 2) { ProcessTable.descriptorCount(of: getpid()) <= count }
    }

    @Test func `twenty collections leave no descriptor, child or name`() async {
      await #expect(processExitsWith: .success) {
        // The first call creates objects that Foundation keeps.
        try LeakTests.collect()
        let names = ProcessTable.sharedMemoryNames
        let descriptors = ProcessTable.descriptorCount(of: getpid())
        for _ in 0..<20 {
          try LeakTests.collect()
          #expect(ProcessTable.unreaped(of: getpid()).isEmpty)
          #expect(LeakTests.descriptorsFall(to: descriptors))
        }
        #expect(ProcessTable.sharedMemoryNames == names)
      }
    }

    @Test func `replaced workers leave no descriptor or zombie`() async {
      await #expect(processExitsWith: .success) {
        try LeakTests.collect(killing: SIGKILL)
        let descriptors = ProcessTable.descriptorCount(of: getpid())
        for signal in [SIGKILL, SIGSEGV, SIGKILL, SIGSEGV] {
          try LeakTests.collect(killing: signal)
          #expect(ProcessTable.unreaped(of: getpid()).isEmpty)
          #expect(LeakTests.descriptorsFall(to: descriptors))
        }
      }
    }

    @Test func `a program that cannot be started leaves nothing`() async {
      await #expect(processExitsWith: .success) {
        func fail() throws {
          let setup = try RolloutSetup(
            environment: "CartPole-v1", policy: NetworkPolicy(), environmentCount: 2,
            stepCount: 10, seed: 1)
          #expect(throws: WorkerStartError.self) {
            try MultiWorker(
              setup, actorCount: 2, bufferCount: 4,
              processes: WorkerProcesses(executable: "/nowhere/rlplay"))
          }
        }
        try fail()
        let descriptors = ProcessTable.descriptorCount(of: getpid())
        // Foundation opens a few descriptors at any time. A leak would be one per call.
        for _ in 0..<20 { try fail() }
        #expect(LeakTests.descriptorsFall(to: descriptors + 4))
      }
    }

    @Test func `a killed worker's successor hands over within a moment`() async {
      let result = await #expect(
        processExitsWith: .success, observing: [\.standardErrorContent]
      ) {
        let setup = try RolloutSetup(
          environment: "CartPole-v1", policy: NetworkPolicy(), environmentCount: 8,
          stepCount: 25, seed: 1)
        let rollout = try MultiWorker(
          setup, actorCount: 2, bufferCount: 4,
          processes: WorkerProcesses(executable: try Executable.rlplay.path, say: { _ in }))
        var milliseconds: [Double] = []
        for _ in 0..<5 { _ = try rollout.next() }
        var incarnations: [UInt32] = [0, 0]
        for _ in 1...9 {
          let victim = try #require(ProcessTable.children(of: getpid()).randomElement())
          let began = SystemCalls.monotonicNanoseconds()
          kill(victim, SIGKILL)
          while true {
            let header = try rollout.next().headers[0]
            guard header.incarnation > incarnations[Int(header.worker)] else { continue }
            incarnations[Int(header.worker)] = header.incarnation
            break
          }
          milliseconds.append(Double(SystemCalls.monotonicNanoseconds() - began) / 1e6)
        }
        rollout.close()
        let median = milliseconds.sorted()[4]
        reportOnStandardError("from kill to new fragment: \(milliseconds) ms")
        // It is 50 ms on an idle machine.
        #expect(median < 150)
      }
      // The figures are of interest even if the test passes.
      reportOnStandardError(String(decoding: result?.standardErrorContent ?? [], as: UTF8.self))
    }
  }
}
