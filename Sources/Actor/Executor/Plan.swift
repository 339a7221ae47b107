import Rollout

/// The execution plan of a graph: the memory of each node and the steps that compute the outputs.
///
/// Operations that no output depends on are left out. Steps that depend on weights alone go to a
/// prologue, which runs only after the weights changed. These are the packed weights that
/// matrix products read.
struct Plan {
  /// Steps to run after the weights changed.
  private(set) var prologue: [Instruction] = []
  /// Steps to run every time.
  private(set) var body: [Instruction] = []
  /// The body in phases, some of them in chunks; empty if no phase is worth it.
  var phases: [Phase] = []
  /// The chunks of the prologue; empty if one thread is enough for it.
  var prologueChunks = 0..<0
  /// The steps of all chunks.
  var chunkSteps: [Instruction] = []
  /// The steps of each chunk.
  var chunks: [Range<Int>] = []
  /// The memory of each slot.
  private(set) var places: [Place]
  /// True for each slot with a gradient.
  private(set) var needsGradient: [Bool]
  /// The size in bytes of the arena of values; the arena of gradients has the same size.
  private(set) var arenaByteCount = 0
  /// The size in bytes of the scratch memory of steps, which has no gradient.
  private(set) var scratchByteCount = 0

  /// The memory of a slot.
  enum Place: BitwiseCopyable {
    case unused
    /// The executor's arena from that byte on, which may also hold integers.
    case arena(Int)
    /// The executor's scratch memory from that byte on.
    case scratch(Int)
    /// The weights from that element on.
    case weights(Int)
    /// The bound fragment: the offset from its start and the distance of rows, in bytes.
    case fragment(offset: Int, rowStride: Int)
  }

  let nodes: [Graph.Node]
  private let scalarType: ElementType
  private var packedWeights: [Int: Slot] = [:]
  /// The nodes whose gradient comes from one linear layer alone.
  private(set) var readByOneLayer: Set<Int> = []
  /// The embeddings whose table's gradient comes from linear layers, and those layers.
  private(set) var tableReaders: [Int: [TableReader]] = [:]
  /// The steps of such a gradient, keyed to the embedding.
  var tableSteps: [Int: [Instruction]] = [:]

  /// Plans the computation of `outputs` and of the gradients of `loss`, for a number of threads.
  ///
  /// Stretches of steps that take `smallestStretch` nanoseconds are divided among several threads.
  init(
    _ graph: Graph, outputs: [Tensor], loss: Tensor?, scalarType: ElementType,
    threadCount: Int = 1, smallestStretch: Double = Plan.usualStretch
  ) {
    nodes = graph.nodes
    self.scalarType = scalarType
    places = Array(repeating: .unused, count: nodes.count)
    needsGradient = Array(repeating: false, count: nodes.count)
    let wanted = outputs.map(\.id) + (loss.map { [$0.id] } ?? [])
    let reached = graph.ancestors(of: wanted)
    let fused = fusions(among: reached, keeping: Set(wanted))
    for id in nodes.indices where reached[id] && fused[id] == nil { place(id, fused) }
    if let loss {
      needsGradient = gradients(among: reached, to: loss.id)
      tableReaders = tableReaders(among: reached)
      for id in gradientsWithoutReader() { needsGradient[id] = false }
      readByOneLayer = nodesReadByOneLayer(among: reached)
    }
    for id in nodes.indices where reached[id] && fused[id] == nil { emit(id, fused) }
    if threadCount > 1 { divide(among: threadCount, from: smallestStretch) }
  }

  // MARK: Dependencies

  /// Returns the linear nodes with an activation as their only reader, keyed to that activation.
  ///
  /// Both become one step, which writes to the activation's slot.
  private func fusions(among reached: [Bool], keeping wanted: Set<Int>) -> [Int: Int] {
    var readers: [Int: [Int]] = [:]
    for id in nodes.indices where reached[id] {
      for operand in nodes[id].operands { readers[operand, default: []].append(id) }
    }
    var fused: [Int: Int] = [:]
    for id in nodes.indices where reached[id] && !wanted.contains(id) {
      guard case .linear(.identity) = nodes[id].operation,
        let reader = readers[id], reader.count == 1,
        case .unary(.activation(let activation)) = nodes[reader[0]].operation,
        activation.isFusible
      else { continue }
      fused[id] = reader[0]
    }
    return fused
  }

  // MARK: Memory

  private mutating func place(_ id: Int, _ fused: [Int: Int]) {
    let node = nodes[id]
    switch node.operation {
    case .parameter(let offset, _):
      places[id] = .weights(offset)
    case .input(.fragment(let column, let firstRow, let firstEnvironment)):
      places[id] = .fragment(
        offset: column.offset(row: firstRow, environment: firstEnvironment),
        rowStride: column.rowStride)
    case .alias(let alias):
      var elements = 0
      if case .offset(let count) = alias { elements = count }
      places[id] = moved(places[node.operands[0]], by: elements, of: node.elementType)
    case .convert where nodes[node.operands[0]].elementType == scalarType:
      places[id] = places[node.operands[0]]
    default:
      places[id] = .arena(reserve(node.shape.reduce(1, *), node.elementType ?? scalarType))
    }
  }

  private func moved(_ place: Place, by elements: Int, of type: ElementType?) -> Place {
    let bytes = elements * (type ?? scalarType).byteCount
    return switch place {
    case .unused: .unused
    case .arena(let start): .arena(start + bytes)
    case .scratch(let start): .scratch(start + bytes)
    case .weights(let start): .weights(start + elements)
    case .fragment(let offset, let rowStride):
      .fragment(offset: offset + bytes, rowStride: rowStride)
    }
  }

  /// Reserves part of the arena in whole cache lines, for elements of any width.
  private mutating func reserve(_ elementCount: Int, _ type: ElementType) -> Int {
    let start = arenaByteCount
    arenaByteCount += wholeLines(elementCount, type)
    return start
  }

  private func wholeLines(_ elementCount: Int, _ type: ElementType) -> Int {
    (elementCount * type.byteCount + 63) / 64 * 64
  }

  // MARK: Steps

  private mutating func emit(_ id: Int, _ fused: [Int: Int]) {
    let node = nodes[id]
    let out = Slot(id)
    let operands = node.operands.map { Slot($0) }
    let count = node.shape.reduce(1, *)
    func shape(_ position: Int) -> [Int] { nodes[node.operands[position]].shape }

    switch node.operation {
    case .input, .parameter, .alias, .constant:
      break
    case .convert:
      guard let type = nodes[node.operands[0]].elementType, type != scalarType else { break }
      body.append(.convert(out: out, x: operands[0], count: count, from: .init(type)))
    case .unary(.activation(let activation)) where fused[node.operands[0]] == id:
      body.append(linearStep(nodes[node.operands[0]], activation, out))
    case .unary(let operation):
      body.append(.unary(operation, out: out, x: operands[0], count: count))
    case .binary(let operation):
      let broadcast = Instruction.Broadcast(shape(0), shape(1))
      body.append(
        .binary(
          operation, out: out, left: operands[0], right: operands[1], count: count, broadcast))
    case .reduce(let reduction):
      body.append(
        .reduce(reduction, out: out, x: operands[0], count: shape(0).reduce(1, *)))
    case .linear(let activation):
      body.append(linearStep(node, activation, out))
    case .convolution(let stride, let activation):
      body.append(convolutionStep(node, stride, activation, out))
    case .layerNorm(let epsilon):
      let width = max(node.shape.last ?? 1, 1)
      body.append(
        .layerNorm(
          out: out, x: operands[0], weight: operands[1], bias: operands[2],
          statistics: scratch(2 * count / width), rows: count / width, width: width,
          epsilon: epsilon))
    case .recurrent(let cell):
      body.append(recurrentStep(cell, node, out))
    case .embedding:
      body += embeddingSteps(id, fused)
    case .concatenate:
      var start = 0
      let width = node.shape.last ?? 1
      for (position, operand) in operands.enumerated() {
        let part = shape(position).last ?? 1
        body.append(
          .strip(
            .init(
              rows: count / max(width, 1), width: part, outStart: start, outStride: width,
              stride: part),
            out: out, x: operand))
        start += part
      }
    case .columns(let start):
      let width = node.shape.last ?? 1
      let strip = Instruction.Strip(
        rows: count / max(width, 1), width: width, outStride: width, start: start,
        stride: shape(0).last ?? 1)
      body.append(
        node.elementType == .int32
          ? .integerStrip(strip, out: out, x: operands[0])
          : .strip(strip, out: out, x: operands[0]))
    case .repeatRows:
      let width = node.shape.last ?? 1
      body.append(
        .strip(
          .init(rows: count / max(width, 1), width: width, outStride: width, stride: 0),
          out: out, x: operands[0]))
    case .oneHot:
      let classes = node.shape.last ?? 1
      body.append(
        .oneHot(out: out, x: operands[0], rows: count / max(classes, 1), count: classes))
    case .oneHotBits:
      let bits = node.shape.last ?? 1
      body.append(.oneHotBits(out: out, x: operands[0], rows: count / bits, bits: bits))
    case .indexOfLargest:
      body.append(
        .indexOfLargest(out: out, x: operands[0], rows: count, count: shape(0).last ?? 1))
    case .swapLastAxes:
      let matrix = shape(0).suffix(2).map { $0 }
      body.append(
        .swapAxes(
          out: out, x: operands[0], matrices: shape(0).dropLast(2).reduce(1, *), rows: matrix[0],
          columns: matrix[1]))
    case .sumLastAxis:
      body.append(
        .sumLastAxis(out: out, x: operands[0], rows: count, width: shape(0).last ?? 1))
    case .logSoftmax:
      let classes = node.shape.last ?? 1
      body.append(
        .logSoftmax(out: out, x: operands[0], rows: count / max(classes, 1), classes: classes))
    case .pick:
      body.append(
        .pick(
          out: out, x: operands[0], indices: operands[1], rows: count, classes: shape(0).last ?? 1))
    case .choose:
      body.append(choiceStep(node, out))
    case .accumulateBackwards:
      body.append(
        .accumulateBackwards(
          out: out, x: operands[0], weights: operands[1],
          last: operands.count > 2 ? operands[2] : .none, steps: node.shape[0],
          columns: node.shape[1]))
    }
  }

  /// Returns the slot of a packed weight, computed in the prologue and shared by its readers.
  mutating func packed(_ weight: Int, _ outputs: Int, _ inputs: Int) -> Slot {
    if let slot = packedWeights[weight] { return slot }
    let slot = scratch(Kernels.packedCount(outputs: outputs, inputs: inputs))
    prologue.append(.pack(out: slot, weight: Slot(weight), outputs: outputs, inputs: inputs))
    packedWeights[weight] = slot
    return slot
  }

  /// Returns a new slot of scratch memory with that many elements, beyond the graph's nodes.
  ///
  /// If it carries a gradient, the memory is for the gradient and there are no values.
  mutating func scratch(_ elementCount: Int, carriesGradient: Bool = false) -> Slot {
    let slot = Slot(places.count)
    places.append(.scratch(scratchByteCount))
    scratchByteCount += wholeLines(elementCount, scalarType)
    needsGradient.append(carriesGradient)
    return slot
  }

  /// Returns a new slot of the memory of another one, from an element of it on.
  mutating func view(of slot: Slot, from element: Int, carriesGradient: Bool) -> Slot {
    let view = Slot(places.count)
    places.append(moved(places[Int(slot.index)], by: element, of: elementType(slot)))
    needsGradient.append(carriesGradient)
    return view
  }

  /// Returns the type of a slot's elements.
  func elementType(_ slot: Slot) -> ElementType {
    let id = Int(slot.index)
    return (id < nodes.count ? nodes[id].elementType : nil) ?? scalarType
  }

  /// Constants and their slots.
  var constants: [(slot: Slot, value: Double)] {
    nodes.indices.compactMap { id in
      if case .constant(let value) = nodes[id].operation, case .arena = places[id] {
        (Slot(id), value)
      } else {
        nil
      }
    }
  }
}
