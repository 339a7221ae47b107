/// The results of a check of an environment.
public struct EnvironmentCheckReport: Sendable, Equatable {
  /// The subjects of a check, in the order of the report.
  public enum Subject: String, Sendable, CaseIterable {
    /// Declared spaces contain values, and batches declare the same spaces.
    case spaces
    /// A reset row has step number 0, reward 0, `fin` set and action 0.
    case reset
    /// Observations are written completely at every step and lie in their space.
    case observations
    /// Observations and rewards are neither infinite nor NaN.
    case numbers
    /// Random actions are accepted, and the fragment keeps the drawn values.
    case actions
    /// `fin` equals `terminated` or `truncated`, and `stepno` counts the steps.
    case flags
    /// A final observation is written if an episode ends, and only then.
    case finals = "final observations"
    /// Information is written at every step and lies in its space.
    ///
    /// It is left out if the environment has no information.
    case information
    /// Equal random seeds give equal bytes.
    case equalSeeds = "equal seeds"
    /// Different random seeds give different episodes.
    case differentSeeds = "different seeds"
    /// No episode is longer than its limit.
    case limit = "episode limit"
  }

  /// The result for one subject.
  public enum Verdict: Sendable, Equatable {
    /// No problem was found.
    case sound
    /// A remark about something unusual that may be intended.
    case doubtful(String)
    /// The problem, with the place of its first occurrence.
    case wrong(String)
    /// The reason why the steps could not show a problem.
    case unseen(String)
    /// An earlier problem ended the check before this subject.
    case unchecked
  }

  /// A subject with its verdict.
  public struct Finding: Sendable, Equatable {
    /// The subject.
    public let subject: Subject
    /// The result.
    public let verdict: Verdict
  }

  /// The checked environment.
  public let environment: EnvironmentConfiguration
  /// Every subject with its verdict.
  public internal(set) var findings: [Finding] = []
  /// The number of checked environment steps.
  public internal(set) var stepCount = 0
  /// The number of episodes that ended in these steps.
  public internal(set) var episodeCount = 0
  /// Environment steps per second in one process, without the drawing of actions.
  ///
  /// `nil` if the measurement failed or a mistake prevented it.
  public internal(set) var stepsPerSecond: Double?

  /// True if all subjects were checked, as far as possible, and none is wrong.
  public var isSound: Bool {
    findings.allSatisfy {
      switch $0.verdict {
      case .sound, .doubtful, .unseen: true
      case .wrong, .unchecked: false
      }
    }
  }

  /// The verdict on a subject.
  public subscript(subject: Subject) -> Verdict {
    findings.first { $0.subject == subject }?.verdict ?? .unchecked
  }
}

/// The problems found so far, of each subject the first one.
struct CheckNotes {
  private(set) var wrong: [EnvironmentCheckReport.Subject: String] = [:]
  private var unseen: [EnvironmentCheckReport.Subject: String] = [:]
  private var doubts: [EnvironmentCheckReport.Subject: String] = [:]
  private var seen: Set<EnvironmentCheckReport.Subject> = []
  var stepCount = 0
  var episodeCount = 0
  /// The indices of the leaves of information that had a number so far.
  var told: Set<Int> = []

  /// Notes that subjects are being checked.
  mutating func look(at subjects: EnvironmentCheckReport.Subject...) { seen.formUnion(subjects) }

  /// Notes a problem; only the first one of a subject is kept.
  mutating func blame(_ subject: EnvironmentCheckReport.Subject, _ text: String?) {
    guard let text, wrong[subject] == nil else { return }
    wrong[subject] = text
  }

  /// Notes the reason why some subjects could not be checked.
  mutating func miss(_ subjects: [EnvironmentCheckReport.Subject], _ text: String) {
    for subject in subjects { unseen[subject] = text }
  }

  mutating func doubt(_ subject: EnvironmentCheckReport.Subject, _ text: String) {
    doubts[subject] = text
  }

  var findings: [EnvironmentCheckReport.Finding] {
    EnvironmentCheckReport.Subject.allCases.compactMap { subject in
      let verdict: EnvironmentCheckReport.Verdict =
        if let text = wrong[subject] {
          .wrong(text)
        } else if let text = unseen[subject] {
          .unseen(text)
        } else if let text = doubts[subject] {
          .doubtful(text)
        } else {
          seen.contains(subject) ? .sound : .unchecked
        }
      if subject == .information, verdict == .unchecked { return nil }
      return .init(subject: subject, verdict: verdict)
    }
  }
}
