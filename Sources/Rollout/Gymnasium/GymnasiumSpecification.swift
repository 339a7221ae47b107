import Synchronization

extension EnvironmentSpecification {
  /// The prefix of the ids of Gymnasium's environments.
  static let gymnasiumPrefix = "gym:"

  /// Specifies an environment that Gymnasium makes; nil for an id without the prefix.
  init?(gymnasium choice: EnvironmentChoice) {
    guard choice.id.hasPrefix(Self.gymnasiumPrefix), choice.id.count > Self.gymnasiumPrefix.count
    else { return nil }
    let id = String(choice.id.dropFirst(Self.gymnasiumPrefix.count))
    self.init(
      id: choice.id, summary: "Gymnasium's \(id), played by Python.", parameters: [],
      maySnapshot: false, spaces: { _ in try KnownSpaces.shared.spaces(id, choice) },
      makeBatch: {
        try GymnasiumBatch(
          id, streams: $0.streams, limit: $0.limit, python: choice.python,
          rendering: choice.rendersPictures, patience: choice.patience,
          closePatience: choice.closePatience,
          needsLives: choice.wrappers.contains(.endOnLostLife), marker: $0.marker)
      })
  }
}

/// A cache of the spaces of environments, because learning them starts a Python process.
private final class KnownSpaces: Sendable {
  static let shared = KnownSpaces()

  private let known = Mutex<[String: EnvironmentSpaces]>([:])

  func spaces(_ id: String, _ choice: EnvironmentChoice) throws -> EnvironmentSpaces {
    let key = "\(choice.python) \(id)"
    if let spaces = known.withLock({ $0[key] }) { return spaces }
    let spaces = try GymnasiumBatch(
      id, streams: [PCG64(seed: 0)], python: choice.python, patience: choice.patience,
      closePatience: choice.closePatience
    ).spaces
    known.withLock { $0[key] = spaces }
    return spaces
  }
}
