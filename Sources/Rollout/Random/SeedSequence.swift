/// Well-mixed generator states from a seed of any length, as in NumPy's class of the same name.
///
/// Equal entropy and spawn key give equal words in both. A stream here is therefore the stream of
/// `numpy.random.SeedSequence(entropy, spawn_key=key)`. Neighboring seeds give unrelated states.
package struct SeedSequence: Sendable, Hashable {
  /// The seed as 32-bit words, lowest first.
  package let entropy: [UInt32]
  /// The key that distinguishes this sequence from others with the same seed.
  package let spawnKey: [UInt32]
  /// The 128 bits into which entropy and key are hashed.
  package let pool: [UInt32]

  /// Mixes a seed that fits in 64 bits.
  package init(_ seed: UInt64, spawnKey: [UInt32] = []) {
    let low = UInt32(truncatingIfNeeded: seed)
    let high = UInt32(truncatingIfNeeded: seed >> 32)
    self.init(entropy: high == 0 ? [low] : [low, high], spawnKey: spawnKey)
  }

  /// Mixes a seed of any length, given as 32-bit words with the lowest first.
  package init(entropy: [UInt32], spawnKey: [UInt32] = []) {
    self.entropy = entropy
    self.spawnKey = spawnKey
    var words = entropy.isEmpty ? [0] : entropy
    // Zeros up to the pool's size distinguish a short seed with a key from a longer seed.
    if !spawnKey.isEmpty {
      words += Array(repeating: 0, count: max(0, Self.poolSize - words.count))
    }
    pool = Self.mix(words + spawnKey)
  }

  /// Returns the sequence with a further key, equal to the `index`-th child that NumPy spawns.
  package func child(_ index: UInt32) -> SeedSequence {
    SeedSequence(entropy: entropy, spawnKey: spawnKey + [index])
  }

  /// Returns the first `count` 64-bit words of state.
  package func generateState(_ count: Int) -> [UInt64] {
    var constant: UInt32 = 0x8b51_f9dd
    let words = (0..<2 * count).map { index -> UInt64 in
      var word = pool[index % Self.poolSize] ^ constant
      constant &*= 0x58f3_8ded
      word &*= constant
      return UInt64(word ^ (word >> 16))
    }
    return (0..<count).map { words[2 * $0] | words[2 * $0 + 1] << 32 }
  }

  private static let poolSize = 4

  private static func mix(_ words: [UInt32]) -> [UInt32] {
    var constant: UInt32 = 0x43b0_d7e5
    func hash(_ word: UInt32) -> UInt32 {
      var value = word ^ constant
      constant &*= 0x931e_8875
      value &*= constant
      return value ^ (value >> 16)
    }
    func combine(_ left: UInt32, _ right: UInt32) -> UInt32 {
      let value = 0xca01_f9dd &* left &- 0x4973_f715 &* right
      return value ^ (value >> 16)
    }
    var pool = (0..<poolSize).map { hash($0 < words.count ? words[$0] : 0) }
    for source in 0..<poolSize {
      for target in 0..<poolSize where target != source {
        pool[target] = combine(pool[target], hash(pool[source]))
      }
    }
    for word in words.dropFirst(poolSize) {
      for target in 0..<poolSize { pool[target] = combine(pool[target], hash(word)) }
    }
    return pool
  }
}
