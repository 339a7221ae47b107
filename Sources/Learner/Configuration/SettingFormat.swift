import Rollout

/// The JSON values that a setting takes besides a string, which is read as on the command line.
enum SettingShape: Sendable {
  case string, number, numberOrList, stringOrList
  /// True or false, and no string.
  case boolean
}

/// How the values of one type are spelled: parsed from text, written as JSON, refused in a sentence.
package struct SettingFormat<Value: Sendable & Equatable>: Sendable {
  /// Which JSON values are read as their text.
  let shape: SettingShape

  /// The value that a text spells, if any.
  package let parse: @Sendable (String) -> Value?

  /// The value as it is written.
  package let value: @Sendable (Value) -> SettingValue

  /// The end of the sentence that refuses a text: what it is not, and how to write it.
  let complaint: @Sendable (String) -> String

  /// The text to parse for a JSON value, or nothing where its type is wrong.
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
  /// A whole number: digits, `1_000_000`, or `1e6` where that is whole.
  package static var integer: SettingFormat {
    SettingFormat(
      shape: .number,
      parse: { text in
        guard let digits = withoutDigitSeparators(text) else { return nil }
        if let value = Value(digits) { return value }
        // Beyond 2^53 a floating-point spelling no longer says which whole number was meant.
        guard let number = Double(digits), number.magnitude <= 0x1p53 else { return nil }
        return Value(exactly: number)
      },
      value: { .number(String($0)) },
      complaint: { text in
        rangeComplaint(text) ?? "is not a whole number: write it like 16, 1_000_000 or 1e6."
      })
  }

  /// The end of the sentence that refuses a number outside of the type's range; nil for other
  /// texts.
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
    return "is beyond 2^53, where an exponent no longer says which whole number is meant: "
      + "write all of its digits."
  }
}

extension SettingFormat where Value == Double {
  /// A number, `inf` included.
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
  /// Whole numbers with commas between them.
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

  /// Sizes of layers with commas between them, or `none` for no layer.
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

  /// The end of the sentence that refuses a list with a number outside of the type's range.
  private static func listComplaint(_ text: String) -> String? {
    for part in commaSeparated(text) {
      if let complaint = SettingFormat<Int>.rangeComplaint(part) {
        return "has \(part), which \(complaint)"
      }
    }
    return nil
  }
}

/// The text without the underscores that group digits, or nothing where one is not between digits.
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

/// What stands between commas, nothing included.
private func commaSeparated(_ text: String) -> [String] {
  text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
}

// MARK: Words

extension SettingFormat where Value == String {
  /// Any text but none at all.
  package static var text: SettingFormat {
    SettingFormat(
      shape: .string, parse: { $0.isEmpty ? nil : $0 }, value: { .string($0) },
      complaint: { $0.isEmpty ? "is empty." : "is not a text." })
  }
}

extension SettingFormat where Value == String {
  /// Any text, or a word for none at all.
  package static func text(orWord word: String) -> SettingFormat {
    SettingFormat(
      shape: .string, parse: { $0 == word ? "" : text.parse($0) },
      value: { .string($0.isEmpty ? word : $0) }, complaint: text.complaint)
  }
}

extension SettingFormat where Value == [String] {
  /// Names with commas between them.
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
}

extension SettingFormat where Value == Bool {
  /// Whether a flag is on.
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
    let names = Value.allCases.map(\.rawValue)
    return SettingFormat(
      shape: .string, parse: { Value(rawValue: $0) }, value: { .string($0.rawValue) },
      complaint: { text in
        let suggestion = NearestMatch.find(text, among: names).map { " Did you mean \($0)?" } ?? ""
        return "is none of \(names.joined(separator: ", "))." + suggestion
      })
  }
}

extension SettingFormat {
  /// Some of the cases, by name with commas between them, in an order that is kept.
  package static func choices<Case>() -> SettingFormat
  where Value == [Case], Case: RawRepresentable & CaseIterable, Case.RawValue == String {
    let names = Case.allCases.map(\.rawValue)
    return SettingFormat(
      shape: .stringOrList,
      parse: { text in
        let words = commaSeparated(text)
        let values = words.compactMap(Case.init(rawValue:))
        return values.count == words.count && Set(words).count == words.count ? values : nil
      },
      value: { .list($0.map { .string($0.rawValue) }) },
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

extension SettingFormat where Value == [Wrapper] {
  /// Wrappers with commas between them, or `none`.
  package static var wrappers: SettingFormat {
    SettingFormat(
      shape: .stringOrList,
      parse: { $0 == "none" ? [] : try? Wrapper.list(parsing: $0) },
      value: { $0.isEmpty ? .string("none") : .list($0.map { .string($0.description) }) },
      complaint: { text in
        do {
          _ = try Wrapper.list(parsing: text)
          return "is no list of wrappers: write it like [\"time-limit=200\"]."
        } catch {
          return "\(error)"
        }
      })
  }
}

extension SettingFormat where Value == EpisodeLimit {
  /// `default`, `none` or a whole number.
  package static var episodeLimit: SettingFormat {
    SettingFormat(
      shape: .number,
      parse: { text in
        switch text {
        case "default": .registered
        case "none": .unlimited
        default: SettingFormat<Int>.integer.parse(text).map { .steps($0) }
        }
      },
      value: { limit in
        switch limit {
        case .registered: .string("default")
        case .unlimited: .string("none")
        case .steps(let count): .number(String(count))
        }
      },
      complaint: { text in
        SettingFormat<Int>.rangeComplaint(text)
          ?? "is neither default, none nor a whole number such as 500."
      })
  }
}

// MARK: Optional values

extension SettingFormat {
  /// A value that may be absent, which is spelled as a word.
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
