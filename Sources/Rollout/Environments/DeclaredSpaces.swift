/// The complete spaces of an environment, as texts that can be compared and shown.
package struct DeclaredSpaces: Sendable, Equatable, Codable {
  /// A space with all its properties: kind, shape, element type, bounds, start, names and order.
  package struct Declaration: Sendable, Equatable, Codable {
    /// The space as shown to users, possibly shortened.
    package var text: String
    /// A digest of the complete space.
    package var digest: String
  }

  /// The observation space.
  package var observation: Declaration
  /// The action space.
  package var action: Declaration
  /// The paths of the parts of the observation that cannot be stored and are left out.
  package var leftOut: [String]?
  /// The beginning of the next episode in a vector environment; nil for single environments.
  package var autoreset: Autoreset?
  /// The number of steps at which Gymnasium truncates an episode; nil if it does not.
  package var episodeSteps: Int?
  /// The number of frames for which an environment of Atari's plays an action; nil for others.
  package var frameSkip: Int?

  /// The ways in which a vector environment of Gymnasium begins the next episode.
  package enum Autoreset: String, Sendable, Codable {
    /// The step after the last one only resets.
    case nextStep = "NEXT_STEP"
    /// The step that ends an episode also resets.
    case sameStep = "SAME_STEP"
    /// The bridge resets single environments.
    case disabled = "DISABLED"

    /// The mode and its consequence, for people.
    package var remark: String {
      switch self {
      case .nextStep:
        "autoreset mode NEXT_STEP: the step after an episode only resets and is not learned from"
      case .sameStep: "autoreset mode SAME_STEP: the step that ends an episode also resets"
      case .disabled: "autoreset mode DISABLED: rlplay resets environments by a mask"
      }
    }
  }

  /// Describes the spaces of an environment, wrappers included.
  package init(_ spaces: EnvironmentSpaces) {
    func declaration(_ space: Space, _ declared: Declaration?) -> Declaration {
      let text = space.description
      return Declaration(
        text: declared?.text ?? text, digest: "\(text) \(declared?.digest ?? "")")
    }
    observation = declaration(spaces.observation, spaces.declared?.observation)
    action = declaration(spaces.action, spaces.declared?.action)
    leftOut = spaces.declared?.leftOut
    autoreset = spaces.declared?.autoreset
    episodeSteps = spaces.declared?.episodeSteps
    frameSkip = spaces.declared?.frameSkip
  }

  /// Describes the first space that differs.
  ///
  /// - Returns: "the observation space A, but … has B"; nil when both spaces are the same.
  package func difference(from other: DeclaredSpaces, of owner: String) -> String? {
    let pairs = [
      ("observation", observation, other.observation), ("action", action, other.action),
    ]
    guard let (name, own, others) = pairs.first(where: { $0.1.digest != $0.2.digest }) else {
      return nil
    }
    let note = own.text == others.text ? " (they differ in single elements)" : ""
    return "the \(name) space \(own.text), but \(owner) has \(others.text)\(note)"
  }
}

extension EnvironmentSpaces {
  /// True if the environments step together, as those of a vector environment do.
  ///
  /// None of them can wait or be reset alone.
  var stepTogether: Bool { declared?.autoreset != nil }

  /// True if a step may only reset an environment, which then counts as not played.
  package var mayIdle: Bool { declared?.autoreset == .nextStep }

  /// Refuses a wrapper in which some environments step while others wait.
  func checkMayWait() throws(SpaceMismatch) {
    guard stepTogether else { return }
    throw SpaceMismatch(
      description: """
        the environments are a vector environment and step together: use an argument of the \
        environment instead, or leave vectorization_mode out
        """)
  }
}

/// Environments with different spaces in different processes; replacing a worker does not help.
package struct DifferentSpaces: Error, Equatable, CustomStringConvertible {
  /// One sentence with both spaces.
  package let description: String

  package init(_ description: String) { self.description = description }
}
