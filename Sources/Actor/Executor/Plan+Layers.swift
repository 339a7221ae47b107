import Rollout

// The steps of layers and of `choose`: sizes derived from shapes, packed weights and scratch
// memory.

extension Plan {
  mutating func linearStep(
    _ node: Graph.Node, _ activation: Activation, _ out: Slot
  ) -> Instruction {
    let weight = nodes[node.operands[1]]
    let inputs = weight.shape[1]
    let outputs = weight.shape[0]
    let rows = nodes[node.operands[0]].shape.dropLast().reduce(1, *)
    return .linear(
      .init(
        rows: rows, inputs: inputs, outputs: outputs, activation: activation,
        isOnlyReader: readByOneLayer.contains(origin(of: node.operands[0]))),
      out: out, x: Slot(node.operands[0]), weight: Slot(node.operands[1]),
      packed: packed(node.operands[1], outputs, inputs),
      bias: node.operands.count > 2 ? Slot(node.operands[2]) : .none)
  }

  mutating func convolutionStep(
    _ node: Graph.Node, _ stride: Int, _ activation: Activation, _ out: Slot
  ) -> Instruction {
    let shape = nodes[node.operands[0]].shape
    let weight = nodes[node.operands[1]].shape
    let image = Array(shape.suffix(3))
    let convolution = ConvolutionShape(
      images: shape.dropLast(3).reduce(1, *), channels: image[0], height: image[1],
      width: image[2], outputs: weight[0], kernel: weight[2], stride: stride,
      activation: activation)
    return .convolution(
      convolution, out: out, x: Slot(node.operands[0]), weight: Slot(node.operands[1]),
      bias: Slot(node.operands[2]), patches: scratch(convolution.roomCount))
  }

  mutating func recurrentStep(
    _ cell: RecurrentCell, _ node: Graph.Node, _ out: Slot
  ) -> Instruction {
    let operands = node.operands.map { Slot($0) }
    let keeps = needsGradient[Int(out.index)]
    let shape = RecurrentShape(
      cell: cell, steps: node.shape[1], environments: node.shape[2],
      allEnvironments: node.shape[2], size: node.shape[3], keepsRows: keeps)
    let states = cell.stateCount * shape.rowCount
    // The gradients on both sides of an LSTM's sum are the same.
    let sharesGradient = cell == .lstm && carriesGradient(operands[0])
    let recurrentGradient =
      !keeps
      ? Slot.none
      : sharesGradient
        ? operands[0] : scratch(shape.steps * shape.gateRowCount, carriesGradient: true)
    return .recurrent(
      shape, out: out,
      .init(
        projected: operands[0], weight: operands[1],
        packed: packed(node.operands[1], cell.gateCount * shape.size, shape.size),
        bias: operands[2], resets: operands[3], hidden: operands[4],
        cell: operands[operands.count - 1],
        previous: scratch(shape.keptSteps * states),
        gates: scratch(shape.keptSteps * shape.gateRowCount),
        carriedGradient: keeps ? scratch(states) : .none,
        recurrentGradient: recurrentGradient))
  }

  func choiceStep(_ node: Graph.Node, _ out: Slot) -> Instruction {
    let operands = node.operands.map { Slot($0) }
    func count(_ position: Int) -> Int { nodes[node.operands[position]].shape.reduce(1, *) }
    let rows = count(0)
    let elementCount = node.shape.reduce(1, *)
    let width = elementCount / max(rows, 1)
    if let type = node.elementType {
      return .chooseBytes(
        out: out, flags: operands[0], chosen: operands[1], other: operands[2], rows: rows,
        byteCount: width * type.byteCount)
    }
    return .choose(
      .init(
        rows: rows, width: width, chosenIsSingle: count(1) < elementCount,
        otherIsSingle: count(2) < elementCount),
      out: out, flags: operands[0], chosen: operands[1], other: operands[2])
  }
}
