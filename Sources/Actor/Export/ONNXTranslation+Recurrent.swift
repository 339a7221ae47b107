import Rollout

extension ONNXTranslation {
  /// Returns the states after each row, [states, T, B, size].
  mutating func recurrent(_ cell: RecurrentCell, _ id: Int) -> String {
    let node = node(id)
    let operands = node.operands
    let weight = transposed(operands[1])
    var states = operands[4..<4 + cell.stateCount].map(name)
    var rows: [[String]] = states.map { _ in [] }
    for t in 0..<node.shape[1] {
      func row(_ operand: Int, in model: inout ONNXTranslation) -> String {
        let rows = model.name(operand)
        let row = node.shape[1] == 1 ? rows : model.slice(rows, axis: 0, t..<t + 1)
        return model.graph.add("Squeeze", [row, model.graph.integers([0])])
      }
      if step.resets(id) {
        let isFirst = unsqueezed(cast(row(operands[3], in: &self), to: .bool))
        for index in states.indices {
          states[index] = graph.add("Where", [isFirst, graph.number(0), states[index]])
        }
      }
      let projected = row(operands[0], in: &self)
      let sums = graph.add("Add", [graph.add("MatMul", [states[0], weight]), name(operands[2])])
      states =
        cell == .lstm ? lstm(projected, sums, states[1]) : [gru(projected, sums, states[0])]
      for index in states.indices { rows[index].append(unsqueezed(states[index], [0, 1])) }
    }
    let joined = rows.map { rows in
      rows.count == 1 ? rows[0] : graph.add("Concat", rows, .integer("axis", 1))
    }
    return joined.count == 1 ? joined[0] : graph.add("Concat", joined, .integer("axis", 0))
  }

  /// Returns the gates' parts of the last axis.
  private mutating func split(_ x: String, _ count: Int) -> [String] {
    let first = graph.add("Split", [x], .integer("axis", -1), results: count)
    return (0..<count).map { ONNXEncoder.further($0, of: first) }
  }

  private mutating func lstm(_ projected: String, _ sums: String, _ cell: String) -> [String] {
    let gates = split(graph.add("Add", [projected, sums]), 4)
    let (i, f) = (graph.add("Sigmoid", [gates[0]]), graph.add("Sigmoid", [gates[1]]))
    let (g, o) = (graph.add("Tanh", [gates[2]]), graph.add("Sigmoid", [gates[3]]))
    let next = graph.add("Add", [graph.add("Mul", [f, cell]), graph.add("Mul", [i, g])])
    return [graph.add("Mul", [o, graph.add("Tanh", [next])]), next]
  }

  private mutating func gru(_ projected: String, _ sums: String, _ hidden: String) -> String {
    let (x, h) = (split(projected, 3), split(sums, 3))
    let r = graph.add("Sigmoid", [graph.add("Add", [x[0], h[0]])])
    let z = graph.add("Sigmoid", [graph.add("Add", [x[1], h[1]])])
    let n = graph.add("Tanh", [graph.add("Add", [x[2], graph.add("Mul", [r, h[2]])])])
    // (1 − z) n + z h = n + z (h − n)
    return graph.add("Add", [n, graph.add("Mul", [z, graph.add("Sub", [hidden, n])])])
  }
}
