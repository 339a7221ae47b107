import Rollout
import Synchronization
import Testing

struct WeightBoardTests {
  private func publish(_ version: UInt64, _ weights: [Float], on board: WeightBoard) {
    board.publish(version: version, weights.span)
  }

  private func read(
    _ board: WeightBoard, exactly version: UInt64? = nil
  ) -> (version: UInt64?, weights: [Float]) {
    let weights = FlatVector<Float>(repeating: -1, count: board.weightCount)
    let found = board.read(into: weights, exactly: version)
    return (found, weights.elements)
  }

  @Test func `before the first version there is nothing to read`() throws {
    try withRunMemory { memory in
      #expect(memory.board.publishedVersion == 0)
      #expect(read(memory.board).version == nil)
      #expect(read(memory.board, exactly: 0).version == nil)
      #expect(read(memory.board, exactly: 1).version == nil)
    }
  }

  @Test func `the newest version is read, or one that is still there`() throws {
    try withRunMemory(slotCount: 3, weightCount: 2) { memory in
      for version in 1...5 as ClosedRange<UInt64> {
        publish(version, [Float(version), -Float(version)], on: memory.board)
      }
      #expect(memory.board.publishedVersion == 5)
      #expect(read(memory.board) == (5, [5, -5]))
      for version in 3...5 as ClosedRange<UInt64> {
        #expect(
          read(memory.board, exactly: version) == (version, [Float(version), -Float(version)]))
      }
      #expect(read(memory.board, exactly: 2).version == nil)
      #expect(read(memory.board, exactly: 6).version == nil)
    }
  }

  @Test func `a run may continue from any version`() throws {
    try withRunMemory(weightCount: 1) { memory in
      publish(5_001, [1], on: memory.board)
      #expect(read(memory.board) == (5_001, [1]))
      #expect(read(memory.board, exactly: 5_000).version == nil)
    }
  }

  @Test func `a run without weights has versions all the same`() throws {
    try withRunMemory(weightCount: 0) { memory in
      publish(1, [], on: memory.board)
      #expect(read(memory.board) == (1, []))
    }
  }

  @Test func `a version that is not newer is a bug that ends the process`() async {
    await #expect(processExitsWith: .failure) {
      try withRunMemory(weightCount: 0) { memory in
        memory.board.publish(version: 3, [Float]().span)
        memory.board.publish(version: 3, [Float]().span)
      }
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: [2, 3])
  func `no reader ever sees numbers of two versions`(slotCount: Int) throws {
    // So many weights that copies are overtaken, and threads suspended within one. Without the
    // second check of the slot version, every run of this test finds torn copies.
    let weightCount = 10_001
    let deadline = SystemCalls.monotonicNanoseconds() + 1_000_000_000
    try withRunMemory(slotCount: slotCount, weightCount: weightCount) { memory in
      let board = memory.board
      let readersLeft = Atomic<Int>(2)
      let torn = Atomic<Int>(0)
      let backwards = Atomic<Int>(0)
      let wrong = Atomic<Int>(0)

      @Sendable func write() {
        var version: UInt64 = 0
        var weights = [Float](repeating: 0, count: weightCount)
        while readersLeft.load(ordering: .acquiring) > 0 {
          version += 1
          // Integers up to 2²⁴ are exact in a Float.
          for index in weights.indices { weights[index] = Float(version % 0x100_0000) }
          board.publish(version: version, weights.span)
        }
      }

      @Sendable func readMany() {
        let weights = FlatVector<Float>(repeating: 0, count: weightCount)
        var last: UInt64 = 0
        while SystemCalls.monotonicNanoseconds() < deadline {
          let wanted = board.publishedVersion
          let isExact = wanted % 2 == 1
          guard let version = board.read(into: weights, exactly: isExact ? wanted : nil) else {
            continue
          }
          let expected = Float(version % 0x100_0000)
          if weights.elements.contains(where: { $0 != expected }) {
            torn.add(1, ordering: .relaxed)
          }
          if version < last { backwards.add(1, ordering: .relaxed) }
          if isExact && version != wanted { wrong.add(1, ordering: .relaxed) }
          last = version
        }
        readersLeft.subtract(1, ordering: .releasing)
      }

      onThreads([write, readMany, readMany])
      #expect(torn.load(ordering: .relaxed) == 0)
      #expect(backwards.load(ordering: .relaxed) == 0)
      #expect(wrong.load(ordering: .relaxed) == 0)
    }
  }
}
