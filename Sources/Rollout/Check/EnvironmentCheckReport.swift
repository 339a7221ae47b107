/// What a check of an environment found.
public struct EnvironmentCheckReport: Sendable, Equatable {
  /// What is looked at, in the order in which it is told.
  public enum Subject: String, Sendable, CaseIterable {
    /// What is declared can have values, and batches declare the same.
    case spaces
    /// A reset row: step 0, reward 0, `fin` set, action 0.
    case reset
    /// Observations are written at every step and lie in their space.
    case observations
    /// Observations and rewards are neither infinite nor NaN.
    case numbers
    /// Random actions are accepted and stay as they were drawn.
    case actions
    /// `fin` is `terminated` or `truncated`, and `stepno` counts.
    case flags
    /// The last observation of an episode is written where one ends, and only there.
    case finals = "final observations"
    /// Equal seeds give equal bytes.
    case equalSeeds = "equal seeds"
    /// Different seeds give different episodes.
    case differentSeeds = "different seeds"
    /// No episode is longer than its limit.
    case limit = "episode limit"
  }

  /// What is to be said of a subject.
  public enum Verdict: Sendable, Equatable {
    /// Nothing was found.
    case sound
    /// Nothing that must be wrong: what is to be thought about.
    case doubtful(String)
    /// What is wrong, and where it was seen first.
    case wrong(String)
    /// Nothing happened that it could be seen by.
    case unseen(String)
    /// Something else was wrong before it could be looked at.
    case unchecked
  }

  /// A subject with its verdict.
  public struct Finding: Sendable, Equatable {
    /// What was looked at.
    public let subject: Subject
    /// What was found.
    public let verdict: Verdict
  }

  /// What was played.
  public let environment: EnvironmentChoice
  /// Every subject with its verdict.
  public internal(set) var findings: [Finding] = []
  /// Environment steps that were looked at.
  public internal(set) var stepCount = 0
  /// Episodes that ended meanwhile.
  public internal(set) var episodeCount = 0
  /// Environment steps a second in one process, actions not counted; `nil` when it could not be measured.
  public internal(set) var stepsPerSecond: Double?

  /// Whether nothing is wrong.
  public var isSound: Bool {
    findings.allSatisfy {
      switch $0.verdict {
      case .sound, .doubtful, .unseen: true
      case .wrong, .unchecked: false
      }
    }
  }

  /// What was found of a subject.
  public subscript(subject: Subject) -> Verdict {
    findings.first { $0.subject == subject }?.verdict ?? .unchecked
  }
}

/// Problems as they are found: of each subject, the first counts.
struct CheckNotes {
  private(set) var wrong: [EnvironmentCheckReport.Subject: String] = [:]
  private var unseen: [EnvironmentCheckReport.Subject: String] = [:]
  private var doubts: [EnvironmentCheckReport.Subject: String] = [:]
  private var seen: Set<EnvironmentCheckReport.Subject> = []
  var stepCount = 0
  var episodeCount = 0

  /// Notes that a subject is being looked at.
  mutating func look(at subjects: EnvironmentCheckReport.Subject...) { seen.formUnion(subjects) }

  /// Notes a problem, unless the subject has one.
  mutating func blame(_ subject: EnvironmentCheckReport.Subject, _ text: String?) {
    guard let text, wrong[subject] == nil else { return }
    wrong[subject] = text
  }

  /// Notes that nothing happened by which some subjects could be seen.
  mutating func miss(_ subjects: [EnvironmentCheckReport.Subject], _ text: String) {
    for subject in subjects { unseen[subject] = text }
  }

  mutating func doubt(_ subject: EnvironmentCheckReport.Subject, _ text: String) {
    doubts[subject] = text
  }

  var findings: [EnvironmentCheckReport.Finding] {
    EnvironmentCheckReport.Subject.allCases.map { subject in
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
      return .init(subject: subject, verdict: verdict)
    }
  }
}
