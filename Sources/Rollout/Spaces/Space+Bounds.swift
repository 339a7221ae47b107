extension Space {
  /// True for an action space with a Box of real numbers that has a finite bound.
  package var hasBounds: Bool {
    parts.leaves.contains {
      if case .box(_, let low, let high, let type) = $0 {
        return type.isReal && (low.isFinite || high.isFinite)
      }
      return false
    }
  }

  /// Describes action bounds that do not suit a new policy, with actions of about 0 ± 1.
  ///
  /// - Parameter use: the use of the bounds.
  /// - Returns: a sentence without a period for each such part.
  package func oddBounds(_ use: ActionBounds) -> [String] {
    zip(parts.leaves, parts.paths()).compactMap { part, path in
      guard case .box(_, let low, let high, let type) = part, type.isReal,
        let flaw = Self.oddity(low, high, use)
      else { return nil }
      return "the action space \(path.isEmpty ? "" : "'\(path)' ")\(part) \(flaw)"
    }
  }

  /// The widest range without a remark if actions are scaled.
  private static let widest = 1e6
  /// The widest range without a remark if actions are clipped but not scaled.
  private static let widestDrawn = 20.0

  private static func oddity(_ low: Double, _ high: Double, _ use: ActionBounds) -> String? {
    if low == high { return "allows only one value" }
    switch (low.isFinite, high.isFinite) {
    case (false, false): return nil
    case (true, false), (false, true):
      return "is infinite on one side, so actions are not scaled: a new policy's are about 0 ± 1"
    case (true, true): break
    }
    guard use == .clip else {
      return high - low > widest
        ? "is wide: the policy's action is multiplied by \(high / 2 - low / 2)"
        : nil
    }
    guard high - low > widestDrawn || low > 0.5 || high < -0.5 || high - low < 0.1 else {
      return nil
    }
    return """
      is far from the range of a new policy's actions, about 0 ± 1: use --action-bounds scale
      """
  }
}

extension ElementType {
  /// True for floating-point numbers.
  fileprivate var isReal: Bool { self == .float32 || self == .float64 }
}
