import Synchronization

extension RegisteredEnvironment {
  /// The prefix of the ids of Gymnasium's environments.
  static let gymnasiumPrefix = "gym:"

  /// Describes an environment that Gymnasium makes; nil for an id without the prefix.
  init?(gymnasium configuration: EnvironmentConfiguration) {
    guard configuration.id.hasPrefix(Self.gymnasiumPrefix),
      configuration.id.count > Self.gymnasiumPrefix.count
    else { return nil }
    let id = String(configuration.id.dropFirst(Self.gymnasiumPrefix.count))
    self.init(
      id: configuration.id, summary: "Gymnasium's \(id), played by Python.", maySnapshot: false,
      spaces: { _ in
        var spaces = try KnownSpaces.shared.spaces(id, configuration)
        spaces.information = .numbers(named: configuration.information)
        return spaces
      },
      makeBatch: { arguments, streams, marker in
        // Without a limit in steps, Gymnasium looks up the registered one itself.
        try GymnasiumBatch(
          id, streams: streams, arguments: configuration.arguments,
          wrappers: configuration.gymnasiumWrappers,
          limit: arguments.maximumEpisodeSteps.map { .steps($0) } ?? configuration.limit,
          python: configuration.python, rendering: configuration.rendersPictures,
          hangTimeoutSeconds: configuration.hangTimeoutSeconds,
          closeTimeoutSeconds: configuration.closeTimeoutSeconds,
          needsLives: configuration.wrappers.contains(.endOnLostLife),
          information: configuration.information, marker: marker)
      })
  }
}

extension EnvironmentConfiguration {
  /// The wrappers in Python.
  var pythonWrappers: [PythonCall] {
    get throws(InvalidEnvironmentArguments) {
      var calls: [PythonCall] = []
      for text in gymnasiumWrappers {
        do throws(InvalidEnvironmentArguments) {
          calls.append(try PythonCall(parsing: text))
        } catch {
          throw InvalidEnvironmentArguments(error.description, option: "gym-wrap")
        }
      }
      return calls
    }
  }
}

extension Space {
  /// Returns the space of numbers from `info`: a Dict of float32.
  static func numbers(named names: [String]) -> Space {
    .dict(names.map { SpaceField($0, .box(shape: [], low: -.infinity, high: .infinity)) })
  }
}

/// A cache of the spaces of environments, because learning them starts a Python process.
private final class KnownSpaces: Sendable {
  static let shared = KnownSpaces()

  private let known = Mutex<[String: EnvironmentSpaces]>([:])

  func spaces(_ id: String, _ configuration: EnvironmentConfiguration) throws -> EnvironmentSpaces {
    let key =
      "\(configuration.python) \(id) \(configuration.arguments) \(configuration.gymnasiumWrappers)"
    if let spaces = known.withLock({ $0[key] }) { return spaces }
    let spaces = try GymnasiumBatch(
      id, streams: [PCG64(seed: 0)], arguments: configuration.arguments,
      wrappers: configuration.gymnasiumWrappers, python: configuration.python,
      hangTimeoutSeconds: configuration.hangTimeoutSeconds,
      closeTimeoutSeconds: configuration.closeTimeoutSeconds
    ).spaces
    known.withLock { $0[key] = spaces }
    return spaces
  }
}
