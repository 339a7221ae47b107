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
