/// Text of the form `name=value,name=value`, in which values may be JSON.
enum ArgumentText {
  /// Splits a text at its commas, except for those in brackets, braces and double quotes.
  static func parts(_ text: String) -> [String] {
    var parts = [""]
    var (depth, isQuoted, isEscaped) = (0, false, false)
    for character in text {
      if character == ",", depth <= 0, !isQuoted {
        parts.append("")
        continue
      }
      switch character {
      case _ where isEscaped: isEscaped = false
      case "\\": isEscaped = isQuoted
      case "\"": isQuoted.toggle()
      case "[" where !isQuoted, "{" where !isQuoted: depth += 1
      case "]" where !isQuoted, "}" where !isQuoted: depth -= 1
      default: break
      }
      parts[parts.count - 1].append(character)
    }
    return parts
  }

  /// Parses pairs of names and values; an empty text has none.
  ///
  /// - Throws: `InvalidEnvironmentArguments` for a part that is not a pair, or a repeated name.
  static func pairs(
    _ text: String
  ) throws(InvalidEnvironmentArguments) -> [(name: String, value: String)] {
    var pairs: [(name: String, value: String)] = []
    for part in text.isEmpty ? [] : parts(text) {
      let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard halves.count == 2, !halves[0].isEmpty, !halves[1].isEmpty else {
        throw InvalidEnvironmentArguments(
          "'\(part)' is not an argument of an environment: write it like size=8,goal=4.")
      }
      let name = String(halves[0])
      guard !pairs.contains(where: { $0.name == name }) else {
        throw InvalidEnvironmentArguments("\(name) is given more than once: give it once.")
      }
      pairs.append((name, String(halves[1])))
    }
    return pairs
  }
}
