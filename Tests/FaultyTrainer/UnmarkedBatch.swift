import Glibc
import Rollout

/// A batch that marks no environment and whose evaluations take longer than the time limit for a
/// hanging process of its tests, though no single step does.
final class UnmarkedBatch: EnvironmentBatch {
  private let inner: any EnvironmentBatch
  private let isEvaluated = WorkerArguments.own?.work == .evaluations

  private init(_ inner: any EnvironmentBatch) { self.inner = inner }

  static func register() throws {
    try EnvironmentRegistry.shared.register(
      RegisteredEnvironment(
        id: "Unmarked-v0", maximumEpisodeSteps: 10,
        spaces: { _ in try EnvironmentConfiguration("Corridor-v0").spaces() },
        makeBatch: { _, streams, _ in
          UnmarkedBatch(try EnvironmentConfiguration("Corridor-v0").makeBatch(streams: streams))
        }))
  }

  var count: Int { inner.count }
  var spaces: EnvironmentSpaces { inner.spaces }

  func reset(into fragment: FragmentView, row: Int) throws {
    try inner.reset(into: fragment, row: row)
  }

  func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    if isEvaluated { usleep(150_000) }
    try inner.step(fragment, from: t, sticky: sticky, position: .unread)
  }
}
