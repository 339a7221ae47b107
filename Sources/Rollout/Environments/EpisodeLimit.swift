/// The step at which an unfinished episode is cut off.
public enum EpisodeLimit: Sendable, Equatable, Codable {
  /// The limit that the environment is registered with.
  case registered
  /// This many steps.
  case steps(Int)
  /// Never: episodes end by themselves alone.
  case unlimited

  /// The limit in steps, `nil` for none.
  func steps(registered: Int?) -> Int? {
    switch self {
    case .registered: registered
    case .steps(let count): count
    case .unlimited: nil
    }
  }
}
