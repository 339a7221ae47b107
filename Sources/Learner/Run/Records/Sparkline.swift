/// A small diagram of a series in one line of text, over the whole series.
///
/// A long series is averaged in pairs whenever it is full, so its memory is bounded.
struct Sparkline {
  private static let capacity = 512
  private static let blocks = Array("▁▂▃▄▅▆▇█")

  private var values: [Double] = []
  /// The number of added values in each element.
  private var stride = 1
  private var pending = (sum: 0.0, count: 0)

  /// Adds a value; one that is not finite is left out.
  mutating func add(_ value: Double) {
    guard value.isFinite else { return }
    pending = (pending.sum + value, pending.count + 1)
    guard pending.count >= stride else { return }
    values.append(pending.sum / Double(pending.count))
    pending = (0, 0)
    guard values.count >= Self.capacity else { return }
    for index in 0..<Self.capacity / 2 {
      values[index] = (values[2 * index] + values[2 * index + 1]) / 2
    }
    values.removeLast(Self.capacity / 2)
    stride *= 2
  }

  /// Returns the diagram with at most `width` characters, from the lowest to the highest value.
  func text(width: Int) -> String {
    let count = min(width, values.count)
    guard count > 0, let low = values.min(), let high = values.max() else { return "" }
    var text = ""
    for column in 0..<count {
      let start = column * values.count / count
      let end = (column + 1) * values.count / count
      let mean = values[start..<end].reduce(0, +) / Double(end - start)
      let share = high > low ? (mean - low) / (high - low) : 0.5
      text.append(Self.blocks[max(0, min(7, Int(share * 8)))])
    }
    return text
  }
}
