import Rollout

/// A collector at work, with or without learning, whose pace can be taken for a while at a time.
final class Trial {
  let collector: any RolloutCollector
  private let update: PolicyUpdate?

  /// Starts collecting as a configuration says.
  ///
  /// - Parameters:
  ///   - configuration: what is collected, where, and how it is learnt from.
  ///   - learns: whether every batch is learnt from; otherwise the first weights stay.
  ///   - processes: which program workers run, and whom to tell about them.
  init(
    _ configuration: TrainingConfiguration, learns: Bool, _ processes: WorkerProcesses
  ) throws {
    let setup = try configuration.makeSetup(seed: 1)
    collector = try configuration.makeCollector(setup, processes)
    update =
      learns
      ? try PolicyUpdate(
        configuration.policy, configuration.objective, layout: collector.batchLayout,
        weights: setup.weights,
        optimiser: configuration.makeOptimiser(setup.parameters),
        maximumGradientNorm: configuration.maximumGradientNorm) : nil
  }

  deinit { collector.close() }

  /// Takes the next batch and learns from it, if this trial learns.
  func advance() throws {
    let batch = try collector.next()
    update?.learn(from: batch.view)
  }

  /// Goes on until every worker is at work, and what was collected while nobody asked is used up.
  func settle() throws {
    if let workers = collector as? MultiWorker {
      for worker in 0..<workers.workerCount {
        while workers.status(ofWorker: worker).fragmentCount == 0 { try advance() }
      }
    }
    for _ in 0..<32 { try advance() }
  }

  /// Environment steps a second over a while.
  func stepsPerSecond(over seconds: Double) throws -> Double {
    let steps = collector.progress.steps
    let began = SystemCalls.monotonicNanoseconds()
    var elapsed = 0.0
    repeat {
      // A look at the clock for each batch would be seen where batches are tiny.
      for _ in 0..<8 { try advance() }
      elapsed = Double(SystemCalls.monotonicNanoseconds() - began) / 1e9
    } while elapsed < seconds
    return Double(collector.progress.steps - steps) / elapsed
  }
}

extension BenchmarkSettings {
  /// Workers of the program that was asked for.
  func processes(
    say: @escaping (String) -> Void = reportOnStandardError
  ) -> WorkerProcesses {
    WorkerProcesses(executable: workerExecutable, say: say)
  }
}
