import Rollout
import Testing

/// The learner's orders to a new process of a worker, and the counters of the old process.
struct WorkerOrderTests {
  @Test func `a process is told whose streams it begins with and whether it goes on`() throws {
    try withRunMemory { memory in
      let line = memory.line(1)
      line.begin(incarnation: 3)
      #expect(line.streams == 3 && !line.restoresSnapshot && line.firstFragment == 0)
      line.begin(incarnation: 4, streams: 0, restoresSnapshot: true, firstFragment: 9)
      #expect(line.incarnation == 4 && line.streams == 0)
      #expect(line.restoresSnapshot && line.firstFragment == 9)
    }
  }

  @Test func `episodes that are played again are told once`() throws {
    try withRunMemory { memory in
      let line = memory.line(0)
      func push(_ length: UInt32) {
        line.push(EpisodeRecord(episodeReturn: 1, length: length))
      }
      var cursor: UInt64 = 0
      var lengths: [UInt32] = []
      func drain() { line.drain(from: &cursor) { lengths.append($0.length) } }
      (1...4).forEach { push($0) }
      line.countFragment(steps: 10)
      drain()
      // The process dies; two of its four episodes were in fragments that it had published.
      line.rewind(toFragments: 2, steps: 20, episodes: 2)
      #expect(line.fragments == 2 && line.steps == 20 && line.episodes == 2)
      drain()
      push(3)
      drain()
      push(4)
      push(5)
      drain()
      #expect(lengths == [1, 2, 3, 4, 5])
      // With new episodes, nothing is repeated.
      line.rewind(toFragments: 2, steps: 20, episodes: nil)
      push(6)
      drain()
      #expect(lengths.last == 6 && line.episodes == 6)
    }
  }

  @Test func `snapshots of fragments and workers lie apart`() throws {
    let layout = RunLayout(
      workerCount: 3, bufferCount: 2, fragmentByteCount: 100, weightCount: 4,
      descriptionByteCount: 0, snapshotByteCount: 70)
    let memory = try RunMemory(creating: layout, description: [])
    let places =
      (0..<2).map { memory.pool.snapshot(of: $0) }
      + (0..<3).map { memory.snapshot(ofWorker: $0) }
    for (number, place) in places.enumerated() {
      #expect(place.count == 70)
      place.assign(Array(repeating: UInt8(number + 1), count: 70))
    }
    for buffer in 0..<2 {
      memory.pool.base(of: buffer).initializeMemory(as: UInt8.self, repeating: 0, count: 100)
    }
    memory.line(2).begin(incarnation: 1)
    for (number, place) in places.enumerated() {
      #expect(place.bytes.allSatisfy { $0 == UInt8(number + 1) })
    }
  }
}
