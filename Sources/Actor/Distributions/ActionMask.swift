import Rollout

extension TracedState {
  /// Returns the allowed actions, [rows, B, actions]: 1 for allowed, 0 for others.
  ///
  /// The mask is the leaf `action_mask` of a Dict observation, of uint8 or bool. It has one element
  /// for each action of a Discrete space. For a MultiDiscrete space it has one for each action of
  /// each choice, one choice after the other.
  ///
  /// - Returns: `nil` when the observation has no such leaf.
  /// - Throws: `PolicyError` when the mask does not fit the action space.
  public func actionMask() throws(PolicyError) -> Tensor? {
    let name = EnvironmentSpaces.actionMaskName
    guard let mask = obs[name] else { return nil }
    let count: Int
    switch spaces.action {
    case .discrete(let actions): count = actions
    case .multiDiscrete(let counts): count = counts.reduce(0, +)
    default:
      throw PolicyError(
        """
        the observation has an '\(name)', but actions of \(spaces.action) cannot \
        be masked: use Discrete or MultiDiscrete, or give the observation another name
        """)
    }
    guard let mask = mask.value, [.uint8, .bool, nil].contains(mask.elementType),
      mask.shape.dropFirst(2).reduce(1, *) == count
    else {
      throw PolicyError(
        """
        the '\(name)' in \(spaces.observation) does not fit \(spaces.action): \
        it must hold \(count) elements of uint8 or bool
        """)
    }
    return mask.reshaped(mask.shape.prefix(2) + [count]).numeric
  }
}

extension Tensor {
  /// Returns the scores with −∞ for masked actions: probability 0 and no gradient.
  ///
  /// A row, or a choice of a MultiDiscrete row, without any allowed action has NaN probabilities.
  /// An environment that emits such a mask ends its worker with an `EmptyActionMask`.
  public func masked(by mask: Tensor) -> Tensor {
    // log 1 = 0 keeps a score, log 0 = −∞ masks it.
    self + log(mask.atLeast(0.5))
  }
}
