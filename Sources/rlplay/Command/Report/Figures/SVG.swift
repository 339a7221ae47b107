import Rollout

/// The elements of SVG that figures are made of.
enum SVG {
  /// Returns a coordinate with one decimal place.
  static func pixels(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
  }

  /// Returns a point as the operand of a path's command.
  static func place(_ x: Double, _ y: Double) -> String { "\(pixels(x)) \(pixels(y))" }

  /// Returns a path of a class of ``Stylesheet``.
  static func path(_ name: String, _ commands: String) -> String {
    "<path class=\"\(name)\" d=\"\(commands)\"/>\n"
  }

  /// Returns a rectangle as commands of a path.
  static func rectangle(x: ClosedRange<Double>, y: ClosedRange<Double>) -> String {
    "M\(place(x.lowerBound, y.upperBound))V\(pixels(y.lowerBound))H\(pixels(x.upperBound))"
      + "V\(pixels(y.upperBound))z"
  }

  /// The point of a text that stands at its place.
  enum Anchor: String {
    case start
    case middle
    case end
  }

  /// Returns a text of a class of ``Stylesheet``, on a baseline.
  static func text(
    _ name: String, _ anchor: Anchor, x: Double, y: Double, _ content: String
  ) -> String {
    let alignment = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
    return "<text class=\"\(name)\"\(alignment) x=\"\(pixels(x))\" y=\"\(pixels(y))\">"
      + "\(content.htmlEscaped)</text>\n"
  }

  /// The approximate width of a text of 11 units height.
  static func textWidth(_ text: String) -> Double { 6.1 * Double(text.count) }
}
