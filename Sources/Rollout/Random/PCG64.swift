/// A random stream: PCG XSL-RR 128/64, the generator of `numpy.random.default_rng`.
///
/// Equal seeds give equal words. The comment of each method states whether NumPy draws the same
/// numbers. The state is two 128-bit words, so a stream can be copied, kept in shared memory and
/// written to a checkpoint.
public struct PCG64: RandomNumberGenerator, Sendable, Hashable, BitwiseCopyable {
  @usableFromInline var state: UInt128
  @usableFromInline let increment: UInt128

  /// True if the stream has its full period, as every stream has that was made from a seed.
  ///
  /// Bytes from a file may be anything, and a stream that repeats itself could keep a draw waiting
  /// for ever.
  package var isSound: Bool { increment & 1 == 1 }

  /// The state and the increment, little-endian: 32 bytes.
  package var bytes: [UInt8] {
    [state, increment].flatMap { word in
      (0..<16).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
  }

  /// Creates a stream from its bytes, which may be anything; see ``isSound``.
  ///
  /// - Precondition: there are 32 bytes.
  package init(bytes: [UInt8]) {
    precondition(bytes.count == 32, "a random stream of \(bytes.count) bytes")
    func word(_ bytes: ArraySlice<UInt8>) -> UInt128 {
      bytes.reversed().reduce(0) { $0 << 8 | UInt128($1) }
    }
    (state, increment) = (word(bytes[..<16]), word(bytes[16...]))
  }

  /// Creates the stream of a seed that fits in 64 bits, equal to `default_rng(seed)`.
  public init(seed: UInt64) { self.init(SeedSequence(seed)) }

  /// Creates the stream of a seed sequence.
  package init(_ sequence: SeedSequence) {
    let words = sequence.generateState(4)
    // An odd increment gives the full period; each increment is a separate stream.
    increment = (UInt128(words[2]) << 64 | UInt128(words[3])) << 1 | 1
    state = increment &+ (UInt128(words[0]) << 64 | UInt128(words[1]))
    advance()
  }

  /// Returns the next 64 bits; NumPy's `random_raw`.
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
  /// Returns a number in [0, 1) with 53 random bits; NumPy's `random`.
  @inlinable
  public mutating func nextDouble() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Returns a number in [0, 1) with 24 random bits.
  ///
  /// It takes a whole word, whereas NumPy's `random(dtype=float32)` makes two numbers from one
  /// word.
  @inlinable
  public mutating func nextFloat() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// Returns a number in [low, high); NumPy's `uniform`, with the same rounding.
  @inlinable
  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * nextDouble()
  }

  /// Returns an integer in 0 ..< bound with equal probabilities.
  ///
  /// This is Lemire's multiplication with rejection. NumPy's `integers` takes half a word for
  /// bounds below 2³² and gives other numbers.
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

extension PCG64: Codable {
  private enum CodingKeys: String, CodingKey { case state, increment }

  /// Decodes the state from two pairs of words, the high word first.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func word(_ key: CodingKeys) throws -> UInt128 {
      let halves = try container.decode([UInt64].self, forKey: key)
      guard halves.count == 2 else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "\(halves.count) words where 2 are needed")
      }
      return UInt128(halves[0]) << 64 | UInt128(halves[1])
    }
    state = try word(.state)
    increment = try word(.increment)
    guard increment & 1 == 1 else {
      throw DecodingError.dataCorruptedError(
        forKey: .increment, in: container, debugDescription: "a stream's increment is odd")
    }
  }

  /// Encodes the state as two pairs of words, which any format can represent.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    func halves(_ word: UInt128) -> [UInt64] {
      [UInt64(truncatingIfNeeded: word >> 64), UInt64(truncatingIfNeeded: word)]
    }
    try container.encode(halves(state), forKey: .state)
    try container.encode(halves(increment), forKey: .increment)
  }
}
