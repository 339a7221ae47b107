import Rollout

extension Plan {
  /// Returns true for each node that depends on a learned parameter and influences the loss.
  func gradients(among reached: [Bool], to loss: Int) -> [Bool] {
    var needsGradient = Array(repeating: false, count: nodes.count)
    for id in nodes.indices where reached[id] {
      let node = nodes[id]
      needsGradient[id] =
        switch node.operation {
        case .parameter(_, let isLearned): isLearned
        case .input, .constant, .convert, .oneHot, .oneHotBits, .indexOfLargest,
          .accumulateBackwards:
          false
        case .alias(.stopGradient), .unary(.atLeast), .reduce(.largest), .reduce(.deviation):
          false
        case .embedding, .pick: needsGradient[node.operands[0]]
        case .choose: node.operands.dropFirst().contains { needsGradient[$0] }
        default: node.operands.contains { needsGradient[$0] }
        }
    }
    // Slots that do not influence the loss, such as metrics or operands of a stopped gradient,
    // would only propagate zeros.
    var reachesLoss = Array(repeating: false, count: nodes.count)
    reachesLoss[loss] = true
    for id in nodes.indices.reversed() where needsGradient[id] {
      needsGradient[id] = reachesLoss[id]
      guard reachesLoss[id] else { continue }
      for operand in nodes[id].operands { reachesLoss[operand] = true }
    }
    return needsGradient
  }

  /// Returns the nodes whose gradient comes from one linear layer alone.
  ///
  /// The layer sets it, so it is not cleared before.
  func nodesReadByOneLayer(among reached: [Bool]) -> Set<Int> {
    /// The memory of each operand that a step adds a gradient to.
    var written: [(reader: Int, memory: Range<Int>)] = []
    for id in nodes.indices where reached[id] && needsGradient[id] && !isAlias(id) {
      for operand in nodes[id].operands where needsGradient[operand] {
        if let memory = memory(of: operand) { written.append((id, memory)) }
      }
    }
    var found: Set<Int> = []
    for (reader, memory) in written {
      guard case .linear = nodes[reader].operation else { continue }
      let origin = origin(of: nodes[reader].operands[0])
      if self.memory(of: origin) == memory,
        written.count(where: { $0.memory.overlaps(memory) }) == 1
      {
        found.insert(origin)
      }
    }
    return found
  }

  /// Returns the node that computes the numbers of another one, which may be an alias of all of
  /// them.
  func origin(of id: Int) -> Int {
    var origin = id
    while isAlias(origin), memory(of: nodes[origin].operands[0]) == memory(of: origin) {
      origin = nodes[origin].operands[0]
    }
    return origin
  }

  /// Returns true for a node without memory or step of its own.
  func isAlias(_ id: Int) -> Bool {
    switch nodes[id].operation {
    case .alias: true
    case .convert: nodes[nodes[id].operands[0]].elementType == elementType(Slot(id))
    default: false
    }
  }

  /// Returns a node's part of the arena, in bytes; nil if it has none.
  private func memory(of id: Int) -> Range<Int>? {
    guard case .arena(let start) = places[id] else { return nil }
    return start..<start + nodes[id].shape.reduce(1, *) * elementType(Slot(id)).byteCount
  }

  /// Returns the ranges of the arena, in elements, whose values have a gradient to be cleared.
  ///
  /// Long ranges are divided, so that threads can share them.
  func gradientParts() -> [Range<Int>] {
    let ranges = nodes.indices.compactMap { id -> Range<Int>? in
      guard needsGradient[id], !readByOneLayer.contains(origin(of: id)),
        let memory = memory(of: id)
      else { return nil }
      let width = elementType(Slot(id)).byteCount
      return memory.lowerBound / width..<memory.upperBound / width
    }
    var parts: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      // Clearing a small gap costs less than another call.
      if let last = parts.last, range.lowerBound <= last.upperBound + Self.smallGap {
        parts[parts.count - 1] =
          last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        parts.append(range)
      }
    }
    return parts.flatMap { part in
      stride(from: part.lowerBound, to: part.upperBound, by: Self.longestPart).map {
        $0..<min($0 + Self.longestPart, part.upperBound)
      }
    }
  }

  /// The elements between two ranges that are cleared together.
  private static var smallGap: Int { 256 }
  /// The elements that one thread clears at once.
  private static var longestPart: Int { 32_768 }

  /// Returns the smallest range of weights that holds all weights with a gradient.
  func learnedRange() -> Range<Int> {
    let ranges = nodes.indices.compactMap { id -> Range<Int>? in
      guard needsGradient[id], case .weights(let start) = places[id] else { return nil }
      return start..<start + nodes[id].shape.reduce(1, *)
    }
    guard let first = ranges.map(\.lowerBound).min(), let last = ranges.map(\.upperBound).max()
    else { return 0..<0 }
    return first..<last
  }
}
