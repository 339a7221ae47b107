import Foundation
import Glibc
import Rollout
import Testing

struct RunMemoryTests {
  @Test func `who attaches finds the same layout, description and words`() throws {
    let text = Array(#"{"environment": "CartPole-v1"}"#.utf8)
    try withRunMemory(workerCount: 3, description: text) { learner in
      let worker = try RunMemory(attachingTo: getpid(), descriptor: learner.descriptor)
      try withExtendedLifetime(worker) {
        #expect(worker.layout == learner.layout)
        #expect(worker.description == text)
        #expect(worker.descriptor != learner.descriptor)

        #expect(worker.pool.claim(worker: 2, incarnation: 1) == 0)
        worker.pool.base(of: 0).storeBytes(of: 0x5EED, as: Int.self)
        worker.pool.publish(0)
        let buffer = try #require(learner.pool.takeLowestTicket())
        #expect(learner.pool.base(of: buffer).load(as: Int.self) == 0x5EED)

        let weights = (0..<8).map(Float.init)
        learner.board.publish(version: 1, weights.span)
        let copy = FlatVector<Float>(repeating: 0, count: 8)
        #expect(worker.board.read(into: copy) == 1)
        #expect(copy.elements == weights)

        worker.line(2).countFragment(steps: 12)
        #expect(learner.line(2).steps == 12)
        #expect(!worker.stopping)
        learner.stopping = true
        #expect(worker.stopping)
      }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `another process opens it by the learner's number, name or no name`() throws {
    try withRunMemory { memory in
      let other = Process()
      let output = Pipe()
      other.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      other.arguments = ["head", "-c", "6", "/proc/\(getpid())/fd/\(memory.descriptor)"]
      other.standardOutput = output
      try other.run()
      let bytes = try output.fileHandleForReading.readToEnd()
      other.waitUntilExit()
      #expect(bytes == Data("rlplay".utf8))
    }
  }

  @Test func `the learner is rung for once for each parking`() throws {
    try withRunMemory { memory in
      #expect(!memory.wakeLearnerIfParked())
      memory.parkLearner()
      #expect(memory.wakeLearnerIfParked())
      #expect(!memory.wakeLearnerIfParked())
      memory.parkLearner()
      memory.unparkLearner()
      #expect(!memory.wakeLearnerIfParked())
    }
  }

  #if DEBUG
    @Test func `fragments that nobody wrote hold no number`() throws {
      try withRunMemory { memory in
        #expect(memory.pool.base(of: 3).load(as: Float.self).isNaN)
      }
    }
  #endif

  @Test func `memory without the magic is no run`() throws {
    let memory = try SharedMemory(creating: 4096)
    let descriptor = memory.descriptor
    #expect(throws: RunMemoryError.notARun("it does not begin with a run's magic number")) {
      _ = try RunMemory(attachingTo: getpid(), descriptor: descriptor)
    }
  }

  @Test func `memory too small for a header is no run`() throws {
    let memory = try SharedMemory(creating: 100)
    let descriptor = memory.descriptor
    #expect(throws: RunMemoryError.notARun("it has only 100 bytes")) {
      _ = try RunMemory(attachingTo: getpid(), descriptor: descriptor)
    }
  }

  /// Attaches to a run after changing one word of its header.
  private func attach(changing field: RunHeader.Field, to value: UInt64) throws {
    try withRunMemory { learner in
      let raw = try SharedMemory(attachingTo: getpid(), descriptor: learner.descriptor)
      raw.base.storeBytes(of: value, toByteOffset: field.offset, as: UInt64.self)
      _ = try RunMemory(attachingTo: getpid(), descriptor: learner.descriptor)
    }
  }

  @Test func `another layout version is refused`() {
    let other = RunHeader.version + 1
    #expect(throws: RunMemoryError.versionMismatch(found: other, expected: RunHeader.version)) {
      try attach(changing: .version, to: other)
    }
  }

  @Test func `sizes that disagree are refused`() throws {
    let layout = RunLayout(
      workerCount: 2, bufferCount: 4, fragmentByteCount: 64, weightCount: 8,
      descriptionByteCount: 0)
    #expect(
      throws: RunMemoryError.sizeMismatch(found: 12_288, expected: layout.byteCount)
    ) {
      try attach(changing: .byteCount, to: 12_288)
    }
    #expect(
      throws: RunMemoryError.sizeMismatch(
        found: layout.byteCount, expected: layout.byteCount + 4096)
    ) {
      try attach(changing: .bufferCount, to: 5)
    }
  }

  @Test(arguments: [0, UInt64.max, UInt64(Int.max)])
  func `sizes that no memory can have are refused`(count: UInt64) {
    #expect(throws: RunMemoryError.notARun("the sizes in its header are invalid")) {
      try attach(changing: .workerCount, to: count)
    }
  }

  @Test func `a file that was cut is refused`() throws {
    try withRunMemory { learner in
      try SystemCalls.truncate(learner.descriptor, to: learner.layout.byteCount - 4096)
      let found = learner.layout.byteCount - 4096
      #expect(
        throws: RunMemoryError.sizeMismatch(found: found, expected: learner.layout.byteCount)
      ) {
        _ = try RunMemory(attachingTo: getpid(), descriptor: learner.descriptor)
      }
    }
  }

  @Test func `a run that does not fit the machine says what it wants and what there is`() {
    let layout = RunLayout(
      workerCount: 1, bufferCount: 1 << 20, fragmentByteCount: 1 << 30, weightCount: 0,
      descriptionByteCount: 0)
    let error = #expect(throws: RunMemoryError.self) {
      _ = try RunMemory(creating: layout, description: [])
    }
    #expect(error?.description.contains("\(layout.byteCount) bytes wanted") == true)
  }

  @Test(arguments: [
    (
      RunMemoryError.versionMismatch(found: 3, expected: 2),
      """
      the memory of the run has layout version 3, but this program has 2: \
      start learner and workers from the same build
      """
    ),
    (
      .sizeMismatch(found: 10, expected: 20),
      "the memory of the run has 10 bytes, but its counts require 20"
    ),
    (.notARun("why"), "this is not the memory of a run: why"),
  ])
  func `an error is a sentence`(error: RunMemoryError, sentence: String) {
    #expect(error.description == sentence)
  }
}
