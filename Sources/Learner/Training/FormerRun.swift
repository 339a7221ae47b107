import Actor
import Rollout

/// A run that goes on: where it stood, and where its files are.
struct FormerRun {
  /// Where it stood, with the options that are in force now.
  let state: RunState
  /// Where its files are.
  let directory: RunDirectory

  private var configuration: TrainingConfiguration { state.configuration }

  /// Refuses a run that has nothing left to do.
  func check() throws {
    guard state.steps < configuration.totalSteps else {
      throw ConfigurationError(
        """
        the run '\(directory.path)' has made \(NumberText.grouped(state.steps)) of \
        \(NumberText.grouped(configuration.totalSteps)) steps: give more --steps to go on.
        """, option: "steps")
    }
    // Before memory is made that is as large as the options say.
    do {
      try state.collector.checkCounts(
        stepsPerFragment: configuration.fragmentSteps * configuration.environmentsPerActor,
        fragmentsPerBatch: configuration.fragmentsPerBatch)
    } catch {
      throw error.located(in: directory.state)
    }
  }

  /// What the run has yet to do; evaluations at another distance begin with the next multiple of it.
  var marks: RunMarks {
    var marks = state.marks
    let every = configuration.evaluateEvery
    if every > 0 {
      // One that is due already stays due.
      marks.nextEvaluation = min(
        max(marks.nextEvaluation, state.steps), (state.steps / every + 1) * every)
    }
    return marks
  }

  /// Refuses a network whose weights the state does not have.
  func check(_ parameters: ParameterLayout) throws(CheckpointError) {
    do {
      try state.check(parameters)
    } catch {
      throw error.located(in: directory.state)
    }
  }

  /// Gives weights and learner what the state says of them; what begins anew nevertheless.
  func restore(
    _ setup: RolloutSetup, _ learner: any BatchLearner
  ) throws(CheckpointError) -> [String] {
    do {
      return try state.restore(setup, learner)
    } catch {
      throw error.located(in: directory.state)
    }
  }

  /// At which step the run goes on, and what is as it was.
  func sentence(losses: [String]) -> String {
    var losses = losses
    if state.collector.workers.contains(where: { $0.snapshot.isEmpty && $0.nextFragment > 0 }) {
      losses.append("environments begin new episodes")
    }
    if configuration.fixedPolicyLag == nil { losses.append("workers take turns as they come") }
    let restored =
      losses.isEmpty
      ? "all is restored, and the bytes will be those of a run without a break"
      : "all is restored but that \(losses.joined(separator: ", and "))"
    return """
      resuming at \(NumberText.grouped(state.steps)) of \
      \(NumberText.grouped(configuration.totalSteps)) steps: \(restored)
      """
  }
}
