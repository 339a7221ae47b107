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
}
