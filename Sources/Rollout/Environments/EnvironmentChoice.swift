/// Which environment is played, and how: what a command line says of it, as one value.
///
///     let choice = EnvironmentChoice("CartPole-v1", limit: .steps(100), wrappers: [.frameStack(4)])
///     let batch = try choice.makeBatch(count: 8, streams: streams)
///
/// A string literal is the choice of that id with defaults for all else. Nothing is looked up before
/// a method asks for it.
public struct EnvironmentChoice: Sendable, Equatable, Codable, ExpressibleByStringLiteral {
  /// The registered name, or `gym:` and Gymnasium's.
  public var id: String
  /// Values of the environment's parameters, such as `size=8,goal=4`; empty for the defaults.
  public var arguments: String
  /// The step at which an unfinished episode is cut off.
  public var limit: EpisodeLimit
  /// What goes around the environment, the innermost first.
  public var wrappers: [Wrapper]
  /// The Python that plays environments named `gym:ID`: a path, or a name to look for on `PATH`.
  public var python: String
  /// The use of the bounds of a Box of actions.
  public var actionBounds: ActionBounds
  /// Whether pictures will be asked for, which Gymnasium wants to know when it makes an environment.
  public var rendersPictures: Bool
  /// Seconds after which an environment that does not come back is given up, and the worker or the Python that plays it
  /// killed; nil for never.
  public var patience: Double?
  /// Seconds that closing one environment may take before it is killed; nil for any time.
  public var closePatience: Double?

  /// The seconds that closing one environment may take where nothing else is said.
  public static let usualClosePatience = 10.0

  /// Chooses an environment.
  public init(
    _ id: String, arguments: String = "", limit: EpisodeLimit = .registered,
    wrappers: [Wrapper] = [], actionBounds: ActionBounds = .scale, python: String = usualPython,
    rendersPictures: Bool = false, patience: Double? = 60,
    closePatience: Double? = usualClosePatience
  ) {
    self.id = id
    self.arguments = arguments
    self.limit = limit
    self.wrappers = wrappers
    self.actionBounds = actionBounds
    self.python = python
    self.rendersPictures = rendersPictures
    self.patience = patience
    self.closePatience = closePatience
  }

  /// The Python for environments that name none: that of the variable `RLPLAY_PYTHON`, or
  /// `python3`.
  public static var usualPython: String { PythonInterpreter.usual }

  /// True if making the environment starts a program beside this one, which can run any code.
  ///
  /// False for environments that this program registers, and for names that nothing is known of.
  public var startsProgram: Bool { EnvironmentSpecification(gymnasium: self) != nil }

  /// Chooses an environment as it is registered.
  public init(stringLiteral id: String) { self.init(id) }

  /// What the environment emits and accepts, so made and wrapped.
  ///
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `WrapperError`; what making an
  ///   environment throws.
  public func spaces(
    in registry: EnvironmentRegistry = .shared
  ) throws -> EnvironmentSpaces {
    try registry.specification(for: self).spaces(self)
  }

  /// Makes a batch of one environment per stream.
  ///
  /// - Throws: as `spaces` does.
  /// - Precondition: there is at least one stream.
  public func makeBatch(
    streams: [PCG64], in registry: EnvironmentRegistry = .shared,
    marking marker: OwnedPositionMarker = .unread
  ) throws -> any EnvironmentBatch {
    try registry.specification(for: self).makeBatch(self, streams: streams, marking: marker)
  }

  /// Makes a batch whose environments draw from a worker's streams.
  ///
  /// - Throws: as `spaces` does.
  /// - Precondition: the count is positive.
  public func makeBatch(
    count: Int, streams: RandomStreams, in registry: EnvironmentRegistry = .shared,
    marking marker: OwnedPositionMarker = .unread
  ) throws -> any EnvironmentBatch {
    try makeBatch(streams: (0..<count).map(streams.environment), in: registry, marking: marker)
  }

  /// Refuses what a worker process could not be told, or does not know: an id that is not registered,
  /// values that its parameters do not take, wrappers without a name.
  ///
  /// Makes no environment, so what only that finds out stays unknown.
  ///
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `WrapperError`.
  public func validate(in registry: EnvironmentRegistry = .shared) throws {
    let specification = try registry.specification(for: self)
    _ = try EnvironmentArguments(arguments, for: specification.parameters, of: id)
    if let wrapper = wrappers.first(where: { $0.normalisation != nil }) {
      throw Wrapper.misplaced(wrapper.description)
    }
    for wrapper in wrappers where (try? Wrapper(parsing: wrapper.description)) != wrapper {
      throw WrapperError(
        "the wrapper \(wrapper) is for code only: workers know those that --wrap takes")
    }
  }

  /// Whether an error is about what was chosen, and not about an environment that is broken.
  static func isToBlame(for error: any Error) -> Bool {
    switch error {
    case is UnknownEnvironment, is InvalidEnvironmentArguments, is WrapperError: true
    case let error as GymnasiumError: error.kind == .python
    default: false
    }
  }
}

extension EnvironmentChoice: CustomStringConvertible {
  /// The environment with the values of its parameters, as people read it.
  public var description: String {
    (arguments.isEmpty ? id : "\(id) (\(arguments))").escapingControls
  }
}

extension Wrapper: Codable {
  /// Reads a wrapper as a command line spells it.
  public init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  /// Writes what a command line would spell; of a wrapper for code only, nothing that can be read again.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
