import Glibc

extension Space {
  /// Stores a random value of the space in a fragment's leaves.
  ///
  /// Choices are equally likely. An element of a Box is uniform between two finite bounds, an
  /// exponential deviation from a single bound, and normal without bounds. Gymnasium's `sample` has
  /// the same distributions but draws other numbers. Integers are rounded down and clamped to the
  /// range of their type.
  ///
  /// - Parameters:
  ///   - leaves: the leaves to store the value in; they have this space's layout.
  ///   - random: the random stream to draw from.
  ///   - isAllowed: for a Discrete or MultiDiscrete space, a filter of choices by position and
  ///     number; if it allows none, all choices can be drawn.
  public func sample(
    into leaves: LeafRow, using random: inout PCG64,
    where isAllowed: (_ position: Int, _ choice: Int) -> Bool = { _, _ in true }
  ) {
    var leaves = leaves
    for part in parts.leaves {
      switch part {
      case .box(_, let low, let high, let elementType):
        for index in 0..<leaves.elementCount {
          let value = Self.element(low, high, isWhole: elementType.isWhole, &random)
          leaves.store(number: value, as: elementType, at: index)
        }
      case .discrete(let count):
        leaves.store(Self.choice(count, 0, &random, isAllowed))
      case .multiDiscrete(let counts):
        for (index, count) in counts.enumerated() {
          leaves.store(Self.choice(count, index, &random, isAllowed), at: index)
        }
      case .multiBinary(let count):
        for index in 0..<count { leaves.store(UInt8(random.integer(below: 2)), at: index) }
      case .tuple, .dict: break
      }
      leaves = leaves.dropping(1)
    }
  }

  private static func choice(
    _ count: Int, _ position: Int, _ random: inout PCG64, _ isAllowed: (Int, Int) -> Bool
  ) -> Int32 {
    let allowed = (0..<count).filter { isAllowed(position, $0) }
    return Int32(
      allowed.isEmpty
        ? random.integer(below: count) : allowed[random.integer(below: allowed.count)])
  }

  private static func element(
    _ low: Double, _ high: Double, isWhole: Bool, _ random: inout PCG64
  ) -> Double {
    switch (low.isFinite, high.isFinite) {
    case (true, true):
      // The upper bound of integers is drawn as often as the other values.
      guard isWhole else { return random.uniform(low, high) }
      return min((low + (high - low + 1) * random.nextDouble()).rounded(.down), high)
    case (true, false): return low - log(1 - random.nextDouble())
    case (false, true): return high + log(1 - random.nextDouble())
    case (false, false):
      // Box–Muller transform.
      return (-2 * log(1 - random.nextDouble())).squareRoot()
        * cos(2 * Double.pi * random.nextDouble())
    }
  }
}

extension ElementType {
  /// True for integers and bools.
  var isWhole: Bool { self != .float32 && self != .float64 }
}

extension LeafRow {
  /// Stores a number in the first leaf, for an element type known only at run time.
  func store(number: Double, as type: ElementType, at index: Int) {
    func whole<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
      let floor = number.rounded(.down)
      return Number(exactly: floor) ?? (floor < 0 ? .min : .max)
    }
    switch type {
    case .float32: store(Float(number), at: index)
    case .float64: store(number, at: index)
    case .int32: store(whole(Int32.self), at: index)
    case .int64: store(whole(Int64.self), at: index)
    case .uint8: store(whole(UInt8.self), at: index)
    case .bool: store(number >= 1, at: index)
    }
  }

  /// Loads a number of the first leaf, for an element type known only at run time.
  ///
  /// A bool is loaded as its byte.
  func number(as type: ElementType, at index: Int) -> Double {
    switch type {
    case .float32: Double(load(Float.self, at: index))
    case .float64: load(Double.self, at: index)
    case .int32: Double(load(Int32.self, at: index))
    case .int64: Double(load(Int64.self, at: index))
    case .uint8, .bool: Double(load(UInt8.self, at: index))
    }
  }
}
