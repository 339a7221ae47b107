import Rollout
import TestSupport
import Testing

@testable import Learner

/// Tests of bins against plain counting.
struct HistogramTests {
  /// Returns the counts by definition: numbers up to a limit and above the previous one.
  private func counts(_ numbers: [Float], _ limits: [Double]) -> [Int] {
    limits.indices.map { bin in
      numbers.count {
        Double($0) <= limits[bin] && (bin == 0 || Double($0) > limits[bin - 1])
      }
    }
  }

  @Test(arguments: [0, 1, 15, 16, 17, 400])
  func `numbers fall where the definition says, one by one and many at once`(count: Int) {
    var random = PCG64(seed: 3)
    // A quarter each: limits rounded to Float, finite numbers, infinities and NaN.
    let limits: [Double] = [-1, 0, 0.25, 0.5, 2]
    let numbers = (0..<count).map { index -> Float in
      switch index % 4 {
      case 0: Float(limits[random.integer(below: limits.count)])
      case 1: Float(random.uniform(-1.5, 3))
      case 2: random.integer(below: 2) == 0 ? .infinity : -.infinity
      default: .nan
      }
    }
    let expected = counts(numbers, limits + [.infinity])
    var (single, many) = (Histogram(limits: limits), Histogram(limits: limits))
    for number in numbers { single.add(Double(number)) }
    many.add(numbers.span)
    #expect(single.counts == expected && many.counts == expected)
    #expect(many.total == numbers.count { !$0.isNaN })
    #expect(many.take() == single && many.total == 0)
  }

  @Test func `an object has the bins that are not empty`() {
    var lags = Histogram.lags
    for lag in [0, 1, 1, 63, 64, 127, 128, 5_000_000] { lags.add(Double(lag)) }
    var record = MetricsRecord()
    record.set("lag_histogram", lags)
    #expect(
      record.object.encoded()
        == #"{"lag_histogram":{"0":1,"1":2,"63":1,"127":2,"255":1,"inf":1}}"#)
    var ratios = Histogram.ratios
    for ratio in [0, 0.0625, 0.07, 0.99, 1, 1.01, 1.02, 17] { ratios.add(ratio) }
    record = MetricsRecord()
    record.set("rho_histogram", ratios)
    #expect(
      record.object.encoded()
        == #"{"rho_histogram":{"0.0625":2,"0.125":1,"0.99":1,"1.01":2,"1.05":1,"inf":1}}"#)
  }
}
