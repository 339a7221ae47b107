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

  /// Describes the spaces of an environment, wrappers included.
  package init(_ spaces: EnvironmentSpaces) {
    func declaration(_ space: Space, _ declared: Declaration?) -> Declaration {
      let text = space.description
      return Declaration(
        text: declared?.text ?? text, digest: "\(text) \(declared?.digest ?? "")")
    }
    observation = declaration(spaces.observation, spaces.declared?.observation)
    action = declaration(spaces.action, spaces.declared?.action)
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

/// Environments with different spaces in different processes; replacing a worker does not help.
public struct DifferentSpaces: Error, Equatable, CustomStringConvertible {
  /// One sentence with both spaces.
  public let description: String

  package init(_ description: String) { self.description = description }
}
