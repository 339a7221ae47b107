/// An observer of episodes that are played one after the other.
public protocol EpisodeSpectator: AnyObject {
  /// Receives the initial state of an episode and then the state after each step.
  ///
  /// - Throws: any error that makes watching pointless. The evaluation ends with that error.
  func watch(_ moment: EpisodeMoment) throws
}

/// A moment of a single episode: a state, and the step that led to it.
///
/// ```swift
/// func watch(_ moment: EpisodeMoment) {
///   guard let value = moment.output("value"), let reward = moment.reward else { return }
///   print(moment.step, moment.action(as: Int.self) ?? 0, reward, value[0])
/// }
/// ```
///
/// A moment is valid only during the call to the spectator.
public struct EpisodeMoment {
  /// The registered name of the environment.
  public let environment: String
  /// The episode's number.
  public let episode: Int
  /// The number of steps so far; 0 for the initial state.
  public let step: Int
  /// The sum of the rewards so far.
  public let episodeReturn: Double
  /// True if the last step ended the episode.
  public let isOver: Bool
  /// True for the last moment of the episode, whether the episode ended or was given up.
  public let isLast: Bool

  private let environments: any EnvironmentBatch
  let fragment: FragmentView
  /// The row of the state in the fragment.
  let row: Int
  /// The names of the environment's actions; empty if they have none.
  let actionNames: [String]

  package init(
    environment: String, episode: Int, step: Int, episodeReturn: Double, isOver: Bool,
    isLast: Bool, environments: any EnvironmentBatch, actionNames: [String],
    fragment: FragmentView, row: Int
  ) {
    self.environment = environment
    self.episode = episode
    self.step = step
    self.episodeReturn = episodeReturn
    self.isOver = isOver
    self.isLast = isLast
    self.environments = environments
    self.actionNames = actionNames
    self.fragment = fragment
    self.row = row
  }

  /// Returns the environment's picture of the state.
  ///
  /// - Returns: the picture, or nil for the final state of an episode if the batch does not keep
  ///   it.
  /// - Throws: `ConfigurationError` without an option's name if the environment does not draw.
  public func picture() throws -> Picture? {
    // Always requested: a batch keeps final pictures only after its first picture.
    let drawing = environments.capability((any DrawingBatch).self)
    guard let now = try drawing?.picture(of: 0) else {
      throw ConfigurationError(
        """
        \(environment) does not draw itself and cannot be shown or recorded: conform it to \
        Drawable.
        """)
    }
    return isOver ? try drawing?.finalPicture(of: 0) : now
  }

  /// The action, reward and observation of the step in one line; long values are abbreviated.
  public var text: String {
    let spaces = environments.spaces
    func numbers(_ columns: Nested<Column>, _ space: Space, row: Int) -> String {
      fragment.texts(columns, space, row: row, environment: 0).joined(separator: ", ")
    }
    let observation =
      isOver
      ? numbers(fragment.layout.finalObs, spaces.observation, row: row - 1)
      : numbers(fragment.layout.obs, spaces.observation, row: row)
    let place = "episode \(episode + 1)  step \(step)"
    guard step > 0 else { return "\(place)  obs \(observation)" }
    let action =
      numbers(fragment.layout.act, spaces.action, row: row)
      + (actionName.map { " \($0)" } ?? "")
    let reward = NumberText.significant(Double(fragment.rew[row, 0]))
    return "\(place)  act \(action)  rew \(reward)  obs \(observation)" + (isOver ? "  end" : "")
  }

  /// The caption below a picture, with the last action if actions have names.
  var caption: String {
    let sum = NumberText.significant(episodeReturn)
    let action = actionName.map { "  \($0)" } ?? ""
    return "episode \(episode + 1)  step \(step)\(action)  return \(sum)"
  }
}

extension FragmentView {
  /// Returns the numbers of one environment's value, one text for each leaf: `obs 0.1 -2 …`.
  fileprivate func texts(
    _ columns: Nested<Column>, _ space: Space, row: Int, environment: Int
  ) -> [String] {
    let leaves = zip(columns.leaves, space.leaves.leaves)
    return zip(leaves, columns.paths()).map { leaf, path in
      let (column, specification) = leaf
      let shown = min(column.elementCount, 8)
      var words = path.isEmpty ? [] : [path]
      for element in 0..<shown {
        let value = number(
          column, specification.elementType, row: row, environment: environment, element: element)
        words.append(NumberText.significant(value))
      }
      if shown < column.elementCount { words.append("… (\(column.elementCount))") }
      return words.joined(separator: " ")
    }
  }
}
