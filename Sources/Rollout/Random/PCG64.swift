/// A stream of random words: PCG XSL-RR 128/64, the generator behind `numpy.random.default_rng`.
///
/// Equal seeds give equal words, and what is drawn here says for each kind of number whether NumPy
/// draws the same. The whole state is two words of 128 bits, so that a stream may be copied, kept
/// in shared memory and written to a checkpoint.
public struct PCG64: RandomNumberGenerator, Sendable, Hashable, BitwiseCopyable {
  @usableFromInline var state: UInt128
  @usableFromInline let increment: UInt128

  /// Begins the stream of a seed that fits in 64 bits, as `default_rng(seed)`.
  public init(seed: UInt64) { self.init(SeedSequence(seed)) }

  /// Begins the stream of a seed sequence.
  public init(_ sequence: SeedSequence) {
    let words = sequence.generateState(4)
    // Odd increments give the full period; each is a stream of its own.
    increment = (UInt128(words[2]) << 64 | UInt128(words[3])) << 1 | 1
    state = increment &+ (UInt128(words[0]) << 64 | UInt128(words[1]))
    advance()
  }

  /// The next 64 bits: NumPy's `random_raw`.
  @inlinable
  public mutating func next() -> UInt64 {
    advance()
    let folded = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
    let rotation = UInt64(truncatingIfNeeded: state >> 122)
    return folded &>> rotation | folded &<< (0 &- rotation)
  }

  @inlinable
  mutating func advance() {
    state = state &* 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645 &+ increment
  }
}

extension PCG64 {
  /// A number in [0, 1) of 53 random bits: NumPy's `random`.
  @inlinable
  public mutating func nextDouble() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in [0, 1) of 24 random bits.
  ///
  /// Takes a whole word, whereas NumPy's `random(dtype=float32)` makes two numbers of one.
  @inlinable
  public mutating func nextFloat() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// A number in [low, high): NumPy's `uniform`, with the same rounding.
  @inlinable
  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * nextDouble()
  }

  /// An integer in 0 ..< bound, all equally likely.
  ///
  /// Lemire's multiplication with rejection. NumPy's `integers` takes half a word for bounds below
  /// 2³² and gives other numbers.
  ///
  /// - Precondition: the bound is positive.
  @inlinable
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "no integer is below \(bound) and not negative")
    let width = UInt64(bound)
    var product = next().multipliedFullWidth(by: width)
    if product.low < width {
      let rejected = (0 &- width) % width
      while product.low < rejected { product = next().multipliedFullWidth(by: width) }
    }
    return Int(product.high)
  }
}
