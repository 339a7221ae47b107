/// A table of up to 256 colors, with the table index of each color of an image.
///
/// A color is 0xRRGGBB.
struct ColorTable {
  /// The largest number of colors in a GIF's table.
  static let capacity = 256

  /// The colors, by index.
  private(set) var colors: [UInt32] = []
  private var indices: [UInt32: UInt8] = [:]

  /// Creates a table without colors.
  init() {}

  /// Creates a table for an image, with its own colors if they fit, otherwise by median cut.
  ///
  /// Heckbert (1982), "Color image quantization for frame buffer display": the box of colors with
  /// the largest extent is split into two halves with equal numbers of pixels until the number of
  /// boxes reaches the table's capacity. Each box becomes its mean color. Here the box to split is
  /// the one with the largest extent times the square root of its number of pixels.
  ///
  /// - Parameter counts: the number of pixels of each color.
  init(_ counts: [UInt32: Int]) {
    if counts.count <= Self.capacity {
      for color in counts.keys.sorted() { _ = insert(color) }
      return
    }
    // Sorted, which gives equal images equal tables.
    var boxes = [Box(counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })]
    while boxes.count < Self.capacity {
      guard let widest = boxes.indices.max(by: { boxes[$0].urgency < boxes[$1].urgency }),
        boxes[widest].extent > 0
      else { break }
      let (low, high) = boxes[widest].halves()
      boxes[widest] = low
      boxes.append(high)
    }
    for box in boxes {
      for (color, _) in box.members { indices[color] = UInt8(colors.count) }
      colors.append(box.mean)
    }
  }

  /// Returns the index of a color and adds the color if it is new; nil if the table is full.
  mutating func insert(_ color: UInt32) -> UInt8? {
    if let index = indices[color] { return index }
    guard colors.count < Self.capacity else { return nil }
    let index = UInt8(colors.count)
    indices[color] = index
    colors.append(color)
    return index
  }

  /// The table as it is stored in the file: 256 times red, green and blue.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for index in 0..<Self.capacity {
      let color = index < colors.count ? colors[index] : 0
      for channel in 0..<3 { bytes.append(Self.channel(channel, of: color)) }
    }
    return bytes
  }

  fileprivate static func channel(_ channel: Int, of color: UInt32) -> UInt8 {
    UInt8(truncatingIfNeeded: color >> UInt32(16 - 8 * channel))
  }
}

/// A set of colors that become one color, with the number of pixels of each.
private struct Box {
  private(set) var members: [(color: UInt32, count: Int)]
  /// The channel with the largest extent.
  private let channel: Int
  /// The largest minus the smallest value of that channel.
  let extent: Int
  /// The priority for splitting: the extent times the square root of the number of pixels.
  let urgency: Double

  init(_ members: [(color: UInt32, count: Int)]) {
    self.members = members
    let spreads = (0..<3).map { channel in
      let values = members.map { ColorTable.channel(channel, of: $0.color) }
      return Int(values.max() ?? 0) - Int(values.min() ?? 0)
    }
    channel = spreads.indices.max { spreads[$0] < spreads[$1] } ?? 0
    extent = spreads[channel]
    let pixels = members.reduce(0) { $0 + $1.count }
    urgency = Double(extent) * Double(pixels).squareRoot()
  }

  /// Splits the box at half of its pixels; no half is empty.
  func halves() -> (Box, Box) {
    func value(_ color: UInt32) -> UInt8 { ColorTable.channel(channel, of: color) }
    let sorted = members.sorted { (value($0.color), $0.color) < (value($1.color), $1.color) }
    let half = sorted.reduce(0) { $0 + $1.count } / 2
    var (cut, below) = (1, sorted[0].count)
    while cut < sorted.count - 1, below + sorted[cut].count <= half {
      below += sorted[cut].count
      cut += 1
    }
    return (Box(Array(sorted[..<cut])), Box(Array(sorted[cut...])))
  }

  var mean: UInt32 {
    let pixels = members.reduce(0) { $0 + $1.count }
    return (0..<3).reduce(UInt32(0)) { mean, channel in
      let sum = members.reduce(0) {
        $0 + Int(ColorTable.channel(channel, of: $1.color)) * $1.count
      }
      return mean << 8 | UInt32((sum + pixels / 2) / pixels)
    }
  }
}
