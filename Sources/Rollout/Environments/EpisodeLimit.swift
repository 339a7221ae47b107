/// The step at which an unfinished episode is truncated.
public enum EpisodeLimit: Sendable, Equatable, Codable {
  /// The limit with which the environment is registered.
  case registered
  /// This many steps.
  case steps(Int)
  /// No limit: episodes end only by themselves.
  case unlimited

  /// Returns the limit in steps, `nil` for none.
  func steps(registered: Int?) -> Int? {
    switch self {
    case .registered: registered
    case .steps(let count): count
    case .unlimited: nil
    }
  }
}
