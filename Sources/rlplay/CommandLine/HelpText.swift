import Learner

/// Help screens, laid out for a terminal of 80 columns.
enum HelpText {
  /// The command line in short, before any command is known.
  static let usage = "rlplay COMMAND [options]"

  private static let width = 80
  /// Where explanations begin; options that reach further have theirs on the next line.
  private static let column = 28
  /// Where they begin on the overview, whose names are short.
  private static let overviewColumn = 14

  /// The screen of `rlplay --help`.
  static let overview: String = {
    let rows = Command.all.map {
      row($0.name, $0.summary, at: overviewColumn)
    }
    let options = [
      row("--version", "Show the version.", at: overviewColumn),
      row("--help", "Show this help.", at: overviewColumn),
    ]
    return """
      A multi-process rollout engine for reinforcement learning.

      Usage: \(usage)

      Commands:
      \(rows.joined(separator: "\n"))

      Options:
      \(options.joined(separator: "\n"))

      Start with 'rlplay train'. See 'rlplay COMMAND --help' for a command's options.
      """
  }()

  /// The screen of one command.
  static func screen(for command: Command) -> String {
    var parts = [wrap(command.summary.words, to: width).joined(separator: "\n")]
    parts.append("Usage: \(command.usage)")
    if let argument = command.argument {
      parts.append("Arguments:\n" + row(argument.placeholder, argument.help))
    }
    for group in SettingGroup.allCases {
      let rows = command.allOptions.filter { $0.group == group }.map { option in
        row(option.label, option.help, suffix: defaultSuffix(of: option))
      }
      if !rows.isEmpty { parts.append("\(group.rawValue):\n" + rows.joined(separator: "\n")) }
    }
    return parts.joined(separator: "\n\n")
  }

  /// An option with its explanation on one line, for errors.
  static func line(for option: CommandOption) -> String {
    let suffix = defaultSuffix(of: option).map { " \($0)" } ?? ""
    return "\(option.label)  \(option.help)\(suffix)"
  }

  private static func defaultSuffix(of option: CommandOption) -> String? {
    option.defaultText.map { "(default: \($0))" }
  }

  /// A name with its explanation beside it.
  ///
  /// - Parameter suffix: what ends the explanation and is not to be broken over two lines.
  private static func row(
    _ label: String, _ help: String, suffix: String? = nil, at column: Int = column
  ) -> String {
    let words = help.words + (suffix.map { [$0] } ?? [])
    var lines = wrap(words, to: width - column)
    let margin = String(repeating: " ", count: column)
    var first = "  \(label)"
    if first.count + 2 <= column {
      first += String(repeating: " ", count: column - first.count) + lines.removeFirst()
    }
    return ([first] + lines.map { margin + $0 }).joined(separator: "\n")
  }

  /// Breaks words into lines of at most the width, except for single words that are longer.
  private static func wrap(_ words: [String], to width: Int) -> [String] {
    var lines: [String] = []
    for word in words {
      if let line = lines.last, line.count + 1 + word.count <= width {
        lines[lines.count - 1] = line + " " + word
      } else {
        lines.append(word)
      }
    }
    return lines
  }
}

extension String {
  fileprivate var words: [String] { split(separator: " ").map(String.init) }
}
