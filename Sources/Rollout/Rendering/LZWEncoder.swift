/// The compression of GIF images: Lempel-Ziv-Welch with codes of 9 to 12 bits.
///
/// Codes up to 255 stand for one byte, 256 clears the table, and 257 ends the image. Each code that
/// is written adds a new code, for the string it stands for plus one byte. Bits are packed from the
/// lowest bit of each byte upwards.
///
/// Source: GIF89a, appendix F.
struct LZWEncoder {
  private static let clearCode = 256
  private static let endCode = 257
  private static let firstFreeCode = 258
  /// The number of codes of at most 12 bits.
  private static let codeLimit = 4096

  /// An open-addressing hash table from (prefix, byte) to a code.
  ///
  /// It is at most half full, which keeps probe sequences short.
  private var keys = Array(repeating: Int32(-1), count: 8192)
  private var codes = Array(repeating: UInt16(0), count: 8192)
  private var nextCode = firstFreeCode
  private var codeWidth = 9
  private var bits: UInt32 = 0
  private var bitCount = 0
  private var output: [UInt8] = []

  private init() {}

  /// Compresses an image of 8 bits per pixel.
  ///
  /// - Returns: the bytes as they are stored in the file: the smallest code width, the data in
  ///   blocks of at most 255 bytes with their lengths, and an empty block.
  static func encode(_ pixels: [UInt8]) -> [UInt8] {
    var encoder = LZWEncoder()
    encoder.write(clearCode)
    if var prefix = pixels.first.map(Int.init) {
      for pixel in pixels.dropFirst() { prefix = encoder.extend(prefix, by: pixel) }
      encoder.write(prefix)
      encoder.grow()
    }
    encoder.write(endCode)
    if encoder.bitCount > 0 { encoder.output.append(UInt8(truncatingIfNeeded: encoder.bits)) }

    var file: [UInt8] = [8]
    for start in stride(from: 0, to: encoder.output.count, by: 255) {
      let block = encoder.output[start..<min(start + 255, encoder.output.count)]
      file.append(UInt8(block.count))
      file += block
    }
    return file + [0]
  }

  /// Returns the code of a string extended by one byte.
  ///
  /// If there is no such code, it writes the code of the string, adds one for the extended string,
  /// and returns the code of the byte alone.
  private mutating func extend(_ prefix: Int, by pixel: UInt8) -> Int {
    let key = Int32(prefix << 8 | Int(pixel))
    // Fibonacci hashing: the upper 13 bits of a product.
    var place = Int((UInt32(bitPattern: key) &* 0x9E37_79B1) >> 19)
    while keys[place] != -1 {
      if keys[place] == key { return Int(codes[place]) }
      place = (place + 1) & 8191
    }
    write(prefix)
    if nextCode < Self.codeLimit {
      keys[place] = key
      codes[place] = UInt16(nextCode)
      grow()
    } else {
      write(Self.clearCode)
      for index in keys.indices { keys[index] = -1 }
      nextCode = Self.firstFreeCode
      codeWidth = 9
    }
    return Int(pixel)
  }

  /// Allocates a code and widens the codes by one bit as soon as one needs it.
  private mutating func grow() {
    if nextCode == 1 << codeWidth, codeWidth < 12 { codeWidth += 1 }
    nextCode += 1
  }

  private mutating func write(_ code: Int) {
    bits |= UInt32(code) << UInt32(bitCount)
    bitCount += codeWidth
    while bitCount >= 8 {
      output.append(UInt8(truncatingIfNeeded: bits))
      bits >>= 8
      bitCount -= 8
    }
  }
}
