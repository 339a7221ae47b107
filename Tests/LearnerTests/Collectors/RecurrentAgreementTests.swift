import Actor
import Foundation
import Learner
import Rollout
import Testing

/// Tests that worker and learner compute equal outputs of recurrent policies.
///
/// The learner starts from the recorded recurrent state. With equal weights both must agree on
/// every row: ρ = 1. Mistakes in carrying, recording or resetting the state and in running rows in
/// sequence show here.
struct RecurrentAgreementTests {
  static let policies: [NetworkPolicy] = [
    NetworkPolicy(
      hidden: [8], activation: .tanh, recurrent: .lstm, recurrentSize: 7, recurrentLayers: 2,
      value: .shared),
    NetworkPolicy(
      inputs: [.obs, .act, .rew, .fin, .stepno], hidden: [], recurrent: .gru, recurrentSize: 16,
      value: .separate),
  ]

  /// The policy run over a batch as by the learner, with logits and values of rows 0…T−1.
  private final class Rerun {
    let executor: Executor<Float>
    let (logits, value): (Tensor, Tensor)

    init(_ setup: RolloutSetup, _ layout: FragmentLayout) throws {
      let graph = Graph()
      let reaction = try setup.policy.react(
        to: TracedFragment(graph, layout).current, choosing: Categorical(count: 2), in: graph)
      logits = reaction.logits
      value = try #require(reaction.information.first).tensor
      executor = Executor(graph, outputs: [logits, value], weights: setup.weights)
    }

    func run(_ batch: FragmentView) -> (logits: [Float], values: [Float]) {
      executor.weightsChanged()
      executor.bind(batch)
      executor.forward()
      return (executor.values(of: logits), executor.values(of: value))
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: policies)
  func `a worker's reactions are the learner's, through fragments and resets`(
    policy: NetworkPolicy
  ) throws {
    let setup = try RolloutSetup(
      environment: EnvironmentConfiguration("CartPole-v1", limit: .steps(30)), policy: policy,
      environmentCount: 4, stepCount: 12, seed: 3)
    let rollout = try MultiWorker(
      setup, actorCount: 1, bufferCount: 2, fragmentsPerBatch: 1, lag: nil,
      processes: Collection.processes())
    defer { rollout.close() }
    let rerun = try Rerun(setup, rollout.batchLayout)
    var (ends, stateMatters) = (0, 0)
    for fragment in 0..<5 {
      rollout.publish(setup.weights)
      let batch = try rollout.next().view
      let (logits, values) = rerun.run(batch)
      let said = try #require(batch.actor("logits")).elements
      let judged = try #require(batch.actor("value")).elements
      for index in logits.indices {
        // The same sums of at most 36 inputs, each rounded at 6e-8, at worst in another order.
        let rho = exp(Double(logits[index]) - Double(said[index]))
        #expect(abs(rho - 1) < 1e-5, "fragment \(fragment), number \(index): ρ = \(rho)")
      }
      for index in values.indices {
        #expect(abs(values[index] - judged[index]) < 1e-5, "fragment \(fragment): value \(index)")
      }
      let layout = rollout.batchLayout
      for t in 1...layout.stepCount {
        for b in 0..<layout.environmentCount where batch.fin[t, b] { ends += 1 }
      }

      // Without the recorded recurrent state the learner's outputs differ, which the comparison
      // detects.
      for column in layout.hx.leaves {
        let carried: ColumnView<Float> = batch.column(column)
        for b in 0..<layout.environmentCount {
          for element in 0..<carried.elementCount { carried[0, b, element] = 0 }
        }
      }
      if rerun.run(batch).logits != logits { stateMatters += 1 }
    }
    #expect(ends >= 3)
    // The first fragment begins with a state of zeros.
    #expect(stateMatters == 4)
  }
}
