/// Both spaces of an environment in full, as texts that can be compared and shown.
package struct DeclaredSpaces: Sendable, Equatable, Codable {
  /// A space with all that makes it the one that it is: kind, shape, element type, bounds, start,
  /// names and order.
  package struct Declaration: Sendable, Equatable, Codable {
    /// The space for people, perhaps shortened.
    package var text: String
    /// A digest of the whole.
    package var digest: String
  }

  /// The values that observations take.
  package var observation: Declaration
  /// The values that actions take.
  package var action: Declaration

  /// Describes the spaces of an environment as it is played, wrappers included.
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
  /// - Returns: "the observation space A where … has B"; nil when both spaces are the same.
  package func difference(from other: DeclaredSpaces, of owner: String) -> String? {
    let pairs = [
      ("observation", observation, other.observation), ("action", action, other.action),
    ]
    guard let (name, own, others) = pairs.first(where: { $0.1.digest != $0.2.digest }) else {
      return nil
    }
    let note = own.text == others.text ? " (they differ in single elements)" : ""
    return "the \(name) space \(own.text) where \(owner) has \(others.text)\(note)"
  }
}

/// Environments that are not the same in every process: no other process would do better.
public struct DifferentSpaces: Error, Equatable, CustomStringConvertible {
  /// One sentence with both spaces.
  public let description: String

  package init(_ description: String) { self.description = description }
}
