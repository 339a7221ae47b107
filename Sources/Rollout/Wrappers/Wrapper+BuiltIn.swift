extension Wrapper {
  /// Shows some elements of a Box, in the order in which they are named.
  public static func observationMask(keeping indices: [Int]) -> Wrapper {
    let names = indices.map(String.init).joined(separator: ",")
    return Wrapper("observation-mask=\(names)") { batch, _ in
      try ObservationMaskBatch(batch, keeping: indices)
    }
  }

  /// Multiplies rewards.
  public static func rewardScale(_ factor: Double) -> Wrapper {
    Wrapper("reward-scale=\(factor.short)") { batch, _ in RewardMapBatch(batch, .scaled(factor)) }
  }

  /// Clips rewards to a range.
  public static func rewardClip(_ range: ClosedRange<Double>) -> Wrapper {
    Wrapper("reward-clip=\(range.lowerBound.short):\(range.upperBound.short)") { batch, _ in
      RewardMapBatch(batch, .clipped(range))
    }
  }

  /// Replaces rewards by their sign.
  public static var rewardSign: Wrapper {
    Wrapper("reward-sign") { batch, _ in RewardMapBatch(batch, .sign) }
  }
}

extension Double {
  /// The number without the `.0` of a whole one.
  fileprivate var short: String {
    let text = String(self)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
