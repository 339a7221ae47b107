/// The metrics of several updates, combined under their names in a fixed order.
struct UpdateMetrics {
  private var entries: [Entry] = []

  private struct Entry {
    var name: String
    var summary: MetricSummary
    var sum = 0.0
    var largest = -Double.infinity
    var newest = 0.0
    var count = 0

    mutating func add(_ value: Double) {
      sum += value
      largest = max(largest, value)
      newest = value
      count += 1
    }

    var value: Double {
      switch summary {
      case .mean: sum / Double(count)
      case .largest: largest
      case .newest: newest
      }
    }
  }

  /// Adds a metric and returns its place.
  mutating func place(_ name: String, _ summary: MetricSummary) -> Int {
    entries.append(Entry(name: name, summary: summary))
    return entries.count - 1
  }

  /// Adds an update's value of the metric at a place.
  mutating func add(_ value: Double, at place: Int) { entries[place].add(value) }

  /// Returns the names and values of all metrics added since the last call.
  mutating func take() -> [(name: String, value: Double)] {
    let result = entries.filter { $0.count > 0 }.map { ($0.name, $0.value) }
    for index in entries.indices {
      entries[index] = Entry(name: entries[index].name, summary: entries[index].summary)
    }
    return result
  }
}
