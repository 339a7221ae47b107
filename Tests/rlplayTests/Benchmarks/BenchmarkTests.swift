import Foundation
import Rollout
import TestSupport
import Testing

@testable import RolloutCommand

/// The names and formats of measurements, never the speed of the machine.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct BenchmarkTests {
  @Test(arguments: BenchmarkSuite.all.map(\.name))
  func `every measurement gives finite positive figures`(name: String) throws {
    let benchmark = try #require(try BenchmarkSuite.selection([name]).first)
    let settings = BenchmarkSettings(
      seconds: 0.01, minimumRepetitions: 1, workerExecutable: try Executable.rlplay.path)
    let figures = try benchmark.measure(settings)
    #expect(figures.first?.name == benchmark.figureName)
    for figure in figures {
      #expect(figure.value.isFinite && figure.value > 0, "\(figure)")
      #expect(figure.name.hasPrefix("\(name)_"))
      #expect(figure.name.hasSuffix(figure.unit.nameEnding))
      #expect(figure.text.contains(" "), "a figure without its unit: \(figure.text)")
    }
  }

  @Test func `no two measurements share a name`() {
    #expect(Set(BenchmarkSuite.all.map(\.name)).count == BenchmarkSuite.all.count)
  }

  @Test func `a selection keeps the table's order`() throws {
    let names = try BenchmarkSuite.selection(["matmul_64", "update"]).map(\.name)
    #expect(names == ["update", "matmul_64"])
    #expect(try BenchmarkSuite.selection(nil).count == BenchmarkSuite.all.count)
  }

  @Test func `groups are measured by name only, as a whole or in part`() throws {
    let simulated = try BenchmarkSuite.selection(["ranks_256"]).map(\.name)
    #expect(simulated.count > 1 && simulated.allSatisfy { $0.hasPrefix("ranks_256_") })
    #expect(
      try BenchmarkSuite.selection(["allreduce_10k", "update"]).map(\.name)
        == ["update", "allreduce_10k"])
    let names = Set(try BenchmarkSuite.selection(nil).map(\.name))
    #expect(names.isDisjoint(with: BenchmarkSuite.groups.flatMap(\.benchmarks).map(\.name)))
  }

  @Test func `an unknown name is refused with the nearest`() {
    #expect(
      throws: ConfigurationError(
        "--only train_mutli is not a measurement. Did you mean 'train_multi'?", option: "only")
    ) {
      try BenchmarkSuite.selection(["update", "train_mutli"])
    }
    let error = #expect(throws: ConfigurationError.self) { try BenchmarkSuite.selection(["zebra"]) }
    #expect(
      error?.message.hasPrefix("--only zebra is not a measurement. There are cartpole_step") == true
    )
  }
}

struct RepetitionTests {
  @Test func `the median is the number in the middle`() {
    #expect([3.0, 1, 2].median == 2)
    #expect([4.0, 1, 2, 3].median == 2.5)
    #expect([Double]().median.isNaN)
  }

  @Test func `there are as many repetitions as are asked for at least`() {
    let settings = BenchmarkSettings(seconds: 0, minimumRepetitions: 4)
    var count = 0.0
    let samples = settings.repeated {
      count += 1
      return count
    }
    #expect(samples == [1, 2, 3, 4])
  }

  @Test func `a loop grows until it fills its time`() throws {
    var largest = 0
    let loop = try TimedLoop(seconds: 0.001) { count in
      largest = max(largest, count)
      let end = SystemCalls.monotonicNanoseconds() + UInt64(count) * 1000
      while SystemCalls.monotonicNanoseconds() < end {}
    }
    #expect(largest > 1)
    #expect(try loop.nanoseconds() >= 1000)
  }
}

struct RankSimulationTests {
  @Test func `a busy learner waits for the whole sum, an idle one for none`() {
    var simulation = RankSimulation(collectSeconds: 1e-3, jitter: 0, learnSeconds: 1e-3)
    func seconds(_ sumSeconds: Double) -> Double {
      simulation.secondsPerUpdate(rankCount: 8, sumSeconds: sumSeconds)
    }
    // The first batch is waited for: one collection in 400.
    #expect(abs(seconds(0) - 1e-3) < 1e-5)
    #expect(abs(seconds(1e-3) - 2e-3) < 1e-5)
    simulation.learnSeconds = 0.5e-3
    #expect(abs(seconds(0.4e-3) - 1e-3) < 1e-5)
    #expect(abs(seconds(1e-3) - 1.5e-3) < 1e-5)
  }

  @Test func `batches that lie ready smooth the times of the slowest rank`() {
    var simulation = RankSimulation(collectSeconds: 1e-3, jitter: 0.1, learnSeconds: 0)
    let smoothed = simulation.secondsPerUpdate(rankCount: 256, sumSeconds: 0)
    simulation.readyCount = 0
    let unsmoothed = simulation.secondsPerUpdate(rankCount: 256, sumSeconds: 0)
    // The largest of 256 normal times is 2.8 standard deviations above the mean: 1.28 ms.
    #expect(smoothed > 1e-3 && smoothed < unsmoothed && unsmoothed < 1.28e-3)
  }

  @Test func `a sum takes the time of the table`() {
    // docs/machines.md, for 100,000 numbers and 256 ranks.
    let seconds = RankSimulation.Network.all.map {
      $0.sumSeconds(weightCount: 100_000, rankCount: 256)
    }
    for (found, milliseconds) in zip(seconds, [7.3, 1.0, 0.19]) {
      #expect(abs(found * 1e3 - milliseconds) < 0.06 * milliseconds)
    }
    #expect(RankSimulation.Network.all[0].sumSeconds(weightCount: 1, rankCount: 1) == 0)
  }
}
