import Rollout

/// The JSON types that an option accepts besides a string, which is parsed as on the command line.
enum SettingShape: Sendable {
  case string, number, numberOrList, stringOrList
  /// True or false, but no string.
  case boolean
}

/// The text format of the values of one type: parsing, formatting and the sentence for errors.
package struct SettingFormat<Value: Sendable & Equatable>: Sendable {
  /// The JSON types that are accepted.
  let shape: SettingShape

  /// Returns the value of a text, or nil if it cannot be parsed.
  package let parse: @Sendable (String) -> Value?

  /// Returns the formatted value.
  package let value: @Sendable (Value) -> SettingValue

  /// Returns the end of a sentence that refuses a text: the reason, and an example.
  let complaint: @Sendable (String) -> String

  /// Returns the text to parse for a JSON value, or nil if it has the wrong type.
  func text(of value: SettingValue) -> String? {
    switch (value, shape) {
    case (.string(let text), _) where shape != .boolean: return text
    case (.number(let text), .number), (.number(let text), .numberOrList): return text
    case (.boolean, .boolean): return value.text
    case (.list(let elements), .numberOrList):
      let areNumbers = elements.allSatisfy { if case .number = $0 { true } else { false } }
      return areNumbers ? value.text : nil
    case (.list(let elements), .stringOrList):
      let areStrings = elements.allSatisfy { if case .string = $0 { true } else { false } }
      return areStrings ? value.text : nil
    default: return nil
    }
  }
}

// MARK: Numbers

extension SettingFormat where Value: FixedWidthInteger {
  /// An integer: digits, with underscores such as `1_000_000`, or `1e6` if that is an integer.
  package static var integer: SettingFormat {
    SettingFormat(
      shape: .number,
      parse: { text in
        guard let digits = withoutDigitSeparators(text) else { return nil }
        if let value = Value(digits) { return value }
        // Beyond 2^53 a floating-point number no longer determines an integer.
        guard let number = Double(digits), number.magnitude <= 0x1p53 else { return nil }
        return Value(exactly: number)
      },
      value: { .number(String($0)) },
      complaint: { text in
        rangeComplaint(text) ?? "is not a whole number: write it like 16, 1_000_000 or 1e6."
      })
  }

  /// Returns the end of a sentence that refuses a number out of the type's range; otherwise nil.
  static func rangeComplaint(_ text: String) -> String? {
    guard let digits = withoutDigitSeparators(text), let number = Double(digits),
      !number.isNaN, digits.contains(where: \.isNumber), Value(digits) == nil
    else { return nil }
    if !Value.isSigned, number < 0 {
      return "is negative: write a whole number from 0 to \(Value.max)."
    }
    guard number.isInfinite || number.rounded() == number else { return nil }
    if number >= Double(Value.max) {
      return Value.isSigned
        ? "is too large: use at most \(Value.max)." : "is too large: use 0 to \(Value.max)."
    }
    if number < Double(Value.min) { return "is too small: use at least \(Value.min)." }
    guard number.magnitude > 0x1p53 else { return nil }
    return "is beyond 2^53, where a number with an exponent is not exact: write all of its digits."
  }
}

extension SettingFormat where Value == Double {
  /// A number, including `inf`.
  package static var number: SettingFormat {
    SettingFormat(
      shape: .number,
      parse: { text in
        guard let number = withoutDigitSeparators(text).flatMap(Double.init), !number.isNaN else {
          return nil
        }
        return number
      },
      value: { number in
        guard number.isFinite else { return .string(number < 0 ? "-inf" : "inf") }
        let text = String(number)
        return .number(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
      },
      complaint: { _ in "is not a number: write it like 0.5, 1e-3 or inf." })
  }
}

extension SettingFormat where Value == [Int] {
  /// Integers separated by commas.
  package static var integers: SettingFormat {
    SettingFormat(
      shape: .numberOrList,
      parse: { text in
        var values: [Int] = []
        for part in commaSeparated(text) {
          guard let value = SettingFormat<Int>.integer.parse(part) else { return nil }
          values.append(value)
        }
        return values
      },
      value: { .list($0.map { .number(String($0)) }) },
      complaint: { text in
        listComplaint(text) ?? "is not a list of whole numbers: write it like 32 or 64,64."
      })
  }

  /// Layer sizes separated by commas, or `none` for no layer.
  package static var layerSizes: SettingFormat {
    SettingFormat(
      shape: .numberOrList,
      parse: { $0 == "none" ? [] : integers.parse($0) },
      value: { $0.isEmpty ? .string("none") : integers.value($0) },
      complaint: { text in
        listComplaint(text)
          ?? "is not a list of whole numbers: write it like 32 or 64,64, or none for no layer."
      })
  }

  /// Returns the end of a sentence that refuses a list with a number out of range; otherwise nil.
  private static func listComplaint(_ text: String) -> String? {
    for part in commaSeparated(text) {
      if let complaint = SettingFormat<Int>.rangeComplaint(part) {
        return "has \(part), which \(complaint)"
      }
    }
    return nil
  }
}

/// Returns the text without digit separators; nil if an underscore is not between two digits.
private func withoutDigitSeparators(_ text: String) -> String? {
  let characters = Array(text)
  func isDigit(_ index: Int) -> Bool {
    characters.indices.contains(index) && characters[index].isASCII && characters[index].isNumber
  }
  for index in characters.indices where characters[index] == "_" {
    guard isDigit(index - 1), isDigit(index + 1) else { return nil }
  }
  return text.replacing("_", with: "")
}

/// Returns the parts of a text between commas, including empty ones.
private func commaSeparated(_ text: String) -> [String] {
  text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
}

// MARK: Words

extension SettingFormat where Value == String {
  /// Any text that is not empty.
  package static var text: SettingFormat {
    SettingFormat(
      shape: .string, parse: { $0.isEmpty ? nil : $0 }, value: { .string($0) },
      complaint: { $0.isEmpty ? "is empty." : "is not a string." })
  }
}

extension SettingFormat where Value == String {
  /// Returns the format of a text that may be empty, which is written as a given word.
  package static func text(orWord word: String) -> SettingFormat {
    SettingFormat(
      shape: .string, parse: { $0 == word ? "" : text.parse($0) },
      value: { .string($0.isEmpty ? word : $0) }, complaint: text.complaint)
  }
}

extension SettingFormat where Value == [String] {
  /// Names separated by commas.
  package static var names: SettingFormat {
    SettingFormat(
      shape: .string,
      parse: { text in
        let names = commaSeparated(text)
        return names.contains("") ? nil : names
      },
      value: { .string($0.joined(separator: ",")) },
      complaint: { _ in "is not a list of names: write it like one or one,another." })
  }

  /// Returns the format of different names, with none of them written as a given word.
  package static func names(orWord word: String) -> SettingFormat {
    SettingFormat(
      shape: .stringOrList,
      parse: { text in
        if text == word { return [] }
        guard let names = names.parse(text) else { return nil }
        return Set(names).count == names.count ? names : nil
      },
      value: { $0.isEmpty ? .string(word) : .list($0.map { .string($0) }) },
      complaint: { _ in
        "is not a list of different names: write it like one or one,another, or \(word)."
      })
  }
}

extension SettingFormat where Value == Bool {
  /// A flag.
  package static var boolean: SettingFormat {
    SettingFormat(
      shape: .boolean, parse: { Bool($0) }, value: { .boolean($0) },
      complaint: { _ in "is neither true nor false." })
  }
}

extension SettingFormat
where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the cases, by name.
  package static var choice: SettingFormat {
    SettingFormat(
      shape: .string, parse: { Value(rawValue: $0) }, value: { .string($0.rawValue) },
      complaint: { text in
        let names = Value.allCases.map(\.rawValue)
        let suggestion = NearestMatch.find(text, among: names).map { " Did you mean \($0)?" } ?? ""
        return "is none of \(names.joined(separator: ", "))." + suggestion
      })
  }
}

extension SettingFormat {
  /// Returns the format of some of the cases: names separated by commas, in their order, each once.
  ///
  /// - Parameter word: the word for none of them; nil if there has to be one.
  package static func choices<Case>(orWord word: String? = nil) -> SettingFormat
  where Value == [Case], Case: RawRepresentable & CaseIterable, Case.RawValue == String {
    let names = Case.allCases.map(\.rawValue)
    return SettingFormat(
      shape: .stringOrList,
      parse: { text in
        if text == word { return [] }
        let words = commaSeparated(text)
        let values = words.compactMap(Case.init(rawValue:))
        return values.count == words.count && Set(words).count == words.count ? values : nil
      },
      value: { values in
        if let word, values.isEmpty { return .string(word) }
        return .list(values.map { .string($0.rawValue) })
      },
      complaint: { text in
        let (words, known) = (commaSeparated(text), names.joined(separator: ", "))
        if text.isEmpty { return "names nothing: use some of \(known)." }
        guard let stranger = words.first(where: { !names.contains($0) }) else {
          let repeated = words.indices.first { words[..<$0].contains(words[$0]) }
          return "names \(repeated.map { words[$0] } ?? text) more than once: name it once."
        }
        let suggestion = NearestMatch.find(stranger, among: names).map { " Did you mean \($0)?" }
        return "names '\(stranger)', which is none of \(known)." + (suggestion ?? "")
      })
  }
}

// MARK: Optional values

extension SettingFormat {
  /// Returns the format of an optional value, with nil written as a given word.
  package static func optional<Wrapped: Sendable & Equatable>(
    _ format: SettingFormat<Wrapped>, orWord word: String
  ) -> SettingFormat where Value == Wrapped? {
    SettingFormat(
      shape: format.shape,
      parse: { text in text == word ? .some(nil) : format.parse(text).map { .some($0) } },
      value: { $0.map(format.value) ?? .string(word) },
      complaint: { text in format.complaint(text) })
  }
}
