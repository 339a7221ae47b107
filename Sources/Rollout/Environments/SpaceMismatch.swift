/// An environment whose Swift types do not fit the spaces that it declares.
package struct SpaceMismatch: Error, CustomStringConvertible, Equatable {
  /// One sentence with the types and the spaces.
  package let description: String
}

/// Returns the spaces of a batch, after checking that all environments share them.
///
/// The Swift types of the environments have to fit the spaces as well.
@usableFromInline
func checkedSpaces<Member: Environment>(
  of environments: [Member]
) throws(SpaceMismatch) -> EnvironmentSpaces {
  let spaces = EnvironmentSpaces(of: environments[0])
  try check(Member.Observation.self, fits: spaces.observation, "observation", of: Member.self)
  try check(Member.Action.self, fits: spaces.action, "action", of: Member.self)
  try check(Member.Information.self, fits: spaces.information, "information", of: Member.self)
  guard case .dict = spaces.information else {
    throw SpaceMismatch(
      description: """
        the information of \(Member.self) has the space \(spaces.information): use a Dict, which \
        names each part
        """)
  }
  for index in environments.indices {
    let other = EnvironmentSpaces(of: environments[index])
    guard other == spaces, other.information == spaces.information else {
      throw SpaceMismatch(
        description: """
          environment \(index) of the batch has the spaces \(other.observation) and \
          \(other.action), but environment 0 has \(spaces.observation) and \(spaces.action): \
          a batch needs environments with equal spaces
          """)
    }
  }
  return spaces
}

extension Space {
  /// Checks that a Swift type is stored as the leaves of the space.
  ///
  /// - Parameter subject: the value in words, such as "the action".
  /// - Throws: `SpaceMismatch` with the element types of both.
  package func check<Value: Recordable>(
    _ type: Value.Type, of subject: String
  ) throws(SpaceMismatch) {
    let needed = leaves.leaves.map(\.elementType)
    guard Value.leafTypes != needed else { return }
    func list(_ types: [ElementType]) -> String {
      "[\(types.map(\.rawValue).joined(separator: ", "))]"
    }
    throw SpaceMismatch(
      description: """
        \(subject), a \(Value.self), is stored as \(list(Value.leafTypes)), but its space \(self) \
        takes \(list(needed))
        """)
  }
}

private func check<Value: Recordable, Member: Environment>(
  _ type: Value.Type, fits space: Space, _ part: String, of: Member.Type
) throws(SpaceMismatch) {
  try space.check(Value.self, of: "the \(part) of \(Member.self)")
  guard space.leaves.leaves.allSatisfy({ $0.elementCount > 0 }) else {
    throw SpaceMismatch(
      description: "the \(part) of \(Member.self) has the space \(space), which has no elements")
  }
}

extension EnvironmentSpaces {
  /// Creates the spaces that an environment declares.
  package init(of environment: some Environment) {
    self.init(
      observation: environment.observationSpace, action: environment.actionSpace,
      information: environment.informationSpace)
  }
}
