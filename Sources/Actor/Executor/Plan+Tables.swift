import Rollout

// Gradients of tables by way of linear layers. A layer that reads an embedding does not need the
// gradient of each of its inputs: dTable[v] = Σ dy[r] · W over the rows r with index v, and the sum
// can be taken before the product. The product then has a row for each index, not for each row.

extension Plan {
  /// A linear layer that reads an embedding as some of its inputs.
  struct TableReader {
    /// The layer's node.
    var layer: Int
    /// The first of the inputs.
    var start: Int
  }

  /// Finds the embeddings that only linear layers read, and the layers that read each.
  ///
  /// The layer may read a concatenation, if its other operands carry no gradient. A table with more
  /// rows than half of those looked up is left out, because the product would take as long.
  func tableReaders(among reached: [Bool]) -> [Int: [TableReader]] {
    var readers: [Int: [Int]] = [:]
    for id in nodes.indices where reached[id] && needsGradient[id] && !isAlias(id) {
      for operand in nodes[id].operands where needsGradient[operand] {
        readers[origin(of: operand), default: []].append(id)
      }
    }
    var found: [Int: [TableReader]] = [:]
    for (input, layers) in readers {
      guard let embeddings = embeddings(in: input),
        embeddings.allSatisfy({ $0.id == input || readers[$0.id]?.count == 1 }),
        layers.allSatisfy({ isLayer($0, of: input) })
      else { continue }
      for (id, start) in embeddings {
        found[id] = layers.map { TableReader(layer: $0, start: start) }
      }
    }
    return found
  }

  /// Returns the embeddings that are a layer's input, and the first column of each; nil if anything
  /// else in it carries a gradient.
  private func embeddings(in input: Int) -> [(id: Int, start: Int)]? {
    guard case .concatenate = nodes[input].operation else {
      return isSmallEmbedding(input) ? [(input, 0)] : nil
    }
    var found: [(id: Int, start: Int)] = []
    var start = 0
    for operand in nodes[input].operands {
      if needsGradient[operand] {
        let id = origin(of: operand)
        guard isSmallEmbedding(id), nodes[id].shape.last == nodes[operand].shape.last else {
          return nil
        }
        found.append((id, start))
      }
      start += nodes[operand].shape.last ?? 1
    }
    return found
  }

  private func isSmallEmbedding(_ id: Int) -> Bool {
    guard case .embedding = nodes[id].operation else { return false }
    let (table, indices) = (nodes[id].operands[0], nodes[id].operands[1])
    return 2 * nodes[table].shape[0] <= nodes[indices].shape.reduce(1, *)
  }

  /// Returns true for a linear layer whose inputs are the columns of a node.
  private func isLayer(_ id: Int, of input: Int) -> Bool {
    guard case .linear = nodes[id].operation else { return false }
    return origin(of: nodes[id].operands[0]) == input
      && nodes[nodes[id].operands[1]].shape[1] == nodes[input].shape.last
  }

  /// Returns the nodes whose gradient nothing reads because of `tableReaders`.
  func gradientsWithoutReader() -> [Int] {
    let layers = tableReaders.values.joined().map { origin(of: nodes[$0.layer].operands[0]) }
    let unread = Set(layers).union(tableReaders.keys)
    return nodes.indices.filter { unread.contains(origin(of: $0)) }
  }

  /// Returns the step of an embedding and those of its table's gradient, one for each reader.
  mutating func embeddingSteps(_ id: Int, _ fused: [Int: Int]) -> [Instruction] {
    let (table, indices) = (nodes[id].operands[0], nodes[id].operands[1])
    let rows = nodes[indices].shape.reduce(1, *)
    let (count, width) = (nodes[table].shape[0], nodes[table].shape[1])
    let steps: [Instruction] = tableReaders[id, default: []].map { reader in
      let weight = nodes[reader.layer].operands[1]
      let outputs = nodes[weight].shape[0]
      return .tableGradient(
        .init(
          rows: rows, count: count, width: width, start: reader.start,
          inputs: nodes[weight].shape[1], outputs: outputs),
        out: Slot(fused[reader.layer] ?? reader.layer), weight: Slot(weight), table: Slot(table),
        indices: Slot(indices), sums: scratch(2 * count * outputs))
    }
    tableSteps[id] = steps
    let embedding = Instruction.embedding(
      out: Slot(id), table: Slot(table), indices: Slot(indices), rows: rows, width: width)
    return [embedding] + steps
  }
}
