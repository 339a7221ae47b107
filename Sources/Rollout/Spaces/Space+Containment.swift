extension Space {
  /// Says what is wrong with a value that a fragment keeps; `nil` when the space contains it.
  ///
  /// Floating-point bounds are compared in the element's own type, so that a Float at the bound π is
  /// within it.
  ///
  /// - Returns: a part of a sentence with the leaf, the element and the value.
  public func violation(in leaves: LeafRow) -> String? {
    firstProblem(in: leaves) { value, part, index in
      switch part {
      case .box(_, let low, let high, let type):
        // Numbers that are not finite are another matter, with a sentence of their own.
        guard !value.isNaN else { return nil }
        if type == .float32, value >= Double(Float(low)), value <= Double(Float(high)) {
          return nil
        }
        if type == .bool, value > 1 { return "is the byte \(Int(value)), and no bool" }
        return value >= low && value <= high ? nil : "is \(value), outside \(part)"
      case .discrete(let count):
        return value >= 0 && value < Double(count) ? nil : "is \(Int(value)), outside \(part)"
      case .multiDiscrete(let counts):
        return value >= 0 && value < Double(counts[index])
          ? nil : "is \(Int(value)), outside \(part)"
      case .multiBinary: return value <= 1 ? nil : "is \(Int(value)), outside \(part)"
      case .tuple, .dict: return nil
      }
    }
  }

  /// Says which number of a value is not finite; `nil` when all are.
  public func nonFinite(in leaves: LeafRow) -> String? {
    firstProblem(in: leaves) { value, _, _ in value.isFinite ? nil : "is \(value)" }
  }

  /// What is wrong with the declaration itself; `nil` when values of the space can exist.
  public var flaw: String? {
    for (part, path) in zip(parts.leaves, parts.paths()) {
      let name = path.isEmpty ? "" : "\(path), "
      switch part {
      case .box(let shape, let low, let high, _):
        guard low <= high else { return "\(name)\(part), has no values between its bounds" }
        guard shape.allSatisfy({ $0 > 0 }) else { return "\(name)\(part), has no elements" }
      case .discrete(let count):
        guard count > 0 else { return "\(name)\(part), has no choice" }
      case .multiDiscrete(let counts):
        guard !counts.isEmpty, counts.allSatisfy({ $0 > 0 }) else {
          return "\(name)\(part), has no choice"
        }
      case .multiBinary(let count):
        guard count > 0 else { return "\(name)\(part), has no choice" }
      case .tuple, .dict: break
      }
    }
    return parts.leaves.isEmpty ? "\(self), holds nothing" : nil
  }

  private func firstProblem(
    in leaves: LeafRow, _ problem: (Double, Space, Int) -> String?
  ) -> String? {
    var leaves = leaves
    let (parts, paths) = (parts, parts.paths())
    for ((part, leaf), path) in zip(zip(parts.leaves, self.leaves.leaves), paths) {
      for index in 0..<leaf.elementCount {
        guard let text = problem(leaves.number(as: leaf.elementType, at: index), part, index)
        else { continue }
        let place = leaf.shape.isEmpty ? "" : "[\(index)]"
        let name = path + place
        return name.isEmpty ? text : "\(name) \(text)"
      }
      leaves = leaves.dropping(1)
    }
    return nil
  }
}
