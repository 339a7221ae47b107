import Rollout
import Testing

struct QuantileTests {
  @Test func `quantiles are those of NumPy`() {
    let shares = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]
    // numpy.quantile(numbers, shares)
    let cases: [([Double], [Double])] = [
      (
        [3.5, -1.25, 0.1, 7, 2.75, 2.75, -10, 0.3],
        [-10, -3.8749999999999996, -0.23750000000000002, 1.525, 2.9375, 4.549999999999999, 7]
      ),
      ([9, 1, 4, 16, 25], [1, 2.2, 4, 9, 16, 21.400000000000002, 25]),
      ([-3], [-3, -3, -3, -3, -3, -3, -3]),
    ]
    for (numbers, expected) in cases {
      for (share, expected) in zip(shares, expected) {
        #expect(abs(numbers.quantile(share) - expected) <= 4e-15, "\(numbers) at \(share)")
      }
    }
  }

  @Test func `the median of an even count is the mean of the middle two`() {
    #expect([4.0, 0.1, 0.2, 3].median == (0.2 + 3) / 2)
    #expect([Double]().median.isNaN)
  }

  @Test func `infinite numbers are beyond all others`() {
    let numbers = [2, .infinity, 1, .infinity, 3]
    #expect(numbers.quantile(0.25) == 2)
    #expect(numbers.median == 3)
    #expect(numbers.quantile(0.75) == .infinity)
    #expect([1, .infinity].median == .infinity)
    #expect([-.infinity, 1].quantile(0.25) == -.infinity)
  }
}
