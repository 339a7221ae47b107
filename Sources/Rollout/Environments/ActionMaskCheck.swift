extension EnvironmentSpaces {
  /// The name of the observation with the action mask.
  ///
  /// It is a leaf of a Dict, of uint8 or bool. It has one element for each action of a Discrete
  /// space. For a MultiDiscrete space it has one for each action of each choice, one choice after
  /// the other.
  package static let actionMaskName = "action_mask"
}

/// An `action_mask` that is 0 for every action, so no action can be chosen.
package struct EmptyActionMask: Error, Equatable, CustomStringConvertible {
  /// The choice of a MultiDiscrete space without an action, from 0; `nil` for a Discrete space.
  package let choice: Int?

  /// Creates an error for a choice.
  package init(choice: Int?) { self.choice = choice }

  /// One sentence without a period, as the cause of a fault.
  package var description: String {
    let name = EnvironmentSpaces.actionMaskName
    return choice.map { "the \(name) allows no action of choice \($0)" }
      ?? "the \(name) allows no action"
  }
}

/// A check after every step that each environment's `action_mask` allows an action.
///
/// Without an allowed action there are no probabilities: they would be NaN in the worker, and so
/// would the loss in the learner. Final observations are not checked, because no action follows
/// them; their masks may allow nothing.
struct ActionMaskCheck {
  /// The index of the observation leaf with the mask.
  private let leaf: Int
  /// The number of actions of each choice.
  private let counts: [Int]
  private let isMulti: Bool

  /// Finds the mask; `nil` if the observation has no mask that fits the action space.
  ///
  /// The policy reports a mask that does not fit.
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

  /// Returns true if one environment's mask allows an action of a choice, counted from 0.
  func allows(_ action: Int, of choice: Int, _ state: StateRow, environment: Int) -> Bool {
    let mask = state.obs(environment).dropping(leaf).elements(UInt8.self)
    return mask[counts[..<choice].reduce(0, +) + action] != 0
  }

  /// Checks the masks of some environments in one row.
  ///
  /// - Throws: `EnvironmentFault` with an `EmptyActionMask`.
  func check(_ state: StateRow, of range: Range<Int>) throws(EnvironmentFault) {
    for index in range {
      let mask = state.obs(index).dropping(leaf).elements(UInt8.self)
      var first = 0
      for choice in counts.indices {
        var allowed: UInt8 = 0
        for action in 0..<counts[choice] { allowed |= mask[first &+ action] }
        guard allowed != 0 else {
          throw EnvironmentFault(
            environment: index, step: Int(state.stepno[index]),
            cause: EmptyActionMask(choice: isMulti ? choice : nil))
        }
        first += counts[choice]
      }
    }
  }
}
