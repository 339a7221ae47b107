import Rollout

/// An event of TensorBoard, as the message `Event` of `tensorboard/compat/proto/event.proto`.
struct Event {
  private(set) var message = ProtocolBuffer()

  /// The encoded event.
  var bytes: [UInt8] { message.bytes }

  /// Creates an event.
  ///
  /// - Parameters:
  ///   - time: seconds since 1970.
  ///   - step: the environment step; nil for none.
  init(time: Double, step: Int?) {
    message.add(1, double: time)
    if let step { message.add(2, integer: step) }
  }

  /// Sets the version of the format, in the first event of a file.
  mutating func set(version: String) { message.add(3, text: version) }

  /// Tells TensorBoard to forget events of this event's step and later ones.
  mutating func setRestart() {
    var log = ProtocolBuffer()
    log.add(1, integer: 1)
    message.add(7, log)
  }

  /// Sets the values.
  mutating func set(_ values: [ProtocolBuffer]) {
    var summary = ProtocolBuffer()
    for value in values { summary.add(1, value) }
    message.add(5, summary)
  }

  /// Returns the step of an encoded event; 0 if it has none.
  static func step(of event: ArraySlice<UInt8>) -> Int {
    // The time in 9 bytes, then the step's key and the step in groups of 7 bits.
    let digits = event.dropFirst(9)
    guard event.first == 1 << 3 | 1, digits.first == 2 << 3 else { return 0 }
    var (step, shift) = (UInt64(0), UInt64(0))
    for byte in digits.dropFirst().prefix(10) {
      step |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { break }
      shift += 7
    }
    return Int(truncatingIfNeeded: step)
  }

  // MARK: Values

  /// Returns a scalar.
  static func scalar(_ tag: String, _ number: Double) -> ProtocolBuffer {
    var value = ProtocolBuffer()
    value.add(1, text: tag)
    value.add(2, single: Float(number))
    return value
  }

  /// Returns a text, which TensorBoard shows as Markdown.
  static func text(_ tag: String, _ text: String) -> ProtocolBuffer {
    var plugin = ProtocolBuffer()
    plugin.add(1, text: "text")
    var metadata = ProtocolBuffer()
    metadata.add(1, plugin)
    var dimension = ProtocolBuffer()
    dimension.add(1, integer: 1)
    var shape = ProtocolBuffer()
    shape.add(2, dimension)
    var tensor = ProtocolBuffer()
    // The type `DT_STRING`.
    tensor.add(1, integer: 7)
    tensor.add(2, shape)
    tensor.add(8, text: text)
    var value = ProtocolBuffer()
    value.add(1, text: tag + "/text_summary")
    value.add(8, tensor)
    value.add(9, metadata)
    return value
  }

  /// Returns a histogram; nil if it counts nothing.
  ///
  /// TensorBoard needs finite limits: the last bin ends at twice the limit of the one before. The
  /// sums are those of the middles of the bins.
  static func histogram(_ tag: String, _ histogram: Histogram) -> ProtocolBuffer? {
    let (limits, counts) = (histogram.limits, histogram.counts)
    guard let first = counts.firstIndex(where: { $0 > 0 }),
      let last = counts.lastIndex(where: { $0 > 0 }), limits.count > 2
    else { return nil }
    let lowest = first == 0 ? 2 * limits[0] - limits[1] : limits[first - 1]
    var uppers = Array(limits[first...last])
    if last == limits.count - 1 { uppers[uppers.count - 1] = max(2 * limits[last - 1], 1) }
    var (sum, squares, lower) = (0.0, 0.0, lowest)
    for (upper, count) in zip(uppers, counts[first...last]) {
      let middle = (lower + upper) / 2
      sum += Double(count) * middle
      squares += Double(count) * middle * middle
      lower = upper
    }
    var message = ProtocolBuffer()
    message.add(1, double: lowest)
    message.add(2, double: lower)
    message.add(3, double: Double(histogram.total))
    message.add(4, double: sum)
    message.add(5, double: squares)
    message.add(6, doubles: uppers)
    message.add(7, doubles: counts[first...last].map(Double.init))
    var value = ProtocolBuffer()
    value.add(1, text: tag)
    value.add(5, message)
    return value
  }
}
