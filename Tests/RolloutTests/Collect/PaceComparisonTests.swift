import Testing

@testable import Rollout

struct PaceComparisonTests {
  /// Returns the choice for each of some fragments, given the durations of the two ways.
  private func choices(
    _ count: Int, first: (Int) -> UInt64, second: (Int) -> UInt64
  ) -> [Bool] {
    var comparison = PaceComparison()
    return (0..<count).map { fragment in
      let isSecond = comparison.isSecondNext
      comparison.add(nanoseconds: isSecond ? second(fragment) : first(fragment))
      return isSecond
    }
  }

  private let trial = 2 * PaceComparison.pairCount

  @Test func `both ways are tried in turn before one is chosen`() {
    let choices = choices(trial, first: { _ in 5 }, second: { _ in 7 })
    #expect(choices == (0..<trial).map { $0 % 2 == 1 })
  }

  @Test(arguments: [false, true])
  func `the faster way is kept until the next trial`(secondIsFaster: Bool) {
    let choices = choices(
      2 * PaceComparison.period, first: { _ in 10 }, second: { _ in secondIsFaster ? 9 : 11 })
    #expect(choices[trial..<PaceComparison.period].allSatisfy { $0 == secondIsFaster })
    #expect(Array(choices[PaceComparison.period...]) == Array(choices[..<PaceComparison.period]))
  }

  @Test func `equals leave the first way`() {
    let choices = choices(trial + 1, first: { _ in 10 }, second: { _ in 10 })
    #expect(choices.last == false)
  }

  @Test func `single fragments that something disturbs decide nothing`() {
    // Three fragments of the second way take a thousand times as long.
    let choices = choices(
      trial + 1, first: { _ in 10 }, second: { $0 < 6 ? 9000 : 9 })
    #expect(choices.last == true)
  }

  @Test func `what has become faster is noticed at the next trial`() {
    let choices = choices(
      2 * PaceComparison.period, first: { _ in 10 },
      second: { $0 < PaceComparison.period ? 11 : 9 })
    #expect(choices[PaceComparison.period - 1] == false)
    #expect(choices.last == true)
  }

  @Test(arguments: [(3, false), (4, true)])
  func `a chosen way that stays a quarter slower is compared again`(
    count: Int, isCompared: Bool
  ) {
    let slow = 100..<100 + count
    let choices = choices(
      slow.upperBound + trial, first: { _ in 100 }, second: { slow.contains($0) ? 114 : 90 })
    #expect(choices[trial..<slow.upperBound].allSatisfy { $0 })
    #expect(choices[slow.upperBound...].contains(false) == isCompared)
  }

  @Test func `comparisons are at least 64 pieces apart`() {
    // The chosen way becomes slow as soon as it is chosen.
    let choices = choices(
      2 * PaceComparison.shortestPeriod, first: { _ in 100 },
      second: { $0 % PaceComparison.shortestPeriod < trial ? 90 : 200 })
    #expect(choices[trial..<PaceComparison.shortestPeriod].allSatisfy { $0 })
    #expect(!choices[PaceComparison.shortestPeriod])
  }
}
