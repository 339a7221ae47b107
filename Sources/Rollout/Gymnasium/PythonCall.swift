import Foundation

/// The keyword arguments of a call in Python, as the text of a JSON object.
struct KeywordArguments: Equatable {
  let json: String

  /// Parses `name=value,name=value`.
  ///
  /// A value is a number, `true`, `false`, `null` or their names in Python, or other JSON.
  /// Everything else is text.
  ///
  /// - Throws: `InvalidEnvironmentArguments` for a malformed pair, a repeated name, or a value that
  ///   begins like a list, an object or a string of JSON and is none.
  init(parsing text: String) throws(InvalidEnvironmentArguments) {
    var entries: [String] = []
    for (name, value) in try ArgumentText.pairs(text) {
      entries.append("\(JSONValue.quoted(name)):\(try Self.json(value, of: name))")
    }
    json = "{\(entries.joined(separator: ","))}"
  }

  private static func json(
    _ text: String, of name: String
  ) throws(InvalidEnvironmentArguments) -> String {
    let words = [
      "True": "true", "False": "false", "None": "null", "inf": "Infinity", "-inf": "-Infinity",
    ]
    if let word = words[text] { return word }
    do {
      _ = try JSONReader.value(of: Data(text.utf8))
      return text
    } catch {
      if let first = text.first, "[{\"".contains(first) {
        throw InvalidEnvironmentArguments(
          """
          \(name)=\(text) is not JSON, since its column \(error.column) \(error.finding): write \
          lists like [1,2], objects like {"a":1} and texts like "a" or a.
          """)
      }
    }
    // JSON has no .5, 1. and +1.
    if text.contains(where: \.isNumber), text.allSatisfy({ "+-.0123456789eE".contains($0) }),
      let number = Double(text), number.isFinite
    {
      return number.description
    }
    return JSONValue.quoted(text)
  }
}

/// A class of Python with the arguments of its call, such as a wrapper of Gymnasium.
///
/// The class is named by its module and its name, with a dot or a colon between them:
/// `gymnasium.wrappers.FrameStackObservation:stack_size=4` or `mine:Wrapper`.
package struct PythonCall: Equatable {
  /// The class, such as `gymnasium.wrappers.FrameStackObservation` or `mine:Wrapper`.
  let target: String
  let arguments: KeywordArguments

  /// Parses a class and its arguments after a colon.
  ///
  /// - Throws: `InvalidEnvironmentArguments`.
  package init(parsing text: String) throws(InvalidEnvironmentArguments) {
    var words = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)[...]
    var target = String(words.popFirst() ?? "")
    var isComplete = Self.isDottedName(target) && target.contains(".")
    if let name = words.first, !name.contains("=") {
      isComplete = Self.isDottedName(target) && Self.isDottedName(String(name))
      target += ":\(name)"
      words.removeFirst()
    }
    guard isComplete else {
      throw InvalidEnvironmentArguments(
        """
        '\(text)' is not a class of a module: write it like minigrid.wrappers.ImgObsWrapper or \
        my_module:Wrapper, with arguments like my_module:Wrapper:size=8,seen=false.
        """)
    }
    self.target = target
    arguments = try KeywordArguments(parsing: words.joined(separator: ":"))
  }

  /// Splits a list separated by commas into its calls.
  ///
  /// A part that begins with a name and an equals sign is a further argument of the call before it.
  package static func list(_ text: String) -> [String] {
    var calls: [String] = []
    for part in ArgumentText.parts(text) {
      let name = part.prefix { $0 != "=" }
      if let last = calls.last, name.count < part.count,
        !name.contains(where: { $0 == ":" || $0 == "." })
      {
        calls[calls.count - 1] = last + "," + part
      } else {
        calls.append(part)
      }
    }
    return calls
  }

  private static func isDottedName(_ text: String) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      part.first?.isNumber == false && part.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    }
  }
}
