import Actor
import Foundation
import Rollout
import Testing

@testable import Learner

/// The variance of returns compared with explicit sums over all episodes.
struct ReturnStatisticsTests {
  private static let spaces = EnvironmentSpaces(
    observation: .box(shape: [1], low: -1, high: 1), action: .discrete(2))

  /// Batches of two fragments of 6 steps of 3 environments.
  private struct Stage {
    let batch: FragmentBatch
    let fragment: FragmentStorage
    let place: Int
    let weights: FlatVector<Float>
    let statistics: ReturnStatistics

    init() throws {
      let signature = try PolicySignature(
        NetworkPolicy(normalization: .init(rewards: true)), for: spaces)
      let layout = FragmentLayout(
        stepCount: 6, environmentCount: 3, contents: signature.contents(spaces))
      fragment = FragmentStorage(layout)
      batch = FragmentBatch(2, of: layout)
      weights = FlatVector(repeating: 0, count: signature.parameters.elementCount)
      place = try #require(signature.parameters.range(of: "normalizer.return.scale")).lowerBound
      statistics = try #require(
        ReturnStatistics(batch.layout, signature.parameters, weights, discount: 0.9))
    }

    /// Fills in a worker's fragment and appends its rewards to `episodes`.
    ///
    /// The keys of `episodes` are worker, life and environment. A new life begins new episodes. The
    /// incarnation changes each time, since a replaced worker may continue from a snapshot.
    func collect(
      _ worker: UInt32, life: Int, at position: Int, using random: inout PCG64,
      _ episodes: inout [Key: [[Double]]]
    ) {
      let view = fragment.view
      var header = FragmentHeader()
      header.worker = worker
      header.incarnation = UInt32(random.integer(below: 1000))
      view.header = header
      for b in 0..<3 {
        let key = Key(worker: worker, life: life, environment: b)
        view.fin[0, b] = episodes[key]?.last?.isEmpty ?? true
        if episodes[key] == nil { episodes[key] = [[]] }
        var waits = false
        for t in 1...6 {
          let reward = 3 * random.standardNormal() + 1
          view.rew[t, b] = waits ? 0 : Float(reward)
          let ends = random.integer(below: 5) == 0
          view.fin[t, b] = waits || ends
          view.terminated[t - 1, b] = !waits && ends && t % 2 == 0
          view.truncated[t - 1, b] = !waits && ends && t % 2 == 1
          if waits { continue }
          if random.integer(below: 20) == 0 {
            view.rew[t, b] = [.nan, .infinity][t % 2]
          } else {
            episodes[key]![episodes[key]!.count - 1].append(Double(view.rew[t, b]))
          }
          if ends {
            episodes[key]!.append([])
            // Environment 2 waits for the end of its fragment.
            waits = b == 2
          }
        }
      }
      batch.gather(view, at: position)
    }
  }

  private struct Key: Hashable {
    var worker: UInt32
    var life: Int
    var environment: Int
  }

  /// The worker and life of each fragment, for each batch.
  private static let order: [[(worker: UInt32, life: Int)]] = [
    [(0, 0), (2, 0)], [(2, 0), (0, 0)], [(0, 0), (0, 0)], [(2, 1), (0, 0)], [(2, 1), (1, 0)],
  ]

  @Test func `the scale is that of all returns so far, worker by worker`() throws {
    let stage = try Stage()
    var random = PCG64(seed: 8)
    var episodes: [Key: [[Double]]] = [:]
    for origins in Self.order {
      for (position, origin) in origins.enumerated() {
        stage.collect(
          origin.worker, life: origin.life, at: position, using: &random, &episodes)
      }
      stage.statistics.add(stage.batch)
      // R after each step of each episode, as an explicit sum.
      let returns = episodes.values.joined().flatMap { rewards in
        rewards.indices.map { end in
          (0...end).reduce(0) { sum, k in
            sum + rewards[k] * (0..<end - k).reduce(1) { product, _ in product * 0.9 }
          }
        }
      }
      let expected = NaiveMoments(returns).scale
      // A Float of sums in Double.
      #expect(abs(Double(stage.weights[stage.place]) / expected - 1) <= 1e-6)
    }
    #expect(episodes.values.joined().count > 20, "hardly an episode ended")
  }

  @Test(arguments: [1, 3])
  func `behind fragments that were dropped a return begins anew`(index: UInt64) throws {
    let stage = try Stage()
    let view = stage.fragment.view
    for (position, index) in [0, index].enumerated() {
      var header = FragmentHeader()
      header.index = index
      view.header = header
      for t in 1...6 { for b in 0..<3 { view.rew[t, b] = 1 } }
      stage.batch.gather(view, at: position)
    }
    stage.statistics.add(stage.batch)
    // No episode ends: R = 1, 1.9, … for each environment, through both fragments or in each.
    let returns = (0..<12).map { step in
      (0...(index == 1 ? step : step % 6)).reduce(0) { sum, k in sum + pow(0.9, Double(k)) }
    }
    let expected = NaiveMoments(returns.flatMap { [$0, $0, $0] }).scale
    // A Float of sums in Double.
    #expect(abs(Double(stage.weights[stage.place]) / expected - 1) <= 1e-6)
  }

  @Test func `what was saved goes on to the same bits`() throws {
    let (one, other) = (try Stage(), try Stage())
    var random = PCG64(seed: 9)
    var episodes: [Key: [[Double]]] = [:]
    func play(
      _ stage: Stage, _ origins: [(worker: UInt32, life: Int)], _ random: inout PCG64
    ) {
      for (position, origin) in origins.enumerated() {
        stage.collect(
          origin.worker, life: origin.life, at: position, using: &random, &episodes)
      }
      stage.statistics.add(stage.batch)
    }
    for origins in Self.order.prefix(4) { play(one, origins, &random) }
    let saved = try one.statistics.saved()
    try other.statistics.restore(saved)
    #expect(
      saved.map(\.name)
        == ["count", "mean", "variance", "worker.0", "worker.2"].map { "statistics.return.\($0)" })
    var copy = random
    let before = episodes
    play(one, Self.order[4], &random)
    episodes = before
    play(other, Self.order[4], &copy)
    #expect(one.weights[one.place] == other.weights[other.place])
    #expect(try one.statistics.saved() == other.statistics.saved())
    #expect(throws: CheckpointError.self) {
      try other.statistics.restore(
        saved + [.init(name: "statistics.return.worker.x", shape: [1], values: [0.0])])
    }
  }
}
