import Rollout

extension TracedState {
  /// Which actions the environment allows now, [rows, B, actions]: 1 for those, 0 for the others.
  ///
  /// It is the leaf `action_mask` of an observation that is a Dict: uint8 or bool, one for each action of a Discrete space; of
  /// a MultiDiscrete space one for each action of each choice, one choice behind the other.
  ///
  /// - Returns: `nil` when the observation has no such leaf.
  /// - Throws: `PolicyError` when it has one that does not fit the action space.
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
  /// These scores where a mask allows an action, −∞ where it does not: probability 0, and no gradient.
  ///
  /// A row, or a choice of a MultiDiscrete row, that allows nothing has no probabilities: they are NaN. An environment that
  /// emits such a mask ends its worker with an `EmptyActionMask`.
  public func masked(by mask: Tensor) -> Tensor {
    // log 1 = 0 leaves a score as it is, log 0 = −∞.
    self + log(mask.atLeast(0.5))
  }
}
