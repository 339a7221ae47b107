public import Rollout

/// The layers of a traced policy: one row for each layer with parameters.
///
/// ```swift
/// let table = try LayerTable(NetworkPolicy(), for: spaces)
/// print(table.text)
/// ```
public struct LayerTable: Sendable, Equatable {
  /// A layer, or a parameter or buffer outside any layer.
  package struct Row: Sendable, Equatable {
    /// The common prefix of the parameters' names, or the whole name outside any layer.
    package let name: String
    /// PyTorch's name of the kind, or `Parameter` or `Buffer`.
    ///
    /// The kinds are `Linear`, `Conv2d`, `Embedding`, `LayerNorm`, `LSTM` and `GRU`.
    package let kind: String
    /// The activation after the layer; `nil` for none.
    package let activation: Activation?
    /// The shape of the output for one environment and row; outside any layer, its own shape.
    package let output: [Int]
    /// The number of parameter elements.
    package let parameterCount: Int
    /// True unless it is a buffer.
    package var isLearned: Bool { kind != "Buffer" }
  }

  /// An input that the policy reads.
  package struct Input: Sendable, Equatable {
    /// Its path in the state: `obs`, `act.1`, `stepno`.
    package let name: String
    /// Its shape for one environment and row.
    package let shape: [Int]
  }

  /// The inputs that influence at least one output, in the order of a policy's arguments.
  package let inputs: [Input]
  /// The layers, in order of their first parameters.
  package let rows: [Row]
  /// All parameters and buffers.
  package let parameters: ParameterLayout
  /// The names of parameters that influence the output `value` and no other recorded output.
  package let valueParameters: Set<String>

  /// Traces a policy once, for one environment and row.
  ///
  /// - Throws: `PolicyError` when the policy does not support these spaces.
  public init(_ policy: any Policy, for spaces: EnvironmentSpaces) throws(PolicyError) {
    let trace = try PolicyTrace(policy, for: spaces)
    let results = trace.reaction.recorded.map(\.tensor) + trace.reaction.hx.leaves
    let isRead = trace.graph.ancestors(of: results.map(\.id))
    inputs = Self.fields(of: trace.state).filter { isRead[$0.tensor.id] }.map {
      Input(name: $0.name, shape: Array($0.tensor.shape.dropFirst($0.leadingAxes)))
    }
    rows = trace.graph.layerRows
    parameters = trace.graph.parameters
    valueParameters = trace.valueParameters
  }

  /// Returns a state's tensors by path; the recurrent state has no axis of rows.
  private static func fields(
    of state: TracedState
  ) -> [(name: String, tensor: Tensor, leadingAxes: Int)] {
    func leaves(_ tensors: Nested<Tensor>, _ root: String, leadingAxes: Int = 2) -> [(
      name: String, tensor: Tensor, leadingAxes: Int
    )] {
      zip(tensors.paths(below: root), tensors.leaves).map { ($0, $1, leadingAxes) }
    }
    return [("stepno", state.stepno, 2)] + leaves(state.obs, "obs") + leaves(state.act, "act")
      + [("rew", state.rew, 2), ("fin", state.fin, 2)]
      + leaves(state.hx, "hx", leadingAxes: 1)
  }
}

extension Graph {
  /// The key that groups parameters into rows of the table.
  private enum Group: Hashable {
    /// The recurrent layer of a name, whose parameters belong to several nodes.
    case recurrent(String)
    /// The node that reads the parameters.
    case layer(Int)
    /// A parameter outside any layer, by its place.
    case alone(Int)
  }

  fileprivate var layerRows: [LayerTable.Row] {
    let owners = parameterOwners
    let recurrent = Set(
      parameters.entries.filter { $0.isLearned && $0.recurrentKind != nil }.map(\.layerName))
    var order: [Group] = []
    var members: [Group: [ParameterLayout.Entry]] = [:]
    for (place, entry) in parameters.entries.enumerated() {
      let group: Group =
        if entry.isLearned, recurrent.contains(entry.layerName), entry.isRecurrent {
          .recurrent(entry.layerName)
        } else if entry.isLearned, let owner = owners[place] {
          .layer(owner)
        } else {
          .alone(place)
        }
      if members[group] == nil { order.append(group) }
      members[group, default: []].append(entry)
    }
    return order.map { row($0, members[$0] ?? []) }
  }

  private func row(_ group: Group, _ entries: [ParameterLayout.Entry]) -> LayerTable.Row {
    let count = entries.reduce(0) { $0 + $1.elementCount }
    func row(
      _ name: String, _ kind: String, _ output: some Sequence<Int>, _ activation: Activation? = nil
    ) -> LayerTable.Row {
      LayerTable.Row(
        name: name, kind: kind, activation: activation == .identity ? nil : activation,
        output: Array(output), parameterCount: count)
    }
    switch group {
    case .recurrent(let name):
      let hidden = entries.first { $0.recurrentKind != nil }
      return row(name, hidden?.recurrentKind ?? "", hidden?.shape.suffix(1) ?? [])
    case .layer(let id):
      guard let layer = nodes[id].layer else { preconditionFailure("node \(id) is not a layer") }
      return row(
        entries[0].layerName, layer.kind, nodes[id].shape.dropFirst(2),
        layer.activation ?? activation(after: id))
    case .alone:
      return row(
        entries[0].name, entries[0].isLearned ? "Parameter" : "Buffer", entries[0].shape)
    }
  }

  /// The first layer that reads each parameter.
  private var parameterOwners: [Int?] {
    var owners: [Int: Int] = [:]
    for (id, node) in nodes.enumerated() {
      for operand in node.layer?.parameters ?? [] where owners[operand] == nil {
        owners[operand] = id
      }
    }
    return weightNodes.map { owners[$0] }
  }

  /// Returns the activation that is the only reader of a node.
  private func activation(after id: Int) -> Activation? {
    let readers = nodes.filter { $0.operands.contains(id) }
    guard readers.count == 1, case .unary(.activation(let activation)) = readers[0].operation
    else { return nil }
    return activation
  }
}

extension Graph.Node {
  /// PyTorch's name of a layer, its fused activation and its parameters; `nil` for other nodes.
  fileprivate var layer: (kind: String, activation: Activation?, parameters: ArraySlice<Int>)? {
    func fused(_ activation: Activation) -> Activation? {
      activation == .identity ? nil : activation
    }
    return switch operation {
    case .linear(let activation): ("Linear", fused(activation), operands.dropFirst())
    case .convolution(_, let activation): ("Conv2d", fused(activation), operands.dropFirst())
    case .layerNorm: ("LayerNorm", nil, operands.dropFirst())
    case .embedding: ("Embedding", nil, operands.prefix(1))
    default: nil
    }
  }
}

extension Graph {
  /// The nodes of all parameters and buffers, in the order of `parameters.entries`.
  fileprivate var weightNodes: [Int] {
    nodes.indices.filter { if case .parameter = nodes[$0].operation { true } else { false } }
  }

  /// Returns the slices of the flat vector with learned weights that a tensor depends on.
  package func learnedWeights(behind tensor: Tensor) -> [Range<Int>] {
    let isRead = ancestors(of: [tensor.id])
    return zip(parameters.entries, weightNodes).filter { isRead[$1] && $0.isLearned }.map(\.0.range)
  }

  /// Returns true if at least one of some results depends on a tensor.
  package func depend(_ results: [Tensor], on tensor: Tensor) -> Bool {
    ancestors(of: results.map(\.id))[tensor.id]
  }

  /// Returns the number of leading weights that hold all weights that some tensors depend on.
  func weightCount(behind tensors: [Tensor]) -> Int {
    let isRead = ancestors(of: tensors.map(\.id))
    let read = zip(parameters.entries, weightNodes).filter { isRead[$1] }
    return read.map(\.0.range.upperBound).max() ?? 0
  }
}

extension PolicyTrace {
  /// The names of parameters that only `value` depends on; the recurrent state is ignored.
  fileprivate var valueParameters: Set<String> {
    func ancestors(_ results: [(name: String, tensor: Tensor)]) -> [Bool] {
      graph.ancestors(of: results.map(\.tensor.id))
    }
    let forValue = ancestors(reaction.recorded.filter { $0.name == "value" })
    let forOthers = ancestors(reaction.recorded.filter { $0.name != "value" })
    let pairs = zip(graph.parameters.entries, graph.weightNodes)
    return Set(pairs.filter { forValue[$1] && !forOthers[$1] && $0.isLearned }.map(\.0.name))
  }
}

extension ParameterLayout.Entry {
  private var lastDot: String.Index? { name.lastIndex(of: ".") }

  /// The name without its last component.
  fileprivate var layerName: String { lastDot.map { String(name[..<$0]) } ?? name }

  private var lastPart: Substring { lastDot.map { name[name.index(after: $0)...] } ?? name[...] }

  /// True if the name is one of PyTorch's parameter names of recurrent layers.
  fileprivate var isRecurrent: Bool {
    ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].contains { lastPart.hasPrefix($0) }
  }

  /// The kind of recurrent layer of a `weight_hh`: an LSTM has four gates, a GRU three.
  fileprivate var recurrentKind: String? {
    guard lastPart.hasPrefix("weight_hh"), shape.count == 2 else { return nil }
    return switch shape[0] {
    case 4 * shape[1]: "LSTM"
    case 3 * shape[1]: "GRU"
    default: nil
    }
  }
}

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
