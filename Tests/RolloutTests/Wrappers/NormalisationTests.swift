import Testing

@testable import Rollout

struct NormalisationTests {
  /// Mean and variance of numbers with the prior of 10⁻⁴ samples of mean 0 and variance 1, all at once.
  private func moments(_ samples: [Double]) -> (mean: Double, variance: Double) {
    let total = 1e-4 + Double(samples.count)
    let mean = samples.reduce(0, +) / total
    let squares = samples.reduce(1e-4 * (1 + mean * mean)) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, squares / total)
  }

  // Two ways of adding up a few hundred Doubles of size below 10³ differ by 10⁻¹⁰ at most; results are Floats.
  private func expectClose(_ one: Float, _ other: Double, _ place: String) {
    #expect(abs(Double(one) - other) <= 1e-6 * max(1, abs(other)), "\(place): \(one), \(other)")
  }

  private func normalised(_ value: Double, _ samples: [Double]) -> Double {
    let (mean, variance) = moments(samples)
    return max(-10, min(10, (value - mean) / (variance + 1e-8).squareRoot()))
  }

  @Test(arguments: [false, true])
  func `observations are normalised by all that was shown before and with them`(
    sticky: Bool
  ) throws {
    let stage = Stage(try ObservationNormalisationBatch(batch(counters)), stepCount: 6)
    let plain = Stage(try batch(counters), stepCount: 6)
    #expect(stage.batch.spaces.observation == .box(shape: [2], low: -10, high: 10))
    try plain.reset()
    var seen: [[Double]] = [[], []]
    func see(_ row: Int, _ indices: [Int]) {
      for element in 0..<2 {
        seen[element] += indices.map { Double(plain.observed(row, $0)[element]) }
      }
    }
    see(0, [0, 1, 2])
    try stage.playFragments(5, sticky: sticky) { number in
      try plain.collect(sticky: sticky) { variedAction(number, $0, $1) }
      for row in 1...6 {
        let playing = (0..<3).filter { !(sticky && row > 1 && plain.fragment.fin[row - 1, $0]) }
        for index in playing where plain.fragment.fin[row, index] {
          for element in 0..<2 {
            let last = Double(try plain.final(row - 1, index)[element])
            expectClose(
              try stage.final(row - 1, index)[element], normalised(last, seen[element]), "final")
          }
        }
        see(row, playing)
        for index in playing {
          for element in 0..<2 {
            expectClose(
              stage.observed(row, index)[element],
              normalised(Double(plain.observed(row, index)[element]), seen[element]), "row \(row)")
          }
        }
      }
      plain.carry()
    }
  }

  @Test(arguments: [false, true])
  func `rewards are divided by the deviation of discounted returns`(sticky: Bool) throws {
    let stage = Stage(RewardNormalisationBatch(try batch(counters), discount: 0.9), stepCount: 6)
    let plain = Stage(try batch(counters), stepCount: 6)
    try plain.reset()
    var (returns, seen) = ([0.0, 0.0, 0.0], [Double]())
    try stage.playFragments(5, sticky: sticky) { number in
      try plain.collect(sticky: sticky) { variedAction(number, $0, $1) }
      for row in 1...6 {
        let playing = (0..<3).filter { !(sticky && row > 1 && plain.fragment.fin[row - 1, $0]) }
        for index in playing {
          returns[index] = 0.9 * returns[index] + Double(plain.fragment.rew[row, index])
          seen.append(returns[index])
          if plain.fragment.fin[row, index] { returns[index] = 0 }
        }
        let deviation = (moments(seen).variance + 1e-8).squareRoot()
        for index in playing {
          let reward = Double(plain.fragment.rew[row, index]) / deviation
          expectClose(stage.fragment.rew[row, index], max(-10, min(10, reward)), "row \(row)")
        }
      }
      plain.carry()
    }
  }
}
