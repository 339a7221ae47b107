import Actor
import Rollout

/// A run to resume: its state and its directory.
struct FormerRun {
  /// The saved state, with the options that are in force now.
  let state: RunState
  /// The directory with the run's files.
  let directory: RunDirectory
  /// The number of ranks that resume it.
  var rankCount = 1

  /// The state of collection; nil if another number of ranks saved it.
  var collector: CollectorState? { rankCount == state.rankCount ? state.collector : nil }

  private var configuration: TrainingConfiguration { state.configuration }

  /// Returns the incarnation that workers begin with if they do not go on with their episodes.
  func firstIncarnation() throws(CheckpointError) -> UInt32 {
    collector == nil ? try state.nextIncarnation() : 0
  }

  /// Refuses a run that has no steps left, or a state with counts that contradict its options.
  func check() throws {
    guard state.steps < configuration.totalSteps else {
      throw ConfigurationError(
        """
        the run '\(directory.path)' has made \(NumberText.grouped(state.steps)) of \
        \(NumberText.grouped(configuration.totalSteps)) steps: give more --steps to continue.
        """, option: "steps")
    }
    guard let collector else { return }
    // Checked before memory is allocated in the sizes that the options give.
    do {
      try collector.checkCounts(
        stepsPerFragment: configuration.fragmentSteps * configuration.environmentsPerActor,
        fragmentsPerBatch: configuration.fragmentsPerBatch)
    } catch {
      throw error.located(in: directory.state)
    }
  }

  /// The saved marks, with the next evaluation adapted to the present `evaluateEvery`.
  ///
  /// The next evaluation is the saved one, or the next multiple of the interval if that comes
  /// first.
  var marks: RunMarks {
    var marks = state.marks
    let every = configuration.evaluateEvery
    let position = every.position(
      steps: state.steps, updates: state.updates, seconds: state.told.seconds)
    // An evaluation that is already due stays due.
    marks.nextEvaluation = min(max(marks.nextEvaluation, position), every.next(after: position))
    return marks
  }

  /// Refuses a network with parameters that differ from those of the state.
  func check(_ parameters: ParameterLayout) throws(CheckpointError) {
    do {
      try state.check(parameters)
    } catch {
      throw error.located(in: directory.state)
    }
  }

  /// Restores weights and learner from the state.
  ///
  /// - Returns: phrases for the parts that could not be restored.
  func restore(
    _ setup: RolloutSetup, _ learner: any BatchLearner
  ) throws(CheckpointError) -> [String] {
    do {
      return try state.restore(setup, learner)
    } catch {
      throw error.located(in: directory.state)
    }
  }

  /// Returns a sentence with the step at which the run resumes, and what is restored.
  ///
  /// - Parameter losses: phrases for the parts that could not be restored.
  func sentence(losses: [String]) -> String {
    var losses = losses
    if rankCount != state.rankCount {
      let saved = state.rankCount == 1 ? "1 rank" : "\(state.rankCount) ranks"
      losses.append(
        "\(saved) saved it and \(rankCount) go on with it, so environments begin new episodes")
    } else if state.collector.workers.contains(where: {
      $0.snapshot.isEmpty && $0.nextFragment > 0
    }) {
      losses.append("environments begin new episodes")
    }
    if configuration.fixedPolicyLag == nil { losses.append("fragments are taken as they arrive") }
    let restored =
      losses.isEmpty
      ? "all is restored, and the bytes will be those of an uninterrupted run"
      : "all is restored, except that \(losses.joined(separator: ", and "))"
    return """
      resuming at \(NumberText.grouped(state.steps)) of \
      \(NumberText.grouped(configuration.totalSteps)) steps: \(restored)
      """
  }
}

extension TrainingRun {
  /// Resumes a run from a state, in the directory of the run.
  ///
  /// - Parameters:
  ///   - state: the state; its configuration may have other values of the options that do not
  ///     affect learning.
  ///   - directory: the run's directory, which is not changed if the state is refused.
  ///   - parts: the parts that the program provides itself, equal to those that the run began with.
  ///   - isQuiet: true to show no progress.
  ///   - showsDashboard: true to show progress on the whole terminal, which standard error must be.
  ///   - workerExecutable: the program to run with the subcommand `worker`; nil for the present
  ///     one.
  /// - Throws: the errors of a new run, `ConfigurationError` if no steps are left, and
  ///   `CheckpointError` or `CollectorStateError` if the state does not belong to its
  ///   configuration.
  public convenience init(
    resuming state: RunState, in directory: RunDirectory, parts: TrainingParts = TrainingParts(),
    isQuiet: Bool = false, showsDashboard: Bool = false, workerExecutable: String? = nil
  ) throws {
    let own = try state.resumed(byRank: 0, of: 1)
    try self.init(
      state.configuration, state.parts.resuming(with: parts),
      resuming: FormerRun(state: own, directory: directory), isQuiet: isQuiet,
      showsDashboard: showsDashboard, workerExecutable: workerExecutable)
  }
}
