/// How many numbers fell between which limits.
///
/// A bin takes the numbers up to its limit, itself included, that are above the limit before. The last limit is infinite, so
/// that every number has a bin; what is no number is not counted. Adding allocates nothing.
public struct Histogram: Equatable, Sendable {
  /// The largest number that each bin takes, in rising order.
  public let limits: [Double]
  /// How many numbers each bin took.
  public private(set) var counts: [Int]

  /// A histogram without any number.
  ///
  /// - Parameter limits: those of all bins but the last one, whose limit is infinite.
  /// - Precondition: they rise and are finite.
  public init(limits: [Double]) {
    precondition(zip(limits, limits.dropFirst()).allSatisfy(<), "limits that do not rise")
    precondition(limits.allSatisfy(\.isFinite), "a limit that is not finite")
    self.limits = limits + [.infinity]
    counts = Array(repeating: 0, count: limits.count + 1)
  }

  /// For policy lags: a bin for each up to 63, then one for each doubling.
  public static var lags: Histogram {
    Histogram(limits: (0..<64).map(Double.init) + (7...20).map { Double(1 << $0 - 1) })
  }

  /// For ratios of probabilities: narrow about 1, wide far from it.
  public static var ratios: Histogram {
    Histogram(limits: [
      0.0625, 0.125, 0.25, 0.5, 0.67, 0.8, 0.9, 0.95, 0.99, 1.01, 1.05, 1.1, 1.2, 1.5, 2, 4, 8, 16,
    ])
  }

  /// How many numbers there are.
  public var total: Int { counts.reduce(0, +) }

  /// Adds a number.
  ///
  /// - Complexity: O(log of the bins).
  public mutating func add(_ number: Double) {
    guard !number.isNaN else { return }
    var (low, high) = (0, limits.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if number <= limits[middle] { high = middle } else { low = middle + 1 }
    }
    counts[low] += 1
  }

  /// Adds many numbers.
  ///
  /// - Complexity: O(numbers · bins), a vector of numbers at a time.
  package mutating func add(_ numbers: UnsafeBufferPointer<Float>) {
    var before = 0
    for (bin, limit) in limits.enumerated() {
      let count = Self.count(of: numbers, upTo: Float(limit))
      counts[bin] += count - before
      before = count
    }
  }

  /// How many numbers are not above a limit.
  ///
  /// Sixteen at a time by hand: the compiler leaves the plain loop as it is, which is ten times slower.
  private static func count(of numbers: UnsafeBufferPointer<Float>, upTo limit: Float) -> Int {
    let lanes = SIMD16<Float>.scalarCount
    let bytes = UnsafeRawBufferPointer(numbers)
    var counts = SIMD16<Int32>(repeating: 0)
    let whole = numbers.count / lanes
    for index in 0..<whole {
      let vector = bytes.loadUnaligned(
        fromByteOffset: index * MemoryLayout<SIMD16<Float>>.size, as: SIMD16<Float>.self)
      counts &+= SIMD16(repeating: 0).replacing(with: 1, where: vector .<= limit)
    }
    var count = Int(counts.wrappedSum())
    for number in numbers.dropFirst(whole * lanes) where number <= limit { count += 1 }
    return count
  }

  /// The histogram, which is empty from then on.
  public mutating func take() -> Histogram {
    let result = self
    for bin in counts.indices { counts[bin] = 0 }
    return result
  }
}

extension Histogram: JSONConvertible {
  /// An object of the bins that took a number: the limit as key, the count as value.
  package var jsonValue: JSONValue {
    var object = OrderedJSON()
    for (limit, count) in zip(limits, counts) where count > 0 {
      object.set(SettingFormat<Double>.number.value(limit).text, count)
    }
    return .object(object)
  }
}
