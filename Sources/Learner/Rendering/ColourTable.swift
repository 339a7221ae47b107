/// Up to 256 colours, and which of them stands for each colour of an image.
///
/// A colour is 0xRRGGBB.
struct ColourTable {
  /// Colours that a GIF's table can hold.
  static let capacity = 256

  /// The colours, by index.
  private(set) var colours: [UInt32] = []
  private var indices: [UInt32: UInt8] = [:]

  /// A table without colours.
  init() {}

  /// A table for an image: its own colours where they are few enough, otherwise those of a median cut.
  ///
  /// Heckbert (1982), "Color image quantization for frame buffer display": the box of colours that
  /// spreads furthest is cut in two halves of as many pixels until there are as many boxes as colours
  /// may be; each box becomes its mean.
  init(_ counts: [UInt32: Int]) {
    if counts.count <= Self.capacity {
      for colour in counts.keys.sorted() { _ = insert(colour) }
      return
    }
    // Sorted, so that equal images have equal tables.
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
      for (colour, _) in box.members { indices[colour] = UInt8(colours.count) }
      colours.append(box.mean)
    }
  }

  /// The index of a colour, which is added where it is new and there is room; `nil` where there is none.
  mutating func insert(_ colour: UInt32) -> UInt8? {
    if let index = indices[colour] { return index }
    guard colours.count < Self.capacity else { return nil }
    let index = UInt8(colours.count)
    indices[colour] = index
    colours.append(colour)
    return index
  }

  /// The table as it lies in the file: 256 times red, green and blue.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for index in 0..<Self.capacity {
      let colour = index < colours.count ? colours[index] : 0
      for channel in 0..<3 { bytes.append(Self.channel(channel, of: colour)) }
    }
    return bytes
  }

  fileprivate static func channel(_ channel: Int, of colour: UInt32) -> UInt8 {
    UInt8(truncatingIfNeeded: colour >> UInt32(16 - 8 * channel))
  }
}

/// Colours that become one, with how many pixels have each.
private struct Box {
  private(set) var members: [(colour: UInt32, count: Int)]
  /// The channel that spreads furthest.
  private let channel: Int
  /// How far it spreads.
  let extent: Int
  /// Which box is cut first: far spread, and many pixels.
  let urgency: Double

  init(_ members: [(colour: UInt32, count: Int)]) {
    self.members = members
    let spreads = (0..<3).map { channel in
      let values = members.map { ColourTable.channel(channel, of: $0.colour) }
      return Int(values.max() ?? 0) - Int(values.min() ?? 0)
    }
    channel = spreads.indices.max { spreads[$0] < spreads[$1] } ?? 0
    extent = spreads[channel]
    let pixels = members.reduce(0) { $0 + $1.count }
    urgency = Double(extent) * Double(pixels).squareRoot()
  }

  /// Cuts where half of the pixels are on either side; no half is empty.
  func halves() -> (Box, Box) {
    func value(_ colour: UInt32) -> UInt8 { ColourTable.channel(channel, of: colour) }
    let sorted = members.sorted { (value($0.colour), $0.colour) < (value($1.colour), $1.colour) }
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
        $0 + Int(ColourTable.channel(channel, of: $1.colour)) * $1.count
      }
      return mean << 8 | UInt32((sum + pixels / 2) / pixels)
    }
  }
}
