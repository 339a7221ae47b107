extension Space {
  /// Describes a value's first element outside the space; `nil` if the space contains the value.
  ///
  /// Bounds of float32 elements are also compared as Float, so a Float at the bound π is within it.
  /// NaN is reported by `nonFinite(in:)` instead.
  ///
  /// - Returns: part of a sentence with the leaf, the element and the value.
  package func violation(in leaves: LeafRow) -> String? {
    firstProblem(in: leaves) { value, part, index in
      switch part {
      case .box(_, let low, let high, let type):
        // NaN is reported separately, by `nonFinite(in:)`.
        guard !value.isNaN else { return nil }
        if type == .float32, value >= Double(Float(low)), value <= Double(Float(high)) {
          return nil
        }
        if type == .bool, value > 1 { return "is the byte \(Int(value)), not a bool" }
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

  /// Describes the first number of a value that is not finite; `nil` if all are finite.
  package func nonFinite(in leaves: LeafRow) -> String? {
    firstProblem(in: leaves) { value, _, _ in value.isFinite ? nil : "is \(value)" }
  }

  /// The flaw in a declaration that allows no values; `nil` if values of the space can exist.
  package var flaw: String? {
    for (part, path) in zip(parts.leaves, parts.paths()) {
      let name = path.isEmpty ? "" : "'\(path)' "
      switch part {
      case .box(let shape, let low, let high, _):
        guard low <= high else { return "\(name)\(part) has no values between its bounds" }
        guard shape.allSatisfy({ $0 > 0 }) else { return "\(name)\(part) has no elements" }
      case .discrete(let count):
        guard count > 0 else { return "\(name)\(part) has no choices" }
      case .multiDiscrete(let counts):
        guard !counts.isEmpty, counts.allSatisfy({ $0 > 0 }) else {
          return "\(name)\(part) has no choices"
        }
      case .multiBinary(let count):
        guard count > 0 else { return "\(name)\(part) has no choices" }
      case .tuple, .dict: break
      }
    }
    return parts.leaves.isEmpty ? "\(self) has no parts" : nil
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
