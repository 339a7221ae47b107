extension String {
  /// The text with every control character written as an escape, such as `\u{1b}`, on one line.
  ///
  /// Text from files goes through here before it is shown: environment names, metadata, JSON
  /// errors. A file could otherwise move the cursor, recolor a terminal or fake a line of output.
  package var escapingControls: String { escapingControls(keepingLines: false) }

  /// The text with control characters written as escapes.
  ///
  /// - Parameter keepingLines: whether newlines and tabs stay as they are.
  package func escapingControls(keepingLines: Bool) -> String {
    func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
      keepingLines && (scalar == "\n" || scalar == "\t") || !scalar.isControl
    }
    guard !unicodeScalars.allSatisfy(isHarmless) else { return self }
    var text = ""
    for scalar in unicodeScalars {
      if isHarmless(scalar) {
        text.unicodeScalars.append(scalar)
      } else {
        text += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return text
  }
}

extension Unicode.Scalar {
  /// True for control characters, line separators, and marks that reorder the text around them.
  package var isControl: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0: true
    case 0x2028, 0x2029: true
    case 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

extension String {
  /// The text as one word of a shell's command line.
  ///
  /// Text with control characters takes the form `$'…'`, which Bash and Zsh read, so that a
  /// terminal shows nothing but printable characters.
  package var shellQuoted: String {
    let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-"
    if !isEmpty, allSatisfy(plain.contains) { return self }
    if unicodeScalars.contains(where: \.isControl) {
      let escaped = unicodeScalars.map { scalar -> String in
        if scalar == "'" || scalar == "\\" { return "\\\(scalar)" }
        guard scalar.isControl else { return String(scalar) }
        return String(scalar).utf8.map { byte in
          "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
      }
      return "$'\(escaped.joined())'"
    }
    return "'" + replacing("'", with: "'\\''") + "'"
  }
}
