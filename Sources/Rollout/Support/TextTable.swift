/// A table of text with aligned columns.
package enum TextTable {
  /// Returns the lines of a table, with two spaces between columns.
  ///
  /// - Parameters:
  ///   - titles: the first line.
  ///   - rows: the other lines, each with a cell for each title.
  ///   - leftColumns: the number of columns, from the first, that are aligned to the left.
  package static func text(_ titles: [String], _ rows: [[String]], leftColumns: Int) -> String {
    let rows = [titles] + rows
    let widths = titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, cell in
        column < leftColumns
          ? NumberText.left(cell, widths[column]) : NumberText.right(cell, widths[column])
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
