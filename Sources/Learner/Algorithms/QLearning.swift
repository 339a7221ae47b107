import Actor
import Rollout

extension Algorithm {
  /// Q-learning with replay: DQN.
  public static let dqn = Algorithm(
    name: QLearning.name,
    options: [
      "epsilon", "double-q", "dueling", "replay-steps", "replay-batch", "learning-starts",
      "updates-per-batch", "multi-step", "target-every", "tau", "replay-priority",
      "replay-correction",
    ],
    defaults: {
      $0.networkInputs = [.obs]
      $0.hiddenSizes = [120, 84]
      $0.totalSteps = 1_000_000
      $0.gamma = 0.99
      $0.epsilon = .linear(from: 1, to: 0.1, steps: 20_000)
      $0.learningRate = .exponential(from: 0.002, to: 0.000002)
      $0.maximumGradientNorm = 10
      $0.actorCount = 2
      $0.bufferCount = 8
      $0.environmentsPerActor = 4
      $0.fragmentSteps = 4
      $0.fragmentsPerBatch = 1
      $0.replaySteps = 100_000
      $0.replayBatch = 256
      $0.multiStep = 4
      $0.targetEvery = 1
      $0.tau = 0.005
    },
    environmentDefaults: { $0.adoptExplorationByLength($1) },
    validate: { (configuration) throws(ConfigurationError) in
      let epsilon = configuration.epsilon
      try configuration.refuse(
        "epsilon", epsilon, unless: epsilon.smallest >= 0 && epsilon.largest <= 1, "use 0 to 1")
      try configuration.validateReplay()
      try ConfigurationError.check(
        "updates-per-batch", configuration.updatesPerBatch, in: 1...10_000)
      try ConfigurationError.check("target-every", configuration.targetEvery, in: 1...1_000_000_000)
    },
    validateMemory: { (configuration, batchLayout) throws(ConfigurationError) in
      try configuration.validateReplayMemory(batchLayout)
    },
    policy: { QNetworkPolicy($1, isDueling: $0.dueling) },
    objective: { configuration, policy in
      var objective = QLearning(
        (policy as? QNetworkPolicy) ?? QNetworkPolicy(), discount: configuration.gamma,
        multiStep: configuration.multiStep, isDouble: configuration.doubleQ)
      objective.isPrioritized = configuration.replayPriority > 0
      return objective
    },
    scheduledBuffers: { [ScheduledBuffer(QNetworkPolicy.epsilonName, $0.epsilon)] },
    learner: { context in
      let configuration = context.configuration
      return try context.makeReplay(
        updatesPerBatch: Double(configuration.updatesPerBatch),
        targetInterval: configuration.targetEvery, makeUpdate: context.makeUpdate)
    })
}

extension TrainingConfiguration {
  /// Sets a smaller learning rate, exploration over a tenth of the run and, for images, DQN's
  /// network and replay.
  ///
  /// Source: Mnih et al. (2015), extended data table 1, with Adam at 0.0001 in place of RMSProp, as
  /// in RL Baselines3 Zoo.
  fileprivate mutating func adoptExplorationByLength(_ traits: EnvironmentTraits) {
    epsilon = .linear(from: 1, to: 0.05, steps: max(1, totalSteps / 10))
    guard traits.imageSize != nil else {
      learningRate = .exponential(from: 0.0005, to: 0.00005)
      return
    }
    adoptImageNetwork()
    adoptWorkers(traits, environmentCount: 8)
    // One update for each four environment steps.
    updatesPerBatch = max(1, environmentsPerActor * fragmentsPerBatch * fragmentSteps / 4)
    learningRate = 0.0001
    // Half of the memory at most: a step has its observation and, if it is a last one, another.
    let affordable = traits.physicalByteCount / 2 / max(1, 3 * traits.observationByteCount)
    replaySteps = min(100_000, max(1000, affordable))
    learningStarts = min(50_000, replaySteps / 2, totalSteps / 10)
    replayBatch = 32
    (targetEvery, tau) = (250, 1)
  }
}

/// Q-learning with a target network, by default double Q-learning.
///
/// With q of the trained weights, q⁻ of the target network, and s′ the state that a step led to,
/// before any reset:
///
///     y⁽¹⁾_t = r_{t+1} + γ (1 − terminated_t) q⁻(s′_t, a*)          no gradient passes
///     y⁽ⁿ⁾_t = r_{t+1} + γ y⁽ⁿ⁻¹⁾_{t+1}, and y⁽¹⁾_t at the end of an episode or fragment
///     a*  = argmax q(s′_t, ·) in double Q-learning, argmax q⁻(s′_t, ·) otherwise
///     loss = mean(huber(q(s_t, a_t) − y⁽ⁿ⁾_t))
///     huber(e) = e²/2 where |e| ≤ 1, otherwise |e| − 1/2
///
/// A recurrent q runs over the rows of a fragment from the recorded recurrent state, and q⁻ does so
/// with its own weights. Each is evaluated in s′ by one further step from its state after s.
///
/// The mean is over the steps that were played. A truncated episode is bootstrapped from s′ like
/// any other step; only termination sets the bootstrap to 0. With n > 1 the rewards are those of
/// the ε-greedy policy, uncorrected.
///
/// Sources: Watkins (1989), "Learning from delayed rewards"; Mnih et al. (2015), "Human-level
/// control through deep reinforcement learning"; van Hasselt, Guez and Silver (2016), "Deep
/// reinforcement learning with double Q-learning"; Hessel et al. (2018), "Rainbow: combining
/// improvements in deep reinforcement learning", equation 3, for n steps.
package struct QLearning: Objective, Equatable, Encodable {
  /// The algorithm's name in run directories and checkpoints.
  package static let name = "dqn"

  /// The policy of the trained network and its target network.
  package var policy: QNetworkPolicy
  /// γ, the discount factor.
  package var discount: Double
  /// n, the number of rewards in a target before the value of the state that follows.
  package var multiStep: Int
  /// True if the trained network selects the action that the target network evaluates.
  package var isDouble: Bool
  /// True if samples are drawn by priorities, whose bias the loss corrects with weights.
  var isPrioritized = false

  /// Creates the Q-learning objective with the given settings.
  ///
  /// - Precondition: `multiStep` is at least 1.
  package init(
    _ policy: QNetworkPolicy, discount: Double = 0.99, multiStep: Int = 1, isDouble: Bool = true
  ) {
    precondition(multiStep >= 1, "returns over \(multiStep) steps: use at least 1")
    self.policy = policy
    self.discount = discount
    self.multiStep = multiStep
    self.isDouble = isDouble
  }

  /// Traces the loss.
  package func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    guard reaction["q"] != nil, let action = fragment.next.act.value else {
      throw PolicyError("Q-learning trains a QNetworkPolicy")
    }
    let graph = reaction.logits.graph
    let (q, hx) = try policy.values(of: fragment.current, by: .online, in: graph)
    let arrival = fragment.arrival
    let held = try policy.values(of: fragment.current, by: .target, in: graph).hx
    let judged = try policy.values(of: arrival.after(held), by: .target, in: graph).q
    let choosing =
      isDouble
      ? try policy.values(of: arrival.after(hx), by: .online, in: graph).q.stopGradient() : judged
    let best = (choosing.oneHotOfLargest() * judged).sumOverLastAxis()
    let steps = Trajectory(fragment)
    let target = steps.multiStepReturns(
      multiStep,
      arrivals: fragment.terminated.choosing(graph.constant(0), otherwise: best),
      discount: discount)
    let taken = q.pick(action)
    let error = steps.whilePlaying(taken - target.stopGradient())
    let size = error.maximum(-error)
    // Huber loss: half the square, minus half the square of the excess over 1.
    let losses = 0.5 * (error.squared() - (size - 1).relu().squared())
    let prioritization = TracedLoss.Prioritization(of: size, isPrioritized)
    var loss = TracedLoss(
      (prioritization.map { $0.weights * losses } ?? losses).mean(over: steps),
      metrics: [
        .init(name: "q_mean", tensor: taken.mean(over: steps), summary: .mean),
        .init(name: "td_error", tensor: size.mean(over: steps), summary: .mean),
      ])
    loss.prioritization = prioritization
    return loss
  }
}

extension TracedFragment {
  /// The states that steps led to, before any reset: rows [T, B], without recurrent state.
  ///
  /// Observations are `finalObs` where an episode ended and `next.obs` elsewhere. `stepno` is that
  /// of the next row, which is 0 where an episode ended, so a network that evaluates these states
  /// must not read it.
  var arrival: TracedState {
    guard let pairs = finalObs.zip(next.obs) else {
      preconditionFailure("final observations of another structure")
    }
    return TracedState(
      stepno: next.stepno, obs: pairs.map { next.fin.choosing($0, otherwise: $1) }, act: next.act,
      rew: next.rew, fin: 0 * next.fin.numeric, spaces: next.spaces)
  }
}

extension TracedState {
  /// Returns states that steps led to, each with the recurrent state after the row before the step.
  ///
  /// - Parameter hx: a network's recurrent state after each row, [T, B, …]; it gets no gradient.
  func after(_ hx: Nested<Tensor>) -> TracedState {
    TracedState(
      stepno: stepno, obs: obs, act: act, rew: rew, fin: fin, hx: hx.map { $0.stopGradient() },
      spaces: spaces)
  }
}
