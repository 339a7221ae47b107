import Rollout

/// Counts of numbers in bins.
///
/// A bin counts the numbers above the previous limit, up to and including its own limit. The last
/// limit is infinite, so every number has a bin. NaN is not counted. Adding a number allocates
/// nothing.
public struct Histogram: Equatable, Sendable {
  /// The inclusive upper limits of the bins, in ascending order.
  package let limits: [Double]
  /// The count of each bin.
  package private(set) var counts: [Int]

  /// Creates an empty histogram.
  ///
  /// - Parameter limits: the limits of all bins except the last one, which is infinite.
  /// - Precondition: `limits` are finite and ascend strictly.
  public init(limits: [Double]) {
    precondition(zip(limits, limits.dropFirst()).allSatisfy(<), "limits that do not rise")
    precondition(limits.allSatisfy(\.isFinite), "a limit that is not finite")
    self.limits = limits + [.infinity]
    counts = Array(repeating: 0, count: limits.count + 1)
  }

  /// A histogram of policy lags: one bin per lag up to 63, then one bin per doubling.
  public static var lags: Histogram {
    Histogram(limits: (0..<64).map(Double.init) + (7...20).map { Double(1 << $0 - 1) })
  }

  /// A histogram of probability ratios: narrow bins near 1, wide bins far from it.
  package static var ratios: Histogram {
    Histogram(limits: [
      0.0625, 0.125, 0.25, 0.5, 0.67, 0.8, 0.9, 0.95, 0.99, 1.01, 1.05, 1.1, 1.2, 1.5, 2, 4, 8, 16,
    ])
  }

  /// A histogram of numbers of any size and sign: ten bins per power of ten, from 0.001 to 10^9.
  package static let magnitudes: Histogram = {
    let mantissas = ["1", "1.2", "1.5", "2", "2.5", "3", "4", "5", "6", "8"]
    // Read from their digits, because a product would not be the number nearest to them.
    let positive = (-3..<9).flatMap { exponent in
      mantissas.compactMap { Double("\($0)e\(exponent)") }
    }
    return Histogram(limits: positive.reversed().map { -$0 } + [0] + positive + [1e9])
  }()

  /// The total count.
  package var total: Int { counts.reduce(0, +) }

  /// Adds a number.
  ///
  /// - Complexity: O(log bins).
  public mutating func add(_ number: Double) {
    guard !number.isNaN else { return }
    var (low, high) = (0, limits.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if number <= limits[middle] { high = middle } else { low = middle + 1 }
    }
    counts[low] += 1
  }

  /// Adds all numbers of a buffer.
  ///
  /// - Complexity: O(numbers · bins), 16 numbers at a time.
  package mutating func add(_ numbers: Span<Float>) {
    var before = 0
    for (bin, limit) in limits.enumerated() {
      let count = Self.count(of: numbers, upTo: Float(limit))
      counts[bin] += count - before
      before = count
    }
  }

  /// Returns the count of numbers less than or equal to a limit.
  ///
  /// Vectorized by hand, 16 numbers at a time: the compiler does not vectorize the plain loop,
  /// which is ten times slower.
  private static func count(of numbers: Span<Float>, upTo limit: Float) -> Int {
    let lanes = SIMD16<Float>.scalarCount
    var counts = SIMD16<Int32>(repeating: 0)
    let whole = numbers.count / lanes
    for index in 0..<whole {
      let vector = numbers.vector(at: index * lanes, as: SIMD16<Float>.self)
      counts &+= SIMD16(repeating: 0).replacing(with: 1, where: vector .<= limit)
    }
    var count = Int(counts.wrappedSum())
    for index in whole * lanes..<numbers.count where numbers[index] <= limit { count += 1 }
    return count
  }

  /// Returns the histogram and resets its counts to zero.
  public mutating func take() -> Histogram {
    let result = self
    for bin in counts.indices { counts[bin] = 0 }
    return result
  }
}

extension Histogram: JSONConvertible {
  /// An object with one entry per bin that is not empty: the limit as key, the count as value.
  package var jsonValue: JSONValue {
    var object = OrderedJSON()
    for (limit, count) in zip(limits, counts) where count > 0 {
      object.set(SettingFormat<Double>.number.value(limit).text, count)
    }
    return .object(object)
  }
}
