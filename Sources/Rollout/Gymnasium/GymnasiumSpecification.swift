import Synchronization

extension EnvironmentSpecification {
  /// What a name begins with that Gymnasium is to make.
  static let gymnasiumPrefix = "gym:"

  /// Specifies an environment that Gymnasium makes; nil for a name without the prefix.
  ///
  /// - Parameters:
  ///   - name: `gym:` and Gymnasium's name.
  ///   - python: the interpreter: a path, or a name to look for on `PATH`.
  ///   - rendering: whether pictures will be asked for.
  init?(gymnasium name: String, python: String, rendering: Bool) {
    guard name.hasPrefix(Self.gymnasiumPrefix), name.count > Self.gymnasiumPrefix.count
    else { return nil }
    let id = String(name.dropFirst(Self.gymnasiumPrefix.count))
    self.init(
      id: name, summary: "Gymnasium's \(id), played by Python.",
      spaces: { try KnownSpaces.shared.spaces(id, python: python) },
      makeBatch: {
        try GymnasiumBatch(
          id, streams: $0.streams, limit: $0.limit, python: python, rendering: rendering)
      })
  }
}

/// The spaces of environments that were asked for before, since asking starts Python.
private final class KnownSpaces: Sendable {
  static let shared = KnownSpaces()

  private let known = Mutex<[String: EnvironmentSpaces]>([:])

  func spaces(_ id: String, python: String) throws -> EnvironmentSpaces {
    let key = "\(python) \(id)"
    if let spaces = known.withLock({ $0[key] }) { return spaces }
    let spaces = try GymnasiumBatch(id, streams: [PCG64(seed: 0)], python: python).spaces
    known.withLock { $0[key] = spaces }
    return spaces
  }
}
