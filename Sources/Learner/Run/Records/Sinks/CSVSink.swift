import Foundation
import Rollout

/// The file `metrics.csv`: a line of names, and a line of values per record.
///
/// Histograms are left out, and a number that is not finite is an empty cell. A name that appears
/// for the first time adds a column: the file is replaced by one with empty cells in its earlier
/// lines.
final class CSVSink: MetricsSink {
  private let url: URL
  private var file: RecordFile
  /// The names of the columns, in order.
  private var names: [String] = []
  /// The place of each column by its name.
  private var columns: [String: Int] = [:]

  /// Opens the file, or creates it; existing lines are kept.
  ///
  /// - Throws: `RecordError` if it cannot be opened for writing.
  init(appendingTo url: URL) throws(RecordError) {
    self.url = url
    file = try RecordFile(appendingTo: url)
  }

  func begin(_ run: RecordedRun) throws(RecordError) {
    guard let position = run.position else { return }
    let content = try file.contents()
    let header = content.prefix { $0 != UInt8(ascii: "\n") }
    if header.count < content.count { setColumns(Self.cells(of: header)) }
    guard let steps = columns["env_steps"], let updates = columns["updates"] else {
      // Not a table of metrics, or an empty one.
      setColumns([])
      return try file.truncate(to: 0)
    }
    let count = names.count
    try file.cutLines { line in
      guard line != header else { return true }
      let cells = Self.cells(of: line)
      guard cells.count == count, let lineSteps = Int(cells[steps]),
        let lineUpdates = Int(cells[updates])
      else { return false }
      return lineSteps <= position.steps && lineUpdates <= position.updates
    }
  }

  func append(_ record: MetricsRecord) throws(RecordError) {
    var named: [(name: String, text: String)] = []
    for entry in record.entries {
      switch entry.value {
      case .integer(let value): named.append((entry.name, "\(value)"))
      case .number(let value):
        named.append((entry.name, value.isFinite ? JSONValue.number(value).text : ""))
      case .text(let value): named.append((entry.name, Self.cell(value)))
      case .histogram: continue
      }
    }
    if named.contains(where: { columns[$0.name] == nil }) { try addColumns(named.map(\.name)) }
    var cells = [String](repeating: "", count: names.count)
    for (name, text) in named { if let column = columns[name] { cells[column] = text } }
    try file.append(Self.line(cells).utf8)
  }

  func flush() throws(RecordError) { try file.flush() }

  /// Replaces the file by one that has columns of all names.
  private func addColumns(_ names: [String]) throws(RecordError) {
    try file.flush()
    let lines = try file.contents().split(separator: UInt8(ascii: "\n"))
    var all = lines.first.map(Self.cells) ?? []
    let before = all.count
    for name in names where !all.contains(name) { all.append(name) }
    if lines.isEmpty {
      setColumns(all)
      return try file.append(Self.line(all.map(Self.cell)).utf8)
    }
    let padding = [UInt8](repeating: UInt8(ascii: ","), count: all.count - before)
    var content = Data(Self.line(all.map(Self.cell)).utf8)
    for line in lines.dropFirst() {
      content.append(contentsOf: line)
      content.append(contentsOf: padding)
      content.append(UInt8(ascii: "\n"))
    }
    try AtomicFile.write(content, to: url)
    file = try RecordFile(appendingTo: url)
    setColumns(all)
  }

  private func setColumns(_ names: [String]) {
    self.names = names
    columns = Dictionary(zip(names, names.indices)) { first, _ in first }
  }

  private static func line(_ cells: [String]) -> String { cells.joined(separator: ",") + "\n" }

  /// Returns a text as a cell: on one line, and quoted if it has a comma or a quote.
  private static func cell(_ text: String) -> String {
    let line = String(text.map { $0.isNewline ? " " : $0 })
    guard line.contains(where: { $0 == "," || $0 == "\"" }) else { return line }
    return "\"" + line.replacing("\"", with: "\"\"") + "\""
  }

  /// Returns the cells of a line without quotes.
  private static func cells(of line: ArraySlice<UInt8>) -> [String] {
    var cells: [[UInt8]] = [[]]
    var (isQuoted, follows) = (false, false)
    for byte in line {
      if byte == UInt8(ascii: "\"") {
        // The second of two quotes within quotes stands for one.
        if !isQuoted, follows { cells[cells.count - 1].append(byte) }
        follows = isQuoted
        isQuoted.toggle()
      } else if byte == UInt8(ascii: ","), !isQuoted {
        follows = false
        cells.append([])
      } else {
        follows = false
        cells[cells.count - 1].append(byte)
      }
    }
    return cells.map { String(decoding: $0, as: UTF8.self) }
  }
}
