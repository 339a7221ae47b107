import Actor
import Learner
import Rollout

/// A running collector, with or without learning, for measuring its throughput.
final class Trial {
  let collector: any RolloutCollector
  private let update: PolicyUpdate?
  private let weights: FlatVector<Float>

  /// Starts collecting by a configuration.
  ///
  /// - Parameters:
  ///   - configuration: the environment, the collector and the learning settings.
  ///   - learns: true to learn from every batch; otherwise the weights stay the initial ones.
  ///   - processes: the worker program, and the function that reports on workers.
  init(
    _ configuration: TrainingConfiguration, learns: Bool, _ processes: WorkerProcesses
  ) throws {
    let setup = try configuration.makeSetup(seed: 1)
    weights = setup.weights
    collector = try configuration.makeCollector(setup, processes)
    update =
      learns
      ? try PolicyUpdate(
        configuration.policy, configuration.objective, layout: collector.batchLayout,
        weights: setup.weights,
        optimizer: configuration.makeOptimizer(setup.parameters),
        maximumGradientNorm: configuration.maximumGradientNorm) : nil
  }

  deinit { collector.close() }

  /// Publishes the weights, takes the next batch and learns from it if this trial learns.
  func advance() throws {
    collector.publish(weights)
    let batch = try collector.next()
    update?.learn(from: batch.view)
  }

  /// Runs until every worker has published, then consumes the fragments that piled up.
  func settle() throws {
    if let workers = collector as? MultiWorker {
      for worker in 0..<workers.workerCount {
        while workers.status(ofWorker: worker).fragmentCount == 0 { try advance() }
      }
    }
    for _ in 0..<32 { try advance() }
  }

  /// Returns the environment steps per second over a time.
  func stepsPerSecond(over seconds: Double) throws -> Double {
    let steps = collector.progress.steps
    let began = SystemCalls.monotonicNanoseconds()
    var elapsed = 0.0
    repeat {
      // Reading the clock for each batch would be measurable with tiny batches.
      for _ in 0..<8 { try advance() }
      elapsed = Double(SystemCalls.monotonicNanoseconds() - began) / 1e9
    } while elapsed < seconds
    return Double(collector.progress.steps - steps) / elapsed
  }
}

extension TrainingConfiguration {
  /// The set-up that benchmarks measure: REINFORCE against the mean return, without a learned
  /// value.
  ///
  /// It is written out so that a benchmark measures the same after a change of the defaults.
  static let measured: TrainingConfiguration = {
    var configuration = TrainingConfiguration(.reinforce)
    configuration.activation = .relu
    configuration.sharedTorso = true
    configuration.gamma = 0.99
    configuration.entropyCost = 0.01
    configuration.baseline = .mean
    configuration.learningRate = 0.005
    configuration.valueLearningRate = nil
    configuration.maximumGradientNorm = .infinity
    return configuration
  }()
}

extension BenchmarkSettings {
  /// Returns the worker processes of the program in the settings.
  func processes(
    say: @escaping (String) -> Void = reportOnStandardError
  ) -> WorkerProcesses {
    WorkerProcesses(executable: workerExecutable, say: say)
  }
}
