extension Wrapper {
  /// Truncates episodes after a number of steps.
  public static func timeLimit(_ steps: Int) -> Wrapper {
    Wrapper("time-limit=\(steps)", stepLimit: steps) { batch, _ in
      try TimeLimitBatch(batch, steps: steps)
    }
  }

  /// Repeats each action and sums the rewards.
  public static func actionRepeat(_ times: Int) -> Wrapper {
    Wrapper("action-repeat=\(times)") { batch, _ in
      try batch.spaces.checkMayWait()
      return ActionRepeatBatch(batch, times: times)
    }
  }

  /// Repeats each action and shows the elementwise maximum of the last two observations.
  public static func frameSkip(_ times: Int) -> Wrapper {
    Wrapper("frame-skip=\(times)") { batch, _ in
      try batch.spaces.checkMayWait()
      return try FrameSkipBatch(batch, skipping: times)
    }
  }

  /// Begins episodes with a random number of no-ops.
  public static func randomNoOps(upTo largest: Int) -> Wrapper {
    Wrapper("random-noops=\(largest)") { batch, streams in
      try batch.spaces.checkMayWait()
      return RandomNoOpsBatch(batch, upTo: largest, streams: streams)
    }
  }

  /// Ends episodes when a life is lost.
  public static var endOnLostLife: Wrapper {
    Wrapper("end-on-lost-life") { batch, _ in
      try batch.spaces.checkMayWait()
      return try LostLifeBatch(endingEpisodesOf: batch)
    }
  }

  /// Begins episodes with action 1, FIRE in games of Atari's, and action 2.
  public static var fireOnReset: Wrapper {
    Wrapper("fire-on-reset") { batch, _ in
      try batch.spaces.checkMayWait()
      return try FireOnResetBatch(batch)
    }
  }

  /// Shows some parts of a Dict or Tuple.
  ///
  /// - Parameter names: the paths of the parts to keep, such as `image` or `camera.left`.
  public static func only(_ names: [String]) -> Wrapper {
    Wrapper("only=\(names.joined(separator: ","))") { batch, _ in
      try PartSelectionBatch(batch, keeping: names)
    }
  }

  /// Shows a Dict or Tuple without some of its parts.
  ///
  /// - Parameter names: the paths of the parts to leave out, such as `mission`.
  public static func without(_ names: [String]) -> Wrapper {
    Wrapper("without=\(names.joined(separator: ","))") { batch, _ in
      try PartSelectionBatch(batch, leavingOut: names)
    }
  }

  /// Shows some elements of a Box, in the order of `indices`.
  ///
  /// - Parameters:
  ///   - indices: the elements to keep, as row-major indices into the Box.
  ///   - path: the part of a Dict or Tuple to mask, such as `camera.left`; `nil` for the whole
  ///     observation.
  public static func observationMask(keeping indices: [Int], at path: String? = nil) -> Wrapper {
    let names = indices.map(String.init).joined(separator: ",")
    return Wrapper("observation-mask=\(names)", at: path) { batch, _ in
      try ObservationMaskBatch(batch, keeping: indices, at: path)
    }
  }

  /// Converts color images to grayscale.
  public static var grayScale: Wrapper { grayScale(at: nil) }

  /// Converts the color images in a part of a Dict or Tuple to grayscale.
  public static func grayScale(at path: String?) -> Wrapper {
    Wrapper("gray-scale", at: path) { batch, _ in try GrayScaleBatch(batch, at: path) }
  }

  /// Shrinks images.
  ///
  /// - Parameters:
  ///   - height: the new height in pixels.
  ///   - width: the new width in pixels.
  ///   - path: the part of a Dict or Tuple that is the image; `nil` for the whole observation.
  public static func resize(height: Int, width: Int, at path: String? = nil) -> Wrapper {
    Wrapper("resize=\(height)x\(width)", at: path) { batch, _ in
      try ResizeBatch(batch, height: height, width: width, at: path)
    }
  }

  /// Shows the last few observations.
  ///
  /// - Parameters:
  ///   - depth: the number of observations in a stack.
  ///   - path: the part of a Dict or Tuple to stack; `nil` for the whole observation.
  public static func frameStack(_ depth: Int, at path: String? = nil) -> Wrapper {
    Wrapper("frame-stack=\(depth)", at: path, stackDepth: path == nil ? depth : nil) { batch, _ in
      try FrameStackBatch(batch, depth: depth, at: path)
    }
  }

  /// Multiplies rewards by a factor.
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

  /// Shapes rewards by minus the distance of the first two elements from the origin.
  public static func shaping(
    discount: Double, end: ShapingEnd = .policyInvariant
  ) -> Wrapper {
    Wrapper("shaping=\(discount.short)\(end == .tutorial ? ":tutorial" : "")") { batch, _ in
      try ShapedBatch(batch, discount: discount, end: end)
    }
  }

  /// Shapes rewards by a potential function; available in code only.
  public static func shaping(
    discount: Double, end: ShapingEnd = .policyInvariant,
    potential: @escaping @Sendable (_ observation: LeafRow) -> Double
  ) -> Wrapper {
    Wrapper("shaping=\(discount.short) by a custom potential") { batch, _ in
      ShapedBatch(batch, discount: discount, end: end, potential: potential)
    }
  }
}

extension Wrapper {
  private init(
    _ name: String, at path: String?, stackDepth: Int? = nil, wrap: @escaping Wrap
  ) {
    self.init(name + (path.map { "@\($0)" } ?? ""), stackDepth: stackDepth, wrap: wrap)
  }
}

extension Double {
  /// The number in decimal notation, without `.0` if it is whole.
  var short: String {
    let text = String(self)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
