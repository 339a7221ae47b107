import Foundation

/// Formats numbers for display: ASCII only, independent of the locale.
package enum NumberText {
  /// Returns three to four digits and a unit: 950, 12.3k, 1.20M, 3.45G.
  package static func short(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    // Beyond these bounds rounding would give "1000k".
    let magnitude = abs(value)
    if magnitude < 999.5 { return fixed(value, 0) }
    if magnitude < 999_950 { return fixed(value / 1e3, 1) + "k" }
    if magnitude < 999_995_000 { return fixed(value / 1e6, 2) + "M" }
    return fixed(value / 1e9, 2) + "G"
  }

  /// Returns all digits, with a comma between thousands.
  package static func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var text = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// Returns the nearest integer, with a comma between thousands.
  package static func grouped(_ value: Double) -> String {
    Int(exactly: value.rounded()).map { grouped($0) } ?? "\(value)"
  }

  /// Returns a fixed number of decimal places; from a million on, scientific notation.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    return String(format: abs(value) < 1e6 ? "%.\(digits)f" : "%.2e", value)
  }

  /// Returns four significant digits: 0.01234, -1.5, 500.
  package static func significant(_ value: Double) -> String {
    value.isFinite ? String(format: "%.4g", value) : "\(value)"
  }

  /// Returns minutes and seconds, with hours if there are any: 0:07, 12:34, 1:02:03.
  package static func duration(_ seconds: Double) -> String {
    guard let whole = Int(exactly: seconds.rounded(.up)), whole >= 0 else { return "\(seconds) s" }
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return hours > 0
      ? "\(hours):\(padded(minutes)):\(padded(rest))" : "\(minutes):\(padded(rest))"
  }

  /// Pads a text on the right to a column width.
  package static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// Pads a text on the left to a column width.
  package static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
