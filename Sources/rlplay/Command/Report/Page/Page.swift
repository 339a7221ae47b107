import Foundation
import Rollout

/// An HTML page that loads nothing and contains no script.
struct Page {
  let title: String
  /// The body, in HTML.
  var body = ""

  /// The whole document.
  ///
  /// - Parameter reloadSeconds: the time after which a browser reads it again; nil for never.
  func document(reloadSeconds: Int?) -> String {
    // The policy forbids whatever a name in a file of others might smuggle in.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    let reload = reloadSeconds.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">\n" } ?? ""
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      \(reload)<title>\(title.htmlEscaped)</title>
      <style>
      \(Stylesheet.page)</style>
      </head>
      <body>
      \(body)</body>
      </html>

      """
  }

  // MARK: Parts

  mutating func add(heading: String) { body += "<h2>\(heading.htmlEscaped)</h2>\n" }

  mutating func add(note: String) { body += "<p class=\"note\">\(note.htmlEscaped)</p>\n" }

  /// Adds a row of figures.
  ///
  /// - Parameter drawings: the figures in HTML.
  mutating func add(figures drawings: [String], class name: String = "") {
    guard !drawings.isEmpty else { return }
    body +=
      "<div class=\"figures\(name.isEmpty ? "" : " " + name)\">\n"
      + drawings.joined() + "</div>\n"
  }

  /// Adds cards with a figure and its name each.
  mutating func add(cards: [(value: String, name: String)]) {
    body += "<div class=\"cards\">"
    for card in cards {
      body += "<div><b>\(card.value.htmlEscaped)</b><span>\(card.name.htmlEscaped)</span></div>"
    }
    body += "</div>\n"
  }

  /// Adds a part that is closed until the reader opens it.
  mutating func add(details html: String, summary: String) {
    body += "<details><summary>\(summary.htmlEscaped)</summary>\n\(html)</details>\n"
  }

  /// Returns a table.
  ///
  /// - Parameter numbers: the columns with numbers, which are aligned to the right.
  static func table(_ rows: [[String]], titles: [String], numbers: Set<Int> = []) -> String {
    func line(_ cells: [String], _ tag: String) -> String {
      "<tr>"
        + cells.enumerated().map { column, cell in
          let name = numbers.contains(column) ? " class=\"number\"" : ""
          return "<\(tag)\(name)>\(cell.htmlEscaped)</\(tag)>"
        }.joined() + "</tr>\n"
    }
    let heading = titles.isEmpty ? "" : line(titles, "th")
    return "<div class=\"scroll\"><table>\n\(heading)"
      + rows.map { line($0, "td") }.joined() + "</table></div>\n"
  }

  /// Returns a figure that is drawn over each clock, of which the page shows one.
  static func figure(_ drawings: [(clock: RunMetrics.Clock, figure: Figure)]) -> String {
    let parts = drawings.map { clock, figure in
      "<div class=\"over-\(clock.rawValue)\">\n\(figure.svg(respondsToPointer: true))</div>\n"
    }
    return figure(parts.joined(), caption: drawings.first?.figure.caption)
  }

  /// Returns a figure that has no clock.
  static func figure(_ figure: Figure) -> String {
    Self.figure(figure.svg(respondsToPointer: true), caption: figure.caption)
  }

  private static func figure(_ drawing: String, caption: String?) -> String {
    let caption = caption.map { "<figcaption>\($0.htmlEscaped)</figcaption>" } ?? ""
    return "<figure>\n\(drawing)\(caption)</figure>\n"
  }

  /// Returns a picture with its bytes in the page.
  static func picture(_ gif: [UInt8], title: String, caption: String) -> String {
    """
    <figure><h3>\(title.htmlEscaped)</h3>\
    <img alt="\(title.htmlEscaped)" src="data:image/gif;base64,\(Data(gif).base64EncodedString())">\
    <figcaption>\(caption.htmlEscaped)</figcaption></figure>

    """
  }
}

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
