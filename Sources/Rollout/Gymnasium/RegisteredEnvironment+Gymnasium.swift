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
        var spaces = try GymnasiumBatch(
          id, streams: [PCG64(seed: 0)], arguments: configuration.arguments,
          wrappers: configuration.gymnasiumWrappers, python: configuration.python,
          hangTimeoutSeconds: configuration.hangTimeoutSeconds,
          closeTimeoutSeconds: configuration.closeTimeoutSeconds
        ).spaces
        spaces.information = .numbers(named: configuration.information)
        configuration.tell(about: spaces)
        return spaces
      },
      makeBatch: { arguments, streams, marker in
        // Without a limit in steps, Gymnasium looks up the registered one itself.
        let batch = try GymnasiumBatch(
          id, streams: streams, arguments: configuration.arguments,
          wrappers: configuration.gymnasiumWrappers,
          limit: arguments.maximumEpisodeSteps.map { .steps($0) } ?? configuration.limit,
          python: configuration.python, rendering: configuration.rendersPictures,
          hangTimeoutSeconds: configuration.hangTimeoutSeconds,
          closeTimeoutSeconds: configuration.closeTimeoutSeconds,
          needsLives: configuration.wrappers.contains(.endOnLostLife),
          information: configuration.information, marker: marker)
        configuration.tell(about: batch.spaces)
        return batch
      })
  }
}

extension EnvironmentConfiguration {
  /// Reports once what the bridge does with an environment that a user may not expect.
  fileprivate func tell(about spaces: EnvironmentSpaces) {
    let named = wrappers.map(\.description).filter { $0.hasPrefix("without=") }
      .flatMap { $0.dropFirst("without=".count).split(separator: ",").map(String.init) }
    let parts = (spaces.declared?.leftOut ?? []).filter { !named.contains($0) }
    if !parts.isEmpty {
      let names = parts.map { "'\($0)'" }.joined(separator: ", ")
      RepeatedLines.shared.note(
        """
        \(id) is played without \(names) of its observation, which cannot be stored; \
        --wrap without=\(parts.joined(separator: ",")) is for runs without this note
        """, reportOnStandardError)
    }
    if let mode = spaces.declared?.autoreset {
      RepeatedLines.shared.note(
        "\(id) steps the environments of a worker as one vector environment; \(mode.remark)",
        reportOnStandardError)
    }
  }

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

/// A cache of the spaces of environments in Python, because learning them starts a process.
final class KnownSpaces: Sendable {
  static let shared = KnownSpaces()

  private let known = Mutex<[String: EnvironmentSpaces]>([:])

  /// Returns the spaces of an environment, found out once if Python plays it.
  func spaces(
    _ configuration: EnvironmentConfiguration, finding find: () throws -> EnvironmentSpaces
  ) rethrows -> EnvironmentSpaces {
    guard configuration.startsProgram else { return try find() }
    let key =
      """
      \(configuration.python) \(configuration.id) \(configuration.arguments) \
      \(configuration.limit) \(configuration.gymnasiumWrappers) \
      \(configuration.wrappers) \(configuration.information)
      """
    if let spaces = known.withLock({ $0[key] }) { return spaces }
    let spaces = try find()
    known.withLock { $0[key] = spaces }
    return spaces
  }
}
