/// The environment that is asked for, with its options, as given on a command line.
///
/// ```swift
/// let environment = EnvironmentConfiguration(
///   "CartPole-v1", limit: .steps(100), wrappers: [.frameStack(4)])
/// let batch = try environment.makeBatch(count: 8, streams: streams)
/// ```
///
/// A string literal selects the environment with that id and default options. The id is looked up
/// only when a method needs it.
public struct EnvironmentConfiguration: Sendable, Equatable, Codable, ExpressibleByStringLiteral {
  /// The registered id, `gym:` followed by an id of Gymnasium's, or `mujoco:` followed by the name
  /// of a task or of a model's file.
  ///
  /// The name of one of MuJoCo's tasks may also stand alone.
  public var id: String
  /// The values of the environment's parameters, such as `size=8,goal=4`; empty for the defaults.
  ///
  /// For a `gym:` environment they are the keyword arguments of `gymnasium.make`.
  public var arguments: String
  /// The step at which an unfinished episode is truncated.
  public var limit: EpisodeLimit
  /// The wrappers around the environment, the innermost first.
  public var wrappers: [Wrapper]
  /// The Python interpreter for `gym:` environments, and with MuJoCo for `mujoco:` environments: a
  /// path, or a name to look up on `PATH`.
  public var python: String
  /// The numbers in `info` of a `gym:` environment to record, by paths such as `reward.forward`.
  ///
  /// It is empty for other environments, which record all information that they declare.
  public var information: [String]
  /// The wrappers in Python around a `gym:` environment, the innermost first.
  ///
  /// Each is a class with its arguments, such as `my_module:Wrapper:size=8,seen=false`.
  public var gymnasiumWrappers: [String]
  /// The use of the bounds of a Box of actions.
  public var actionBounds: ActionBounds
  /// True if pictures will be requested; Gymnasium needs to know when it makes an environment.
  package var rendersPictures: Bool
  /// The time limit in seconds for one operation of an environment; nil for no limit.
  ///
  /// After it, the worker that plays the environment is killed, or its Python process.
  public var hangTimeoutSeconds: Double?
  /// The places of MuJoCo's files that the learner has found, for other processes of its run.
  var mujoco: MuJoCoLocation?
  /// The time limit in seconds for closing an environment before it is killed; nil for no limit.
  public var closeTimeoutSeconds: Double?

  /// The default time limit in seconds for closing an environment.
  @usableFromInline
  package static let usualCloseTimeoutSeconds = 10.0

  /// Creates a configuration with options.
  public init(
    _ id: String, arguments: String = "", limit: EpisodeLimit = .registered,
    wrappers: [Wrapper] = [], actionBounds: ActionBounds = .scale, python: String = usualPython,
    information: [String] = [], gymnasiumWrappers: [String] = [], rendersPictures: Bool = false,
    hangTimeoutSeconds: Double? = 60, closeTimeoutSeconds: Double? = usualCloseTimeoutSeconds
  ) {
    self.id = id
    self.arguments = arguments
    self.limit = limit
    self.wrappers = wrappers
    self.actionBounds = actionBounds
    self.python = python
    self.information = information
    self.gymnasiumWrappers = gymnasiumWrappers
    self.rendersPictures = rendersPictures
    self.hangTimeoutSeconds = hangTimeoutSeconds
    self.closeTimeoutSeconds = closeTimeoutSeconds
  }

  /// The default Python interpreter: the value of the variable `RLPLAY_PYTHON`, or `python3`.
  @usableFromInline
  package static var usualPython: String { PythonInterpreter.usual }

  /// True if making the environment starts another program, which can run any code.
  ///
  /// It is false for environments that this program registers, and for unknown ids.
  public var startsProgram: Bool { RegisteredEnvironment(gymnasium: self) != nil }

  /// True if the environment or its files are in the user's Python.
  package var usesPython: Bool {
    startsProgram || mujocoName != nil
  }

  /// The configuration with the places of files that this process has found, for another process.
  var located: EnvironmentConfiguration {
    var located = self
    if mujocoName != nil {
      located.mujoco = mujoco ?? MuJoCoLocation.known(python)
    }
    return located
  }

  /// Creates a configuration with default options.
  public init(stringLiteral id: String) { self.init(id) }

  /// Returns the step limit of the environment itself; `nil` for none.
  ///
  /// The innermost time limits of `wrappers` count as its own. No other wrapper lengthens an
  /// episode.
  ///
  /// - Parameter steps: the limit with which the environment is registered.
  func stepLimit(registered steps: Int?) -> Int? {
    let own: Int? =
      switch limit {
      case .registered: steps
      case .steps(let count): count
      case .unlimited: nil
      }
    return wrappers.innermostLimit(own)
  }

  /// Returns true if an error concerns the configuration rather than a broken environment.
  static func isToBlame(for error: any Error) -> Bool {
    switch error {
    case is UnknownEnvironment, is InvalidEnvironmentArguments, is WrapperError: true
    case let error as GymnasiumError: error.kind == .python
    default: false
    }
  }
}

/// The step at which an unfinished episode is truncated.
public enum EpisodeLimit: Sendable, Equatable, Codable {
  /// The limit with which the environment is registered.
  case registered
  /// This many steps.
  case steps(Int)
  /// No limit: episodes end only by themselves.
  case unlimited
}

extension EnvironmentConfiguration: CustomStringConvertible {
  /// The id with the values of the parameters, for messages.
  public var description: String {
    (arguments.isEmpty ? id : "\(id) (\(arguments))").escapingControls
  }
}

extension Wrapper: Codable {
  /// Decodes a wrapper from its text on a command line.
  public init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  /// Encodes the wrapper as its text on a command line.
  ///
  /// The text of a wrapper that is available only in code cannot be decoded.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
