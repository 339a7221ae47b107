import Foundation
import Rollout

/// Cyclic redundancy checks of 32 bits.
enum Checksum {
  /// The tables of zlib, gzip and PNG.
  private static let tables = makeTables(polynomial: 0xEDB8_8320)
  /// The tables of Castagnoli's polynomial, which iSCSI and TensorBoard use.
  private static let tablesOfCastagnoli = makeTables(polynomial: 0x82F6_3B78)

  /// Returns eight tables of 256 entries: the effect of a byte followed by 0 to 7 others.
  ///
  /// - Parameter polynomial: the polynomial, with its bits in reverse.
  private static func makeTables(polynomial: UInt32) -> [UInt32] {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var remainder = UInt32(byte)
      for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? polynomial : 0) }
      tables[byte] = remainder
    }
    for index in 256..<8 * 256 {
      let earlier = tables[index - 256]
      tables[index] = earlier >> 8 ^ tables[Int(earlier & 0xFF)]
    }
    return tables
  }

  /// Returns the CRC-32 of bytes, or of two pieces given the checksum of the first.
  static func crc32(_ bytes: Span<UInt8>, after first: UInt32 = 0) -> UInt32 {
    checksum(bytes, tables, after: first)
  }

  /// Returns the CRC-32C of bytes.
  static func crc32c(_ bytes: Span<UInt8>) -> UInt32 {
    checksum(bytes, tablesOfCastagnoli, after: 0)
  }

  /// Returns a checksum by its tables.
  ///
  /// - Complexity: linear; eight bytes at a time, well above a gigabyte per second.
  private static func checksum(
    _ bytes: Span<UInt8>, _ tables: [UInt32], after first: UInt32
  ) -> UInt32 {
    let tables = tables.span
    precondition(tables.count == 8 * 256)
    var remainder = ~first
    var offset = 0
    while offset &+ 8 <= bytes.count {
      let word = bytes.word(at: offset) ^ UInt64(remainder)
      remainder = 0
      for place in 0..<8 {
        let byte = Int(truncatingIfNeeded: word &>> UInt64(8 &* place)) & 0xFF
        remainder ^= tables[(7 &- place) &* 256 &+ byte]
      }
      offset &+= 8
    }
    while offset < bytes.count {
      let byte = UInt8(truncatingIfNeeded: remainder) ^ bytes[offset]
      remainder = remainder >> 8 ^ tables[Int(byte)]
      offset &+= 1
    }
    return ~remainder
  }
}

extension FlatVector<Float> {
  /// Returns the CRC-32 of the elements' bytes, or of two vectors given the checksum of the first.
  package func checksum(after first: UInt32 = 0) -> UInt32 {
    Checksum.crc32(Data(bytesOf: span).span, after: first)
  }
}

extension SafetensorsFile {
  /// The metadata key of the checksum.
  ///
  /// The checksum covers every byte of the file except its own eight digits.
  static let checksumKey = "checksum"
  private static let prefix = "crc32:"
  private static let emptyDigits = "00000000"

  /// Returns the file's bytes with a checksum in the metadata; equal content gives equal bytes.
  ///
  /// `docs/run-directory.md` describes the computation.
  package func encodedWithChecksum() -> Data {
    var file = self
    file.metadata[Self.checksumKey] = Self.prefix + Self.emptyDigits
    var data = file.encoded()
    guard let digits = Self.digits(in: data) else {
      preconditionFailure("the checksum is not where it was written")
    }
    let text = String(Checksum.crc32(data.span), radix: 16)
    let padding = String(repeating: "0", count: Self.emptyDigits.count - text.count)
    data.replaceSubrange(digits, with: Data((padding + text).utf8))
    return data
  }

  /// Verifies the checksum of a file if it has one.
  ///
  /// - Throws: ``CheckpointError`` if the file is damaged or was changed.
  static func verifyChecksum(
    of data: Data, metadata: [String: String]
  ) throws(CheckpointError) {
    guard let text = metadata[checksumKey] else { return }
    guard text.hasPrefix(prefix), text.utf8.count == prefix.utf8.count + emptyDigits.utf8.count,
      let stated = UInt32(text.dropFirst(prefix.count), radix: 16), let digits = digits(in: data)
    else {
      throw CheckpointError(
        .malformed, "its checksum '\(text)' is not one that rlplay writes: the file was changed")
    }
    let bytes = data.span
    let (start, end) = (digits.lowerBound - data.startIndex, digits.upperBound - data.startIndex)
    var found = Checksum.crc32(bytes.extracting(..<start))
    found = Checksum.crc32(Array(emptyDigits.utf8).span, after: found)
    found = Checksum.crc32(bytes.extracting(end...), after: found)
    guard found == stated else {
      throw CheckpointError(
        .malformed,
        "it is damaged, or a program changed it and left the old checksum: the checksum is "
          + "\(String(found, radix: 16)) and should be \(String(stated, radix: 16))")
    }
  }

  /// Returns true if the header has a checksum in the form that rlplay writes.
  static func hasChecksum(_ data: Data) -> Bool { digits(in: data) != nil }

  /// Returns the range of the checksum's eight digits; nil if it is not in rlplay's form.
  ///
  /// The search cannot match inside a string, because quotes in strings are escaped by backslashes.
  private static func digits(in data: Data) -> Range<Data.Index>? {
    let opening = Data("\"\(checksumKey)\":\"\(prefix)".utf8)
    let header = data.prefix(8 + headerLength(of: data))
    guard let place = header.range(of: opening) else { return nil }
    let digits = place.upperBound..<place.upperBound + emptyDigits.utf8.count
    return digits.upperBound <= header.endIndex ? digits : nil
  }

  private static func headerLength(of data: Data) -> Int {
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(min(length, UInt64(maximumHeaderByteCount)))
  }
}
