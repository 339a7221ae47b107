import Foundation
import Testing

@testable import RolloutCommand

struct ScaleTests {
  private func scale(_ numbers: [Double], logarithmic: Bool = false, margin: Double = 0) -> Scale {
    Scale(
      Axis(isLogarithmic: logarithmic), numbers: numbers, pixels: (100, 300), margin: margin)
  }

  @Test func `numbers lie between the ends in proportion`() {
    let linear = scale([0, 50, 200])
    #expect(linear.pixel(0) == 100 && linear.pixel(200) == 300 && linear.pixel(50) == 150)
    let logarithmic = scale([1, 10_000], logarithmic: true)
    #expect(logarithmic.pixel(100) == 200)
    #expect(logarithmic.pixel(0) == nil && logarithmic.pixel(-1) == nil)
    #expect(linear.pixel(.nan) == nil && linear.pixel(.infinity) == nil)
  }

  @Test func `a constant, nothing and huge numbers have a scale`() {
    #expect(scale([7, 7]).pixel(7) == 200)
    #expect(scale([0]).pixel(0) == 200)
    #expect(scale([], logarithmic: true).pixel(0.1) == 100)
    #expect(scale([.nan, 3]).pixel(3) == 200)
    let huge = scale([-1e300, 1e300])
    #expect(huge.pixel(0) == 200)
    #expect(huge.ticks(count: 5).count >= 3)
  }

  @Test(
    arguments: [
      ([0.0, 0.9], false, ["0", "0.2", "0.4", "0.6", "0.8"]),
      ([0.0, 500.0], false, ["0", "100", "200", "300", "400", "500"]),
      ([-0.013, 0.013], false, ["−0.01", "0", "0.01"]),
      ([0.0, 4_000_000.0], false, ["0", "1M", "2M", "3M", "4M"]),
      ([0.0, 2500.0], false, ["0", "500", "1000", "1500", "2000", "2500"]),
      ([0.001, 1000.0], true, ["0.01", "1", "100"]),
      ([30.0, 75.0], true, ["50"]),
      ([20.0, 200.0], true, ["20", "50", "100", "200"]),
      ([1e-9, 1.0], true, ["1e-8", "1e-6", "0.0001", "0.01", "1"]),
    ] as [([Double], Bool, [String])])
  func `ticks are round numbers with distinct labels`(
    numbers: [Double], isLogarithmic: Bool, labels: [String]
  ) {
    let scale = scale(numbers, logarithmic: isLogarithmic)
    let ticks = scale.ticks(count: 5)
    if labels.count > 1 { #expect(ticks.map(\.label) == labels) }
    #expect(Set(ticks.map(\.label)).count == ticks.count && ticks.count > 1, "\(ticks)")
    for tick in ticks {
      let pixel = scale.pixel(tick.number) ?? 0
      #expect((100.0...300.0).contains(pixel))
    }
  }
}
