import Glibc
import Rollout
import Synchronization
import Testing

struct WorkerLineTests {
  @Test func `a parking is rung for once, when its version is there`() throws {
    try withRunMemory { memory in
      let line = memory.line(1)
      #expect(!line.wakeIfParked(publishedVersion: .max))
      line.park(awaiting: 3)
      #expect(!line.wakeIfParked(publishedVersion: 2))
      #expect(line.wakeIfParked(publishedVersion: 3))
      #expect(!line.wakeIfParked(publishedVersion: 3))
      line.unpark()
      line.park(awaiting: 3)
      #expect(line.wakeIfParked(publishedVersion: 9))
    }
  }

  @Test func `who awaits a free fragment is woken whatever the version`() throws {
    try withRunMemory { memory in
      memory.line(0).park(awaiting: 0)
      #expect(memory.line(0).wakeIfParked(publishedVersion: 0))
    }
  }

  @Test func `who has gone on by itself is not rung for`() throws {
    try withRunMemory { memory in
      memory.line(0).park(awaiting: 0)
      memory.line(0).unpark()
      #expect(!memory.line(0).wakeIfParked(publishedVersion: .max))
    }
  }

  @Test func `the environment at work is told with the work`() throws {
    try withRunMemory { memory in
      let position = memory.line(0).position
      #expect(position.position == nil)
      position.mark(environment: 3, step: 7)
      #expect(position.position?.phrase == "in environment 3 at step 7 of its episode")
      for (activity, phrase) in [
        (PositionMarker.Activity.making, "while making environment 3"),
        (.resetting, "while resetting environment 3"), (.closing, "while closing environment 3"),
        (.starting, "while starting the Python of its environments"),
      ] {
        position.mark(activity, environment: 3)
        #expect(position.position?.phrase == phrase)
        #expect(position.position == .init(activity, environment: 3))
      }
      position.mark(environment: 0, step: .max)
      #expect(position.position == .init(environment: 0, step: Int(Int32.max)))
    }
  }

  @Test func `counters and episodes outlive the process, parking and position do not`() throws {
    try withRunMemory { memory in
      let line = memory.line(1)
      line.begin(incarnation: 0)
      line.countFragment(steps: 160)
      line.push(EpisodeRecord(episodeReturn: 1.5, length: 9))
      line.position.mark(environment: 7, step: 19)
      line.park(awaiting: 0)
      line.begin(incarnation: 1)
      #expect(line.incarnation == 1)
      #expect(line.position.position == nil)
      #expect(!line.wakeIfParked(publishedVersion: .max))
      line.countFragment(steps: 40)
      line.push(EpisodeRecord(episodeReturn: -2, length: 3))
      #expect(line.fragments == 2)
      #expect(line.steps == 200)
      #expect(line.episodes == 2)
      var cursor: UInt64 = 0
      var records: [EpisodeRecord] = []
      #expect(line.drain(from: &cursor) { records.append($0) } == 0)
      #expect(
        records == [
          EpisodeRecord(episodeReturn: 1.5, length: 9), EpisodeRecord(episodeReturn: -2, length: 3),
        ])
    }
  }

  @Test func `the position tells environment and step`() throws {
    try withRunMemory { memory in
      let line = memory.line(0)
      #expect(line.position.position == nil)
      line.position.mark(environment: 0, step: 0)
      #expect(line.position.position == .init(environment: 0, step: 0))
      line.position.mark(environment: 4_294_967_294, step: .max)
      #expect(line.position.position == .init(environment: 4_294_967_294, step: 2_147_483_647))
      line.position.clear()
      #expect(line.position.position == nil)
    }
  }

  @Test func `lines of two workers have nothing in common`() throws {
    try withRunMemory(workerCount: 2) { memory in
      let (one, other) = (memory.line(0), memory.line(1))
      one.begin(incarnation: 3)
      one.countFragment(steps: 5)
      one.position.mark(environment: 1, step: 1)
      one.park(awaiting: 0)
      for _ in 0..<600 { one.push(EpisodeRecord(episodeReturn: 1, length: 1)) }
      var cursor: UInt64 = 0
      other.drain(from: &cursor) { _ in Issue.record("an episode of the other worker") }
      #expect(other.incarnation == 0 && other.fragments == 0 && other.position.position == nil)
      #expect(!other.wakeIfParked(publishedVersion: .max))
    }
  }

  @Test(arguments: [0, 1, 254, 255, 256, 257, 511, 512, 1000])
  func `the last 255 episodes can be read, and what is lost is counted`(count: Int) throws {
    try withRunMemory { memory in
      let line = memory.line(0)
      for index in 0..<count {
        line.push(EpisodeRecord(episodeReturn: Float(index), length: UInt32(index)))
      }
      var cursor: UInt64 = 0
      var lengths: [Int] = []
      let skipped = line.drain(from: &cursor) { lengths.append(Int($0.length)) }
      #expect(skipped == UInt64(max(0, count - 255)))
      #expect(lengths == Array(Int(skipped)..<count))
      #expect(line.drain(from: &cursor) { _ in Issue.record("an episode given twice") } == 0)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a reader that is overtaken loses episodes but never mixes them up`() throws {
    let count = 10_000_000
    try withRunMemory { memory in
      let line = memory.line(0)
      let done = Atomic<Bool>(false)
      let wrong = Atomic<Int>(0)
      let seen = Atomic<UInt64>(0)

      @Sendable func push() {
        for index in 1...count {
          line.push(EpisodeRecord(episodeReturn: -Float(index), length: UInt32(index)))
        }
        done.store(true, ordering: .releasing)
      }

      @Sendable func drain() {
        var cursor: UInt64 = 0
        var last: UInt32 = 0
        var total: UInt64 = 0
        while true {
          let isLast = done.load(ordering: .acquiring)
          total += line.drain(from: &cursor) { record in
            let isMixed = record.episodeReturn != -Float(record.length)
            if isMixed || record.length <= last { wrong.add(1, ordering: .relaxed) }
            last = record.length
            total += 1
          }
          if isLast { break }
        }
        seen.store(total, ordering: .relaxed)
      }

      onThreads([push, drain])
      #expect(wrong.load(ordering: .relaxed) == 0)
      #expect(seen.load(ordering: .relaxed) == UInt64(count))
      #expect(line.episodes == UInt64(count))
    }
  }
}
