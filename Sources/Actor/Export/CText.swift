import Rollout

/// Names and numbers in C.
///
/// A policy's names may come from a file with any contents.
struct CText {
  /// The words that no member may be named, and the names in use.
  private var taken: Set<String> = [
    "auto", "break", "case", "char", "class", "const", "continue", "default", "delete", "do",
    "double", "else", "enum", "extern", "float", "for", "friend", "goto", "if", "inline", "int",
    "long", "namespace", "new", "operator", "private", "protected", "public", "register",
    "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "template",
    "this", "throw", "try", "typedef", "typename", "union", "unsigned", "using", "virtual", "void",
    "volatile", "while", "true", "false", "bool",
  ]

  /// Returns an identifier of letters, digits and underscores that has not been returned before.
  mutating func identifier(_ name: String) -> String {
    var identifier = Self.word(name)
    while !taken.insert(identifier).inserted { identifier += "_" }
    return identifier
  }

  /// Returns a name with underscores in place of all but ASCII's letters and digits.
  static func word(_ name: String) -> String {
    let word = name.unicodeScalars.reduce(into: "") { word, scalar in
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || "0"..."9" ~= scalar)
      word += isPlain ? String(scalar) : "_"
    }
    return word.first.map { $0.isLetter } == true ? word : "policy" + word
  }

  /// Returns text that cannot end a comment: printable ASCII without `*`, `?` and `\`.
  static func comment(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { comment, scalar in
      let isPlain = (" "..."~") ~= scalar && !["*", "?", "\\"].contains(scalar)
      comment += isPlain ? String(scalar) : "."
    }
  }

  /// Returns a constant with exactly the value of a Float.
  static func number(_ value: Float) -> String {
    guard value.isFinite else { return value.isNaN ? "NAN" : value < 0 ? "-INFINITY" : "INFINITY" }
    return "\(value)f"
  }

  /// Returns a constant, rounded to Float.
  static func number(_ value: Double) -> String { number(Float(value)) }
}
