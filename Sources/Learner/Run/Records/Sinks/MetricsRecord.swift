import Rollout

/// One line of metrics: names and values in the order in which they were set.
///
/// The names are the keys of `metrics.jsonl`, which `docs/records.md` lists.
public struct MetricsRecord: Equatable, Sendable {
  /// A value of a record.
  public enum Value: Equatable, Sendable {
    /// An integer.
    case integer(Int)
    /// A number, finite or not.
    case number(Double)
    /// A text.
    case text(String)
    /// A histogram.
    case histogram(Histogram)
  }

  /// A name with its value.
  public struct Entry: Equatable, Sendable {
    /// The name, such as `episode_return`.
    public let name: String
    /// The value.
    public internal(set) var value: Value
  }

  /// The names and values.
  public private(set) var entries: [Entry] = []

  /// Creates an empty record.
  public init() {}

  /// The number or integer of a name; nil if there is none.
  public subscript(name: String) -> Double? {
    switch entries.first(where: { $0.name == name })?.value {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .text, .histogram, nil: nil
    }
  }

  /// Appends a value, or replaces the value of an existing name in place.
  mutating func set(_ name: String, _ value: Value) {
    if let index = entries.firstIndex(where: { $0.name == name }) {
      entries[index].value = value
    } else {
      entries.append(Entry(name: name, value: value))
    }
  }

  /// Sets a number, or replaces it in place.
  public mutating func set(_ name: String, _ value: Double) { set(name, .number(value)) }

  /// Sets an integer, or replaces it in place.
  public mutating func set(_ name: String, _ value: Int) { set(name, .integer(value)) }

  /// Sets a text.
  mutating func set(_ name: String, _ value: String) { set(name, .text(value)) }

  /// Sets a histogram.
  mutating func set(_ name: String, _ value: Histogram) { set(name, .histogram(value)) }

  /// The record as a JSON object.
  ///
  /// Infinities and NaN are `null`, and a histogram is an object of the bins that are not empty.
  var object: OrderedJSON {
    var object = OrderedJSON()
    for entry in entries {
      switch entry.value {
      case .integer(let value): object.set(entry.name, value)
      case .number(let value): object.set(entry.name, value)
      case .text(let value): object.set(entry.name, value)
      case .histogram(let value): object.set(entry.name, value)
      }
    }
    return object
  }
}
