import Learner
import Rollout
import Testing

struct ReplayBufferTests {
  private static let layout = FragmentLayout(
    stepCount: 2, environmentCount: 3,
    contents: FragmentContents(
      spaces: EnvironmentSpaces(
        observation: .box(shape: [2], low: -1, high: 1), action: .discrete(2)),
      reaction: .empty))

  /// Returns a batch with rewards that identify it: 100 · number + 10 · environment + row.
  private func batch(_ number: Int) -> FragmentStorage {
    let storage = FragmentStorage(Self.layout)
    for row in 0...2 {
      for environment in 0..<3 {
        storage.view.rew[row, environment] = Float(100 * number + 10 * environment + row)
      }
    }
    return storage
  }

  /// Returns how often each batch and environment is drawn, and checks that its rows stay together.
  private func draw(_ buffer: ReplayBuffer, _ times: Int) -> [Int: Int] {
    let sample = FragmentStorage(Self.layout.resized(environmentCount: 4))
    var random = PCG64(seed: 8)
    var counts: [Int: Int] = [:]
    for _ in 0..<times {
      buffer.sample(into: sample.view, using: &random)
      for place in 0..<4 {
        let first = sample.view.rew[0, place]
        #expect(sample.view.rew[1, place] == first + 1 && sample.view.rew[2, place] == first + 2)
        counts[Int(first) / 10, default: 0] += 1
      }
    }
    return counts
  }

  @Test func `it is made of whole batches`() {
    #expect(ReplayBuffer(steps: 0, of: Self.layout).capacity == 6)
    #expect(ReplayBuffer(steps: 6, of: Self.layout).capacity == 6)
    #expect(ReplayBuffer(steps: 7, of: Self.layout).capacity == 12)
  }

  @Test func `the latest batches are kept, and their environments drawn alike`() {
    let buffer = ReplayBuffer(steps: 18, of: Self.layout)
    #expect(buffer.stepCount == 0)
    buffer.add(batch(0).view)
    #expect(buffer.stepCount == 6)
    #expect(Set(draw(buffer, 50).keys) == [0, 1, 2])
    for number in 1...4 { buffer.add(batch(number).view) }
    #expect(buffer.stepCount == 18)
    let counts = draw(buffer, 2250)
    #expect(Set(counts.keys) == [20, 21, 22, 30, 31, 32, 40, 41, 42])
    // 9000 draws from 9: 1000 each, with a standard deviation of 30; the bound is five of them.
    for (_, count) in counts { #expect(abs(count - 1000) < 150) }
  }

  @Test(arguments: [1, 31, 33, 200])
  func `threads copy the same sample`(environmentCount: Int) {
    let layout = Self.layout.resized(environmentCount: environmentCount)
    let samples = [nil, ThreadPool(threadCount: 3)].map { threads in
      let buffer = ReplayBuffer(steps: 18, of: Self.layout, threads: threads)
      for number in 0...4 { buffer.add(batch(number).view) }
      let sample = FragmentStorage(layout)
      var random = PCG64(seed: 8)
      buffer.sample(into: sample.view, using: &random)
      return sample.view.bytes
    }
    #expect(samples[0] == samples[1] && Set(samples[0]).count > 1)
  }
}
