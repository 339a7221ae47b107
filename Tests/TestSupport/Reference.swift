import Foundation

/// A file of results computed by PyTorch, NumPy or Gymnasium, read by path.
///
///     let reference = try Reference("reinforce_inf")
///     reference["first", "loss"].number
///     reference["first", "returns"].numbers     // flattened, row-major
public struct Reference {
  /// The parsed JSON below this point: dictionary, array, number, string, boolean or null.
  public let json: Any

  /// Reads `Tests/TestSupport/Reference/<name>.json`.
  public init(_ name: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Reference/\(name).json")
    json = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
  }

  private init(json: Any) { self.json = json }

  /// Descends by keys; a missing key is a mistake in the test and traps.
  public subscript(_ keys: String...) -> Reference {
    keys.reduce(self) { level, key in
      guard let value = (level.json as? [String: Any])?[key] else {
        fatalError("the reference has no '\(key)' here")
      }
      return Reference(json: value)
    }
  }

  /// The elements of an array.
  public var elements: [Reference] {
    guard let array = json as? [Any] else { fatalError("not an array: \(json)") }
    return array.map(Reference.init(json:))
  }

  /// The keys of a dictionary, sorted.
  public var keys: [String] { (json as? [String: Any] ?? [:]).keys.sorted() }

  /// A single number.
  public var number: Double {
    // Foundation parses many digits as a decimal number, whose `doubleValue` may be off by an ulp.
    // Its text still has all the digits.
    guard let text = (json as? NSNumber)?.stringValue, let number = Double(text) else {
      fatalError("not a number: \(json)")
    }
    return number
  }

  /// A string.
  public var string: String {
    guard let string = json as? String else { fatalError("not a string: \(json)") }
    return string
  }

  /// Every number below this point in row-major order; `false` and `true` read as 0 and 1.
  public var numbers: [Double] {
    if let array = json as? [Any] { return array.flatMap { Reference(json: $0).numbers } }
    return [number]
  }
}
