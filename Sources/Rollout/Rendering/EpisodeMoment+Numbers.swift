extension EpisodeMoment {
  private var space: EnvironmentSpaces { fragment.layout.contents.spaces }

  /// The leaves of this state's observation: those of the final one if the episode is over.
  private var observed: LeafRow {
    let layout = fragment.layout
    return isOver
      ? LeafRow(fragment, layout.finalObsPlaces, row: row - 1, environment: 0)
      : LeafRow(fragment, layout.obsPlaces, row: row, environment: 0)
  }

  /// The leaves of the observation that the policy acted on; nil for the initial state.
  private var actedOn: LeafRow? {
    step > 0
      ? LeafRow(fragment, fragment.layout.obsPlaces, row: row - 1, environment: 0) : nil
  }

  private var acted: LeafRow? {
    step > 0 ? LeafRow(fragment, fragment.layout.actPlaces, row: row, environment: 0) : nil
  }

  /// Loads a value after checking that its type fits.
  private func load<Value: Recordable>(
    _ leaves: LeafRow, of space: Space, _ subject: String
  ) -> Value {
    do {
      try space.check(Value.self, of: "the \(subject) of \(environment)")
    } catch {
      fatalError("\(error)")
    }
    return Value(loading: leaves)
  }

  /// Returns the observation of this state; after an episode's last step, the final observation.
  ///
  /// - Precondition: the type is stored as the observation space's leaves: `Int` for a Discrete
  ///   space, `[Float]` for a Box of float32.
  public func observation<Value: Recordable>(as type: Value.Type = Value.self) -> Value {
    load(observed, of: space.observation, "observation")
  }

  /// Returns the observation that the policy acted on; nil for the initial state.
  ///
  /// - Precondition: the type is stored as the observation space's leaves.
  public func previousObservation<Value: Recordable>(as type: Value.Type = Value.self) -> Value? {
    actedOn.map { load($0, of: space.observation, "observation") }
  }

  /// Returns the action as the policy chose it, without scaling or clipping to bounds; nil for the
  /// initial state.
  ///
  /// - Precondition: the type is stored as the action space's leaves.
  public func action<Value: Recordable>(as type: Value.Type = Value.self) -> Value? {
    acted.map { load($0, of: space.action, "action") }
  }

  /// The observation of this state as numbers, in the structure of the observation space.
  ///
  /// After an episode's last step it is the final observation. Each leaf is row-major.
  public var observation: Nested<[Double]> { space.observation.numbers(in: observed) }

  /// The observation that the policy acted on, as numbers; nil for the initial state.
  public var previousObservation: Nested<[Double]>? {
    actedOn.map { space.observation.numbers(in: $0) }
  }

  /// The action as the policy chose it, as numbers; nil for the initial state.
  public var action: Nested<[Double]>? { acted.map { space.action.numbers(in: $0) } }

  /// The name of the action; nil for the initial state or if actions have no names.
  public var actionName: String? {
    guard case .discrete(let count) = space.action, count == actionNames.count,
      let choice = action(as: Int.self)
    else { return nil }
    return actionNames[choice]
  }

  /// The reward of the step; nil for the initial state.
  public var reward: Float? { step > 0 ? fragment.rew[row, 0] : nil }

  /// The names of the policy's recorded outputs: `logits` and, for example, `value`.
  public var outputNames: [String] { fragment.layout.actor.paths() }

  /// Returns an output of the policy for the observation that it acted on, row-major.
  ///
  /// For a Discrete action `logits` are log-probabilities, log π(a | s) for each action a.
  ///
  /// - Returns: the elements; nil for the initial state or if the policy has no such output.
  public func output(_ name: String) -> [Float]? {
    guard step > 0, let place = outputNames.firstIndex(of: name) else { return nil }
    let column: ColumnView<Float> = fragment.column(fragment.layout.actor.leaves[place])
    return (0..<column.elementCount).map { column[row - 1, 0, $0] }
  }
}
