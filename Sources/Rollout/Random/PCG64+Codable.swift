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
