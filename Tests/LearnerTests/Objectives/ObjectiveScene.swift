import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// An objective traced in Double on random steps that contain every kind of episode end.
final class ObjectiveScene {
  static let (steps, count, actions) = (7, 3, 3)
  static let spaces = EnvironmentSpaces(
    observation: .box(shape: [2], low: -1, high: 1), action: .discrete(3))
  static let policy = NetworkPolicy(
    inputs: [.obs], hidden: [6], activation: .tanh, value: .shared)

  let executor: Executor<Double>
  let loss: TracedLoss
  /// The logits [T, B, 3], and the extra output: a value estimate [T, B] or one for each action;
  /// the logits again if there is none.
  let (logits, information): (Tensor, Tensor)
  /// Further tensors that the test asked for.
  let others: [Tensor]
  /// a_t, and log μ(a_t | s_t).
  let (taken, logMu): ([Int32], [Double])
  /// The steps with the value estimates that the actor recorded; its `ratios` are not used.
  let recorded: NaiveTrajectory

  /// Traces and runs an objective.
  ///
  /// - Parameters:
  ///   - mayWait: true if an environment waits at the end of the steps.
  ///   - others: returns further tensors to run.
  init(
    _ objective: any Objective, _ policy: any Policy = ObjectiveScene.policy,
    mayWait: Bool = true,
    and others: (TracedFragment, Graph) throws -> [Tensor] = { _, _ in [] }
  ) throws {
    let (steps, count, total) = (Self.steps, Self.count, Self.steps * Self.count)
    let graph = Graph()
    func column(_ rest: Int...) -> Tensor { graph.input([steps, count] + rest) }
    let (obs, nextObs, finalObs) = (column(2), column(2), column(2))
    let act = graph.input([steps, count], elementType: .int32)
    let (rew, fin, terminated, truncated) = (column(), column(), column(), column())
    let (behavior, value, final) = (column(Self.actions), column(), column())
    let last = graph.input([count])
    func state(_ obs: Tensor) -> TracedState {
      TracedState(
        stepno: act, obs: .leaf(obs), act: .leaf(act), rew: rew, fin: fin, spaces: Self.spaces)
    }
    let fragment = TracedFragment(
      current: state(obs), next: state(nextObs),
      actor: .fields([("logits", .leaf(behavior)), ("value", .leaf(value))]),
      virtual: .fields([("value", .leaf(last))]), terminated: terminated, truncated: truncated,
      finalObs: .leaf(finalObs), final: .fields([("value", .leaf(final))]), mayWait: mayWait)
    let distribution = Categorical(count: Self.actions)
    let reaction = try policy.react(to: fragment.current, choosing: distribution, in: graph)
    loss = try objective.loss(of: fragment, reaction: reaction, distribution: distribution)
    logits = reaction.logits
    information = reaction.information.first?.tensor ?? reaction.logits
    self.others = try others(fragment, graph)
    executor = Executor(
      graph,
      outputs: [logits, information] + self.others + loss.metrics.map(\.tensor)
        + loss.distributions.map(\.tensor),
      loss: loss.loss)

    var generator = PCG64(seed: 41)
    func numbers(_ count: Int, _ bound: Double = 1) -> [Double] {
      (0..<count).map { _ in generator.uniform(-bound, bound) }
    }
    let recorded = NaiveTrajectory.random(
      steps: steps, environments: count, seed: 1, mayWait: mayWait)
    let taken = (0..<total).map { _ in Int32(generator.integer(below: Self.actions)) }
    let scores = Self.logSoftmax(numbers(total * Self.actions))
    (self.recorded, self.taken) = (recorded, taken)
    logMu = Self.picked(scores, taken)
    for tensor in [obs, nextObs, finalObs] { executor.set(tensor, to: numbers(total * 2)) }
    executor.set(act, toIntegers: taken)
    executor.set(rew, to: recorded.rewards)
    executor.set(fin, to: recorded.ends.map { $0 ? 1 : 0 })
    executor.set(terminated, to: recorded.terminated.map { $0 ? 1 : 0 })
    executor.set(truncated, to: recorded.truncated.map { $0 ? 1 : 0 })
    executor.set(behavior, to: scores)
    executor.set(value, to: recorded.values)
    executor.set(final, to: recorded.final)
    executor.set(last, to: recorded.last)
    executor.weights.assign(numbers(executor.weights.count, 0.7))
    run()
    // Every kind of ending occurs, and one environment's episode continues behind the last row.
    #expect(
      Set(recorded.endings)
        == Set(NaiveTrajectory.Ending.allCases.filter { mayWait || $0 != .waiting }))
    #expect(recorded.endings.suffix(count).contains(.none))
  }

  private func run() {
    executor.weightsChanged()
    executor.forward()
  }

  /// log π(a_t | s_t) by the current weights.
  var logPi: [Double] { Self.picked(executor.values(of: logits), taken) }

  /// The extra output by the current weights.
  var values: [Double] { executor.values(of: information) }

  /// π(a_t | s_t) / μ(a_t | s_t).
  var ratios: [Double] { zip(logPi, logMu).map { exp($0 - $1) } }

  /// The mean entropy of π over the steps that were played.
  var entropy: Double {
    let terms = executor.values(of: logits).map { -$0 * exp($0) }
    return mean(
      taken.indices.map { terms[Self.actions * $0..<Self.actions * ($0 + 1)].reduce(0, +) })
  }

  /// The mean of numbers [T, B] over the steps that were played.
  func mean(_ numbers: [Double]) -> Double { recorded.mean(numbers) }

  /// Returns a reported metric.
  func metric(_ name: String) throws -> Double {
    executor.value(of: try #require(loss.metrics.first { $0.name == name }).tensor)
  }

  /// The steps with the value estimates and ratios of the current weights.
  var judged: NaiveTrajectory {
    var steps = recorded
    (steps.values, steps.ratios) = (values, ratios)
    return steps
  }

  /// Checks that the loss equals a formula and its gradient the formula's central differences.
  ///
  /// - Parameter formula: the loss by the current weights at the time of the call. Terms without
  ///   gradient are computed beforehand.
  func check(_ formula: () -> Double, sourceLocation: SourceLocation = #_sourceLocation) {
    // 21 terms in Double.
    let (observed, expected) = (executor.value(of: loss.loss), formula())
    #expect(
      isClose(observed, expected, absolute: 1e-13, relative: 1e-12),
      "\(observed), not \(expected)", sourceLocation: sourceLocation)
    executor.backward()
    let gradients = executor.gradients.elements
    let step = 1e-5
    let differences = gradients.indices.map { index in
      let before = executor.weights[index]
      let sides = [step, -step].map { move in
        executor.weights[index] = before + move
        run()
        return formula()
      }
      executor.weights[index] = before
      return (sides[0] - sides[1]) / (2 * step)
    }
    run()
    #expect(gradients.contains { $0 != 0 }, sourceLocation: sourceLocation)
    // Central differences with h = 1e-5 are off by up to 1e-10 here (h²/6 · f''' and rounding).
    let difference = firstDifference(gradients, differences, absolute: 1e-8, relative: 1e-7)
    #expect(difference == nil, "\(difference ?? "")", sourceLocation: sourceLocation)
  }

  /// Returns log softmax over each row's actions, from its definition.
  private static func logSoftmax(_ scores: [Double]) -> [Double] {
    scores.indices.map { index in
      let first = index / actions * actions
      return scores[index] - log(scores[first..<first + actions].reduce(0) { $0 + exp($1) })
    }
  }

  /// Returns the number that belongs to each row's action.
  static func picked(_ numbers: [Double], _ taken: [Int32]) -> [Double] {
    taken.enumerated().map { numbers[actions * $0 + Int($1)] }
  }
}

/// Returns the mean of some numbers.
func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }

extension NaiveTrajectory {
  /// Returns the numbers of the steps that were played.
  func played(_ numbers: [Double]) -> [Double] {
    zip(numbers, endings).filter { $1 != .waiting }.map { $0.0 }
  }

  /// Returns the mean of numbers over the steps that were played.
  func mean(_ numbers: [Double]) -> Double { LearnerTests.mean(played(numbers)) }

  /// Returns (x − mean) / (σ + 10⁻⁸) over the steps that were played, 0 for the others.
  ///
  /// σ is the square root of the unbiased variance.
  func normalized(_ numbers: [Double]) -> [Double] {
    let played = played(numbers)
    let center = LearnerTests.mean(played)
    let squares = played.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    let deviation = (squares / Double(played.count - 1)).squareRoot()
    return zip(numbers, endings).map { $1 == .waiting ? 0 : ($0 - center) / (deviation + 1e-8) }
  }
}
