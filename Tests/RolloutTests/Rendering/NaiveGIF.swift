/// A GIF decoded with plain loops, straight from the specification, to test the encoder.
struct NaiveGIF {
  struct Malformed: Error {
    let what: String
  }

  var width = 0
  var height = 0
  /// True if the animation repeats endlessly.
  var loops = false
  /// The complete picture after each frame, [height · width · 3].
  var pictures: [[UInt8]] = []
  var centiseconds: [Int] = []
  /// The number of pixels that each frame replaces.
  var areas: [Int] = []
  /// The number of frames with their own table.
  var ownTableCount = 0

  init(_ bytes: [UInt8]) throws {
    var place = 0
    func byte() throws -> Int {
      guard place < bytes.count else { throw Malformed(what: "it ends early") }
      place += 1
      return Int(bytes[place - 1])
    }
    func word() throws -> Int { try byte() + 256 * byte() }
    func take(_ count: Int) throws -> [UInt8] { try (0..<count).map { _ in UInt8(try byte()) } }
    func blocks() throws -> [UInt8] {
      var content: [UInt8] = []
      while case let count = try byte(), count > 0 { content += try take(count) }
      return content
    }

    guard try take(6) == Array("GIF89a".utf8) else { throw Malformed(what: "no GIF89a") }
    (width, height) = (try word(), try word())
    let flags = try byte()
    _ = try take(2)
    let shared = flags & 0x80 != 0 ? try take(3 << (flags & 7 + 1)) : []
    var screen = [UInt8](repeating: 0, count: width * height * 3)
    var delay = 0
    while true {
      switch try byte() {
      case 0x21:
        let label = try byte()
        let content = try blocks()
        if label == 0xF9 { delay = Int(content[1]) + 256 * Int(content[2]) }
        if label == 0xFF { loops = content == Array("NETSCAPE2.0".utf8) + [1, 0, 0] }
      case 0x2C:
        let (left, top, wide, high) = (try word(), try word(), try word(), try word())
        let flags = try byte()
        let own = flags & 0x80 != 0 ? try take(3 << (flags & 7 + 1)) : nil
        if own != nil { ownTableCount += 1 }
        let width = try byte()
        let indices = try Self.unpacked(try blocks(), minimumWidth: width)
        guard indices.count == wide * high else { throw Malformed(what: "\(indices.count) pixels") }
        for (number, index) in indices.enumerated() {
          let target = ((top + number / wide) * self.width + left + number % wide) * 3
          for channel in 0..<3 { screen[target + channel] = (own ?? shared)[index * 3 + channel] }
        }
        pictures.append(screen)
        centiseconds.append(delay)
        areas.append(wide * high)
      case 0x3B:
        guard place == bytes.count else { throw Malformed(what: "something follows its end") }
        return
      default: throw Malformed(what: "an unknown block before byte \(place)")
      }
    }
  }

  /// Returns the unpacked codes, with every string of the table stored in full.
  static func unpacked(_ bytes: [UInt8], minimumWidth: Int) throws -> [Int] {
    let (clear, end) = (1 << minimumWidth, 1 << minimumWidth + 1)
    var table: [[Int]] = []
    var width = 0
    var last: [Int] = []
    func restart() {
      table = (0..<clear).map { [$0] } + [[], []]
      width = minimumWidth + 1
      last = []
    }
    restart()
    var output: [Int] = []
    var bit = 0
    while true {
      guard bit + width <= bytes.count * 8 else { throw Malformed(what: "no end of an image") }
      let code = (0..<width).reduce(0) { code, index in
        code | Int(bytes[(bit + index) / 8] >> UInt8((bit + index) % 8) & 1) << index
      }
      bit += width
      if code == clear {
        restart()
        continue
      }
      if code == end { return output }
      let string: [Int]
      if code < table.count {
        string = table[code]
      } else {
        guard code == table.count, !last.isEmpty else { throw Malformed(what: "a code too far") }
        string = last + [last[0]]
      }
      output += string
      if !last.isEmpty, table.count < 4096 { table.append(last + [string[0]]) }
      if table.count == 1 << width, width < 12 { width += 1 }
      last = string
    }
  }
}
