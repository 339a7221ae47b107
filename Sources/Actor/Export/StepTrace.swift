import Rollout

/// One step of a policy as operations from named inputs to named outputs, for other programs.
///
/// It is traced for a number of environments and one row. Inputs and outputs are [B, …].
struct StepTrace {
  /// An input or output with its tensor, [1, B, …], or [B, …] for the recurrent state.
  struct Port {
    var value: ExportedPolicy.Value
    var tensor: Tensor
  }

  let graph: Graph
  /// The inputs that an output depends on.
  let inputs: [Port]
  /// The actions, the recorded outputs, and the inputs of the next step.
  let outputs: [Port]
  /// The operations that an output depends on, in order.
  let order: [Int]
  private let fin: Tensor

  /// Traces a policy.
  ///
  /// - Throws: `PolicyError` as the policy does.
  init(
    _ policy: any Policy, for spaces: EnvironmentSpaces, bounds: ActionBounds,
    environmentCount: Int
  ) throws(PolicyError) {
    let graph = Graph()
    func inputs(_ space: Space, _ root: String) -> (tensors: Nested<Tensor>, ports: [Port]) {
      let tensors = space.leaves.map {
        graph.input([1, environmentCount] + $0.shape, elementType: $0.elementType)
      }
      let values = ExportedPolicy.Value.leaves(of: space, below: root)
      return (tensors, zip(values, tensors.leaves).map { Port(value: $0, tensor: $1) })
    }
    func input(_ name: String, _ type: ElementType, counts: Bool = false) -> Port {
      Port(
        value: .init(name: name, elementType: type, isWhole: counts),
        tensor: graph.input([1, environmentCount], elementType: type))
    }
    let (obs, act) = (inputs(spaces.observation, "obs"), inputs(spaces.action, "act"))
    let (rew, fin) = (input("rew", .float32), input("fin", .bool))
    let stepno = input("stepno", .int32, counts: true)
    let hx = graph.inputs(carrying: policy.recurrentState, environmentCount: environmentCount)
    let carried = zip(hx.leaves, hx.paths(below: "hx")).map {
      Port(
        value: .init(
          name: $1, elementType: .float32, shape: Array($0.shape.dropFirst()), isCarried: true),
        tensor: $0)
    }

    let distribution = try policy.distribution(for: spaces.action)
    let reaction = try policy.react(
      to: TracedState(
        stepno: stepno.tensor, obs: obs.tensors, act: act.tensors, rew: rew.tensor,
        fin: fin.tensor, hx: hx, spaces: spaces),
      choosing: distribution, in: graph)
    let modes = distribution.mode(of: reaction.logits) ?? []
    let actions = zip(modes, ExportedPolicy.Value.leaves(of: spaces.action, below: "action"))
    var outputs = actions.enumerated().map { index, action in
      Port(
        value: action.1,
        tensor: bounds.played(
          action.0, spaces.action.parts.leaves[index], spaces.elementBounds[index]))
    }
    outputs += reaction.recorded.map { name, tensor in
      let shape = Array(tensor.shape.dropFirst(2))
      return Port(
        value: .init(name: name, elementType: .float32, shape: shape), tensor: tensor.numeric)
    }
    let next = zip(carried, reaction.hx.leaves).map { port, tensor in
      Port(value: port.value.next, tensor: tensor.numeric)
    }

    self.graph = graph
    self.fin = fin.tensor
    func reached(_ ports: [Port]) -> [Bool] {
      graph.ancestors(of: ports.map(\.tensor.id)) { Self.operands(of: $0, in: graph, fin.tensor) }
    }
    let reads = reached(outputs + next)
    var actPorts = act.ports.filter { reads[$0.tensor.id] }
    if !modes.isEmpty {
      // The action as the network will see it: before it is scaled to the bounds.
      for (index, mode) in modes.enumerated() where reads[act.ports[index].tensor.id] {
        let place = actPorts.firstIndex { $0.tensor.id == act.ports[index].tensor.id }
        guard let place else { continue }
        actPorts[place].value.isCarried = true
        outputs.append(Port(value: actPorts[place].value.next, tensor: mode))
      }
    }
    self.outputs = outputs + next
    let isReached = reached(self.outputs)
    order = isReached.indices.filter { isReached[$0] }
    self.inputs =
      obs.ports.filter { isReached[$0.tensor.id] } + actPorts
      + ([rew, fin, stepno] + carried).filter { isReached[$0.tensor.id] }
  }

  /// The operation of a node.
  func node(_ id: Int) -> Graph.Node { graph.nodes[id] }

  /// Returns the operands that influence the result of a node.
  func operands(of id: Int) -> [Int] { Self.operands(of: graph.nodes[id], in: graph, fin) }

  /// Returns true if a recurrent layer is zeroed by its own resets, and not by the caller.
  func resets(_ id: Int) -> Bool { operands(of: id).contains(graph.nodes[id].operands[3]) }

  /// Returns the operands without empty parts, and without the resets of recurrent layers by `fin`.
  ///
  /// The caller of an exported policy zeroes the recurrent state itself.
  private static func operands(of node: Graph.Node, in graph: Graph, _ fin: Tensor) -> [Int] {
    switch node.operation {
    case .concatenate: node.operands.filter { !graph.nodes[$0].shape.contains(0) }
    case .recurrent:
      node.operands.enumerated().filter { $0 != 3 || !isSame($1, as: fin.id, in: graph) }
        .map(\.element)
    default: node.operands
    }
  }

  /// Returns true if a node has the values of another one, in any type or shape.
  private static func isSame(_ id: Int, as other: Int, in graph: Graph) -> Bool {
    if id == other { return true }
    return switch graph.nodes[id].operation {
    case .convert, .alias(.reshape), .alias(.stopGradient):
      isSame(graph.nodes[id].operands[0], as: other, in: graph)
    default: false
    }
  }
}

extension ActionBounds {
  /// Returns drawn actions of a leaf as an environment receives them, in the same shape.
  ///
  /// - Parameters:
  ///   - drawn: the actions, [rows, B, …].
  ///   - space: the space of the leaf.
  ///   - elements: the bounds of each element if they differ.
  fileprivate func played(
    _ drawn: Tensor, _ space: Space, _ elements: [(low: Double, high: Double)]?
  ) -> Tensor {
    guard case .box(let shape, let low, let high, let type) = space,
      type == .float32 || type == .float64, !shape.contains(0)
    else { return drawn }
    let count = shape.reduce(1, *)
    let leading = Array(drawn.shape.prefix(2))
    let ranges = elements ?? Array(repeating: (low, high), count: count)
    let flat = drawn.reshaped(leading + [count]).numeric
    var parts: [Tensor] = []
    var start = 0
    for end in 1...count where end == count || ranges[end] != ranges[start] {
      parts.append(played(flat.columns(start..<end), ranges[start]))
      start = end
    }
    return drawn.graph.concatenate(parts).reshaped(drawn.shape)
  }

  /// Returns actions scaled to bounds that are finite, and clipped.
  private func played(_ drawn: Tensor, _ range: (low: Double, high: Double)) -> Tensor {
    let (low, high) = range
    var action = drawn
    if self == .scale, low.isFinite, high.isFinite, (low, high) != (-1, 1) {
      let half = high / 2 - low / 2
      action = half * action + (low + half)
    }
    guard low.isFinite || high.isFinite else { return action }
    let bounds = ClippingBounds<Float>(low, high)
    return action.clamped(to: Double(bounds.low)...Double(bounds.high))
  }
}
