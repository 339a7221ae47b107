import Rollout
import Testing

struct RandomStreamsTests {
  @Test func `no two streams coincide`() {
    // Neighboring and distant seeds, workers and incarnations; the first word distinguishes
    // streams.
    var words: Set<UInt64> = []
    var streamCount = 0
    func add(_ stream: PCG64) {
      var stream = stream
      words.insert(stream.next())
      streamCount += 1
    }
    for seed: UInt64 in [0, 1, 2, 1 << 32, 1 << 32 | 1, .max] {
      for worker in 0..<9 {
        for incarnation in 0..<4 {
          let streams = RandomStreams(seed: seed, worker: worker, incarnation: incarnation)
          for index in 0..<9 {
            add(streams.environment(index))
            add(streams.action(index))
          }
        }
      }
      add(RandomStreams.initialization(seed: seed))
      for index in 0..<9 {
        add(RandomStreams.evaluation(seed: seed, environment: index))
        add(RandomStreams.evaluationAction(seed: seed, environment: index))
      }
    }
    #expect(words.count == streamCount)
  }

  @Test func `a stream is known by its key alone`() {
    let streams = RandomStreams(seed: 5, worker: 2, incarnation: 1)
    #expect(streams.environment(3) == PCG64(SeedSequence(5, spawnKey: [0, 2, 1, 3])))
    #expect(streams.action(3) == PCG64(SeedSequence(5, spawnKey: [1, 2, 1, 3])))
    #expect(RandomStreams.initialization(seed: 5) == PCG64(SeedSequence(5, spawnKey: [2])))
    #expect(
      RandomStreams.evaluation(seed: 5, environment: 3)
        == PCG64(SeedSequence(5, spawnKey: [3, 3])))
  }

  @Test func `a stream is the one that NumPy has for its key`() {
    // NumPy 2.4.6: PCG64(SeedSequence(seed, spawn_key=key)).random_raw(2)
    var environment = RandomStreams(seed: 5, worker: 2, incarnation: 1).environment(3)
    #expect(environment.next() == 10_064_048_142_440_362_998)
    #expect(environment.next() == 1_193_825_775_838_712_377)
    let seed: UInt64 = 9_223_372_036_854_775_813
    var action = RandomStreams(seed: seed, worker: 2, incarnation: 1).action(3)
    #expect(action.next() == 11_951_025_395_803_392_379)
    #expect(action.next() == 18_279_478_513_338_680_542)
  }
}
