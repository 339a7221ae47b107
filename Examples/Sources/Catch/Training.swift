import Actor
import Learner
import Rollout
import Worker

@main
struct Training {
  static func main() throws {
    try EnvironmentRegistry.shared.register("Catch-v0") { Catch() }
    WorkerMain.runIfAsked()  // Workers are this same program: from here on this is the learner.

    // Four workers step 16 environments each; a batch is 20 steps of each environment, [20, 64].
    let policy = NetworkPolicy(inputs: [.obs], hidden: [128], value: .separate, integers: .oneHot)
    // A fixed policy lag makes results repeatable; without one, workers do not wait for updates.
    let rollout = try MultiWorker(
      environment: "Catch-v0", policy: policy, actorCount: 4, environmentCount: 16, stepCount: 20,
      fragmentsPerBatch: 4, lag: 1, seed: 1)
    let weights = rollout.setup.weights
    let regression = try LossFunction(
      policy, AdvantageWeighted(), layout: rollout.batchLayout, weights: weights)
    let optimizer = Adam<Float>(count: weights.count, learningRate: 0.005)
    let evaluator = try Evaluator(environment: "Catch-v0", policy: policy, seed: 1)
    print("untrained", try evaluator.evaluate(weights, episodes: 0..<1000).meanReturn)

    for _ in 0..<1500 {
      let loss = regression(try rollout.next())  // Forwards.
      regression.zeroGradients()
      loss.backward()  // Adds to the gradients.
      let norm = regression.gradients.clipNorm(to: 0.5)
      optimizer.step(regression.weights, regression.gradients)
      rollout.publish(regression.weights)  // Workers collect with them from now on.
      if rollout.progress.turns % 300 == 0 {
        print("loss", loss.value, "value error", loss["value_error"] ?? .nan, "gradient", norm)
      }
    }
    rollout.close()
    print("mean return", try evaluator.evaluate(weights, episodes: 0..<1000).meanReturn)
  }
}
