import Rollout

extension String {
  /// The text with its line breaks, each line escaped for HTML.
  var htmlEscapedLines: String {
    split(separator: "\n", omittingEmptySubsequences: false).map { String($0).htmlEscaped }
      .joined(separator: "\n")
  }

  /// The text with the characters escaped that have a meaning in HTML and XML.
  ///
  /// Control characters, which XML forbids, are shown as the program shows them in a terminal.
  var htmlEscaped: String {
    var text = ""
    for character in self.escapingControls {
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      default: text.append(character)
      }
    }
    return text
  }
}
