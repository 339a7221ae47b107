extension EnvironmentSpaces {
  /// The name of the observation that says which actions are allowed: a leaf of a Dict, uint8 or
  /// bool, one for each action of a Discrete space; of a MultiDiscrete space one for each action of
  /// each choice, one choice behind the other.
  public static let actionMaskName = "action_mask"
}

/// An observation's `action_mask` is 0 for every action, so that nothing can be chosen.
public struct EmptyActionMask: Error, Equatable, CustomStringConvertible {
  /// Which choice of a MultiDiscrete space has no action left, from 0; `nil` for a Discrete space.
  public let choice: Int?

  /// Says which choice is left without an action.
  public init(choice: Int?) { self.choice = choice }

  /// One sentence without a full stop, as the cause of a fault.
  public var description: String {
    let name = EnvironmentSpaces.actionMaskName
    return choice.map { "the \(name) allows no action of choice \($0)" }
      ?? "the \(name) allows no action"
  }
}

/// Looks after every step whether each environment's `action_mask` leaves something to choose.
///
/// A row without an allowed action has no probabilities: they would be NaN in the worker, and the
/// loss in the learner. Only observations to act upon are looked at; the last one of an episode may
/// well allow nothing.
struct ActionMaskCheck {
  /// Which leaf of the observation the mask is.
  private let leaf: Int
  /// How many actions each choice has.
  private let counts: [Int]
  private let isMulti: Bool

  /// `nil` when the observation has no mask for the actions; whether one fits is for the policy to say.
  init?(_ spaces: EnvironmentSpaces) {
    switch spaces.action {
    case .discrete(let count): (counts, isMulti) = ([count], false)
    case .multiDiscrete(let counts): (self.counts, isMulti) = (counts, true)
    default: return nil
    }
    guard case .fields(let fields) = spaces.observation.leaves,
      let place = fields.firstIndex(where: { $0.name == EnvironmentSpaces.actionMaskName }),
      let mask = fields[place].value.value, mask.elementType.byteCount == 1,
      mask.elementCount == counts.reduce(0, +)
    else { return nil }
    leaf = fields[..<place].reduce(0) { $0 + $1.value.leaves.count }
  }

  /// Whether one environment's mask allows an action of a choice, counted from 0.
  func allows(_ action: Int, of choice: Int, _ state: StateRow, environment: Int) -> Bool {
    let column = state.obsColumns[leaf]
    let mask = state.base + column.offset(row: state.row, environment: environment)
    return mask.load(
      fromByteOffset: counts[..<choice].reduce(0, +) + action, as: UInt8.self) != 0
  }

  /// Looks at the masks of some environments in one row.
  ///
  /// - Throws: `EnvironmentFault` with an `EmptyActionMask`.
  func check(_ state: StateRow, of range: Range<Int>) throws(EnvironmentFault) {
    let column = state.obsColumns[leaf]
    let row = (state.base + column.offset(row: state.row)).assumingMemoryBound(to: UInt8.self)
    for index in range {
      var mask = row + index &* column.environmentStride
      for choice in counts.indices {
        var allowed: UInt8 = 0
        for action in 0..<counts[choice] { allowed |= mask[action] }
        guard allowed != 0 else {
          throw EnvironmentFault(
            environment: index, step: Int(state.stepno[index]),
            cause: EmptyActionMask(choice: isMulti ? choice : nil))
        }
        mask += counts[choice]
      }
    }
  }
}
