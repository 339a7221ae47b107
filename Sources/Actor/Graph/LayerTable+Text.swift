import Rollout

extension LayerTable {
  /// The table as aligned columns, followed by the number of parameters and the policy's inputs.
  public var text: String {
    let cells =
      [["network", "", "output", "parameters"]]
      + rows.map { row in
        [
          row.name.escapingControls,
          row.kind + (row.activation.map { ", \($0.rawValue)" } ?? row.remark),
          Self.text(ofShape: row.output), NumberText.grouped(row.parameterCount),
        ]
      }
    let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    let lines = cells.map { line in
      let columns = line.indices.map { column in
        column < 2
          ? NumberText.left(line[column], widths[column])
          : NumberText.right(line[column], widths[column])
      }
      return columns.joined(separator: "   ")
    }
    return (lines + [summary]).joined(separator: "\n")
  }

  private var summary: String {
    let others = parameters.elementCount - parameters.learnedCount
    let count =
      "\(NumberText.grouped(parameters.learnedCount)) parameters"
      + (others == 0 ? "" : ", \(NumberText.grouped(others)) numbers not learned")
    guard !inputs.isEmpty else { return count }
    let names = inputs.map { input in
      let name = input.name.escapingControls
      return input.shape.isEmpty ? name : "\(name) \(Self.text(ofShape: input.shape))"
    }
    return "\(count), inputs: \(names.joined(separator: ", "))"
  }

  private static func text(ofShape shape: [Int]) -> String {
    shape.isEmpty ? "1" : shape.map { "\($0)" }.joined(separator: "×")
  }
}

extension LayerTable.Row {
  /// A suffix to the kind of a row that gradients do not change.
  fileprivate var remark: String { isLearned ? "" : ", not learned" }
}
