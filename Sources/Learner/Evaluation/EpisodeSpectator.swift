public import Rollout

/// Who looks on while episodes are played, one after the other.
public protocol EpisodeSpectator: AnyObject {
  /// Sees a moment of an episode: the state that it begins in, then each state that a step led to.
  ///
  /// - Throws: anything that makes looking on pointless; the evaluation then ends with that error.
  func watch(_ moment: EpisodeMoment) throws
}

/// A moment of an episode that is played by itself; valid only while it is handed to a spectator.
public struct EpisodeMoment {
  /// The environment's registered name.
  public let environment: String
  /// The episode's number.
  public let episode: Int
  /// Steps played; 0 for the state that the episode begins in.
  public let step: Int
  /// The sum of the rewards so far.
  public let episodeReturn: Double
  /// Whether the last step ended the episode.
  public let isOver: Bool
  /// Whether this is the last moment of the episode, over or given up.
  public let isLast: Bool

  private let environments: any EnvironmentBatch
  private let fragment: FragmentView
  /// Where the state lies.
  private let row: Int

  init(
    environment: String, episode: Int, step: Int, episodeReturn: Double, isOver: Bool,
    isLast: Bool, environments: any EnvironmentBatch, fragment: FragmentView, row: Int
  ) {
    self.environment = environment
    self.episode = episode
    self.step = step
    self.episodeReturn = episodeReturn
    self.isOver = isOver
    self.isLast = isLast
    self.environments = environments
    self.fragment = fragment
    self.row = row
  }

  /// What the environment draws of the state; `nil` for the last state of an episode that a batch does
  /// not keep.
  ///
  /// - Throws: `ConfigurationError` without an option's name when the environment does not draw.
  public func picture() throws -> Picture? {
    // Asked for in any case: a batch keeps how an episode ends from the first picture on.
    guard let now = try environments.picture(of: 0) else {
      throw ConfigurationError(
        """
        \(environment) does not draw itself, so that there is nothing to show or record: conform it \
        to Drawable.
        """)
    }
    return isOver ? try environments.finalPicture(of: 0) : now
  }

  /// What the step told, in one line: reward, action and observation, of long ones the first numbers.
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
    let action = numbers(fragment.layout.act, spaces.action, row: row)
    let reward = NumberText.significant(Double(fragment.rew[row, 0]))
    return "\(place)  act \(action)  rew \(reward)  obs \(observation)" + (isOver ? "  end" : "")
  }

  /// What stands under a picture.
  var caption: String {
    let sum = NumberText.significant(episodeReturn)
    return "episode \(episode + 1)  step \(step)  return \(sum)"
  }
}

extension FragmentView {
  /// The numbers of one environment's value, one text for each leaf: `obs 0.1 -2 …`.
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
