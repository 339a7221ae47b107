/// A message in the encoding of Protocol Buffers.
package struct ProtocolBuffer {
  /// The encoded message.
  package private(set) var bytes: [UInt8] = []

  /// Creates a message without fields.
  package init() {}

  /// Adds an integer.
  package mutating func add(_ field: Int, integer: Int) {
    add(key: field, type: 0)
    add(UInt64(bitPattern: Int64(integer)))
  }

  /// Adds a number of 64 bits.
  package mutating func add(_ field: Int, double: Double) {
    add(key: field, type: 1)
    bytes += littleEndian(double.bitPattern)
  }

  /// Adds a number of 32 bits.
  package mutating func add(_ field: Int, single: Float) {
    add(key: field, type: 5)
    bytes += littleEndian(single.bitPattern)
  }

  /// Adds a text.
  package mutating func add(_ field: Int, text: String) { add(field, Array(text.utf8)) }

  /// Adds a message.
  package mutating func add(_ field: Int, _ message: ProtocolBuffer) { add(field, message.bytes) }

  /// Adds numbers of 64 bits.
  package mutating func add(_ field: Int, doubles: [Double]) {
    add(field, doubles.flatMap { littleEndian($0.bitPattern) })
  }

  /// Adds numbers of 32 bits.
  package mutating func add(_ field: Int, singles: [Float]) {
    add(key: field, type: 2)
    add(UInt64(4 * singles.count))
    bytes.reserveCapacity(bytes.count + 4 * singles.count)
    for single in singles {
      let bits = single.bitPattern
      for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }
  }

  /// Adds the fields of another message to this one.
  package mutating func append(_ fields: ProtocolBuffer) { bytes += fields.bytes }

  private mutating func add(_ field: Int, _ content: [UInt8]) {
    add(key: field, type: 2)
    add(UInt64(content.count))
    bytes += content
  }

  private mutating func add(key field: Int, type: Int) { add(UInt64(field << 3 | type)) }

  /// Adds an integer in groups of 7 bits, the least significant first.
  private mutating func add(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// Returns the bytes of an integer, least significant first.
package func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
