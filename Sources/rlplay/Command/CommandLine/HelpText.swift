import Learner
import Rollout

/// Help screens for a terminal with 80 columns.
enum HelpText {
  /// The usage line without a command.
  static let usage = "\(ProgramName.shown) COMMAND [options]"

  private static let width = 80
  /// The column of the explanations; a longer option has its explanation on the next line.
  private static let column = 28
  /// The column of the explanations in the overview, which has shorter names.
  private static let overviewColumn = 14

  /// The help screen of `rlplay --help`.
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

      Start with '\(ProgramName.shown) train'. See '\(ProgramName.shown) COMMAND --help' for a \
      command's options.
      """
  }()

  /// Returns the help screen of a command.
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

  /// Returns an option and its explanation on one line, for errors.
  static func line(for option: CommandOption) -> String {
    let suffix = defaultSuffix(of: option).map { " \($0)" } ?? ""
    return "\(option.label)  \(option.help)\(suffix)"
  }

  private static func defaultSuffix(of option: CommandOption) -> String? {
    option.defaultText.map { "(default: \($0))" }
  }

  /// Returns a name with its explanation beside it.
  ///
  /// - Parameter suffix: the end of the explanation, which must not be broken over two lines.
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

  /// Breaks words into lines of at most `width`, except for longer single words.
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
