import Actor
import Learner
import Rollout
import RolloutCommand

/// The notebook "Patchy overview of rlplay with REINFORCE", written with the library.
///
///     Overview            trains for 100 epochs of 100 updates; a number sets the epochs
///     Overview report     any other argument is a subcommand of rlplay, which knows the cart
@main
struct Training {
  static func main() throws {
    try EnvironmentRegistry.shared.register("Cart-v0", summary: "Balance a pole.") { Cart() }
    PolicyRegistry.register(Player.self)
    let arguments = CommandLine.arguments.dropFirst()
    guard let epochCount = arguments.isEmpty ? 100 : arguments.first.flatMap({ Int($0) }) else {
      Program.main(name: "Overview")  // Workers too: they are this program with a subcommand.
      return
    }

    let objective = ClippedReinforce()
    var options = TrainingConfiguration(.reinforce)  // Written to config.json.
    options.environment = "Cart-v0"
    (options.actorCount, options.bufferCount, options.fragmentsPerBatch) = (16, 24, 2)
    (options.fragmentSteps, options.environmentsPerActor, options.seed) = (25, 8, 3)
    options.totalSteps = epochCount * 100 * 25 * 16
    (options.gamma, options.entropyCost) = (objective.gamma, .constant(objective.entropyCost))
    (options.baseline, options.rhoClip) = (.none, objective.rhoClip)
    (options.learningRate, options.activation) = (0.01, .relu)

    let policy = Player()
    let rollout = try MultiWorker(
      RolloutSetup(
        environment: "Cart-v0", policy: policy, environmentCount: 8, stepCount: 25, seed: 3),
      actorCount: 16, bufferCount: 24, fragmentsPerBatch: 2)
    let weights = rollout.setup.weights
    let reinforce = try LossFunction(
      policy, objective, layout: rollout.batchLayout, weights: weights)
    let optimizer = Adam<Float>(count: weights.count, learningRate: 0.01)
    let evaluator = try ParallelEvaluator(
      environment: .init("Cart-v0", limit: .steps(500)), policy: policy, episodeCount: 4,
      choice: .sample, seed: 3)

    let run = try RunDirectory.create(environment: "Cart-v0", algorithm: "overview", seed: 3)
    try run.writeConfiguration(options.json())
    let lock = try RunLock(run)  // `Overview runs` shows the run as running, then as done.
    var metrics = try MetricsFile.jsonl.makeSink(in: run)
    let clock = ContinuousClock()
    let began = clock.now
    func record(_ numbers: [(name: String, value: Double)]) throws {
      var record = MetricsRecord()
      record.set("env_steps", rollout.progress.steps)
      record.set("updates", rollout.progress.turns)
      record.set("seconds", (clock.now - began) / .seconds(1))
      for number in numbers { record.set(number.name, number.value) }
      try metrics.append(record)
    }

    func record(_ evaluation: Evaluation?) throws {
      guard let evaluation else { return }
      let result = evaluation.result
      print("epoch", evaluation.policyVersion, "returns", result.returns)
      try record([
        ("eval_env_steps", Double(evaluation.steps)), ("eval_return", result.meanReturn),
        ("eval_median", result.medianReturn), ("eval_min", result.minimumReturn),
        ("eval_max", result.maximumReturn), ("eval_std", result.standardDeviation),
      ])
    }

    for epoch in 1...max(1, epochCount) {
      for _ in 0..<100 {
        let loss = reinforce(try rollout.next())
        reinforce.zeroGradients()
        loss.backward()
        let norm = reinforce.gradients.clipNorm(to: .infinity)
        optimizer.step(weights, reinforce.gradients)
        rollout.publish(weights)
        try record([("loss", Double(loss.value)), ("grad_norm", norm)] + loss.metrics)
      }
      // The result is that of the epoch before: the episodes are played while training goes on.
      try record(evaluator.next(weights, policyVersion: epoch, steps: rollout.progress.steps))
    }
    try record(evaluator.finish())
    rollout.close()
    evaluator.close()
    try metrics.flush()

    let checkpoint = Checkpoint(
      weights, of: rollout.setup, algorithm: ClippedReinforce.name,
      steps: rollout.progress.steps, updates: rollout.progress.turns)
    for url in [run.lastCheckpoint, run.bestCheckpoint] { try checkpoint.save(to: url) }
    lock.end(as: .done)
    let last = try Evaluator(
      environment: .init("Cart-v0", limit: .steps(10_000)), policy: policy, choice: .sample, seed: 4
    )
    print("10,000 steps:", try last.evaluate(weights, episodes: 0..<1).meanReturn)
    print("plots: Overview report \(run.path)")
  }
}
