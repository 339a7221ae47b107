import Actor
import Rollout

/// The reaction of a policy to every state of a Discrete observation space.
package struct StateTable {
  /// The largest number of states in a table.
  package static let largestCount = 100_000

  private let answers: [PolicyAnswer]
  private let format: AnswerFormat

  /// Asks a policy about every state.
  ///
  /// - Throws: `ConfigurationError` for another observation space or too many states, and the
  ///   errors of ``TrainedPolicy/probe()``.
  package init(_ player: TrainedPolicy) throws {
    let probe = try player.probe()
    guard case .discrete(let count) = probe.spaces.observation else {
      throw ConfigurationError(
        "--states needs a Discrete observation space, and the policy observes "
          + "\(probe.spaces.observation): use '\(ProgramName.shown) ask' for single observations.",
        option: "states")
    }
    guard count <= Self.largestCount else {
      throw ConfigurationError(
        "--states shows at most \(Self.largestCount) states, and the policy has \(count): use "
          + "'\(ProgramName.shown) ask' for single ones.",
        option: "states")
    }
    format = AnswerFormat(player, probe.spaces)
    answers = try (0..<count).map { try probe.act(on: $0) }
  }

  /// The table as aligned columns, without a trailing newline.
  package var text: String {
    let cells = answers.enumerated().map { ["\($0)"] + format.row($1).map(\.value) }
    let titles = ["state"] + (answers.first.map { format.row($0).map(\.name) } ?? [])
    return TextTable.text(titles, cells, leftColumns: 0)
  }

  /// One JSON object for each state, in order.
  package var json: JSONValue {
    .list(
      answers.enumerated().map { state, answer in
        var object = OrderedJSON()
        object.set("state", state)
        for entry in format.json(answer).entries { object.set(entry.key, entry.value) }
        return .object(object)
      })
  }
}

/// The form in which answers of a policy are shown.
package struct AnswerFormat {
  private let actionSpace: Space
  /// The names of discrete actions; empty if they have none.
  private let names: [String]

  /// Creates the form for a policy's answers.
  package init(_ player: TrainedPolicy, _ spaces: EnvironmentSpaces) {
    actionSpace = spaces.action
    var names = player.environment.actionNames
    if case .discrete(names.count) = spaces.action {} else { names = [] }
    self.names = names
  }

  private func name(of choice: Int) -> String { names.isEmpty ? "\(choice)" : names[choice] }

  /// Returns the action, π(a) for each action of a Discrete space, and the other outputs.
  ///
  /// Outputs with one number for each action are shown by action, such as q(a).
  package func row(_ answer: PolicyAnswer) -> [(name: String, value: String)] {
    let action = actionSpace.json(of: answer.action).text
    var cells = [(name: "action", value: answer.choice.map(name(of:)) ?? action)]
    func append(_ output: String, _ values: [Double], _ text: (Double) -> String) {
      for (choice, value) in values.enumerated() {
        cells.append(("\(output)(\(name(of: choice)))", text(value)))
      }
    }
    let probabilities = answer.choice == nil ? nil : answer.probabilities
    if let probabilities { append("π", probabilities) { NumberText.fixed($0, 4) } }
    for (output, values) in answer.outputs {
      let numbers = values.map(Double.init)
      if numbers.count == 1 {
        cells.append((output, NumberText.significant(numbers[0])))
      } else if output != "logits", numbers.count == probabilities?.count {
        append(output, numbers, NumberText.significant)
      } else if output != "logits" || probabilities == nil {
        let shown = numbers.prefix(8).map(NumberText.significant).joined(separator: " ")
        cells.append((output, numbers.count > 8 ? "\(shown) … (\(numbers.count))" : shown))
      }
    }
    return cells
  }

  /// Returns the action, its name, the probabilities and all outputs.
  package func json(_ answer: PolicyAnswer) -> OrderedJSON {
    var object = OrderedJSON()
    object.set("action", actionSpace.json(of: answer.action))
    if let choice = answer.choice, !names.isEmpty { object.set("action_name", names[choice]) }
    if let probabilities = answer.probabilities { object.set("probabilities", probabilities) }
    var outputs = OrderedJSON()
    for (name, values) in answer.outputs {
      if values.count == 1 { outputs.set(name, values[0]) } else { outputs.set(name, values) }
    }
    object.set("outputs", outputs)
    return object
  }
}
