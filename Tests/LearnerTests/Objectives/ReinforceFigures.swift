import Actor
import Learner
import Rollout
import TestSupport

/// The policy and loss of rlplay's overview on one recorded fragment, with PyTorch's figures.
struct ReinforceFigures {
  let reference: Reference
  let objective: Reinforce

  static let spaces = EnvironmentSpaces(
    observation: .box(shape: [4], low: -.infinity, high: .infinity), action: .discrete(2))
  static let policy = NetworkPolicy(hidden: [32])

  init(_ name: String) throws {
    reference = try Reference(name)
    objective = Reinforce(
      discount: reference["gamma"].number, entropyCost: .constant(reference["c_entropy"].number),
      rhoClip: name == "reinforce_inf" ? .infinity : reference["c_rho"].number)
  }

  var stepCount: Int { Int(reference["T"].number) }
  var environmentCount: Int { Int(reference["B"].number) }

  var layout: FragmentLayout {
    get throws {
      FragmentLayout(
        stepCount: stepCount, environmentCount: environmentCount,
        contents: try PolicySignature(Self.policy, for: Self.spaces).contents(Self.spaces))
    }
  }

  /// Returns a level of the reference, which has parameters by name, in the layout's order.
  func flat(_ level: Reference, _ parameters: ParameterLayout) -> [Double] {
    precondition(
      level.keys.count == parameters.entries.count, "other parameters than the network's")
    return parameters.entries.flatMap { level[$0.name].numbers }
  }

  /// The recorded fragment in memory, rounded to Float.
  func storage() throws -> FragmentStorage {
    let storage = FragmentStorage(try layout)
    let view = storage.view
    let rows = stepCount + 1
    let (obs, act) = (view.obs(as: Float.self), view.act(as: Int32.self))
    let numbers = (
      obs: reference["obs"].numbers, act: reference["act"].numbers, rew: reference["rew"].numbers,
      fin: reference["fin"].numbers, logits: reference["behavior_logits"].numbers
    )
    guard let logits = view.actor("logits") else { preconditionFailure("no logits") }
    for t in 0..<rows {
      for b in 0..<environmentCount {
        let index = t * environmentCount + b
        for i in 0..<4 { obs[t, b, i] = Float(numbers.obs[index * 4 + i]) }
        for i in 0..<2 { logits[t, b, i] = Float(numbers.logits[index * 2 + i]) }
        act[t, b] = Int32(numbers.act[index])
        view.rew[t, b] = Float(numbers.rew[index])
        view.fin[t, b] = numbers.fin[index] != 0
      }
    }
    return storage
  }
}

/// The loss traced on Double or Float inputs, which keeps all digits of the reference in Double.
///
/// A fragment's columns are 32 bits wide, but the reference's observations and logits are not.
struct TracedFigures<S: KernelScalar> {
  let executor: Executor<S>
  let loss: TracedLoss
  let logits: Tensor
  let returns: Tensor
  let ratio: Tensor
  let parameters: ParameterLayout

  init(_ figures: ReinforceFigures) throws {
    let graph = Graph()
    let (rows, count) = (figures.stepCount + 1, figures.environmentCount)
    let obs = graph.input([rows, count, 4])
    let act = graph.input([rows, count], elementType: .int32)
    let rew = graph.input([rows, count])
    let fin = graph.input([rows, count])
    let behavior = graph.input([rows, count, 2])
    let stepno = graph.input([rows, count], elementType: .int32)
    func state(_ range: Range<Int>) -> TracedState {
      TracedState(
        stepno: stepno.rows(range), obs: .leaf(obs.rows(range)), act: .leaf(act.rows(range)),
        rew: rew.rows(range), fin: fin.rows(range), spaces: ReinforceFigures.spaces)
    }
    let (current, next) = (state(0..<rows - 1), state(1..<rows))
    let fragment = TracedFragment(
      current: current, next: next,
      actor: .fields([("logits", .leaf(behavior.rows(0..<rows - 1)))]), terminated: next.fin,
      truncated: next.fin)
    let distribution = Categorical(count: 2)
    let reaction = try ReinforceFigures.policy.react(
      to: current, choosing: distribution, in: graph)
    loss = try figures.objective.loss(of: fragment, reaction: reaction, distribution: distribution)
    logits = reaction.logits
    // The terms of the loss, traced once more as outputs.
    returns = Tensor.discountedReturns(
      rewards: next.rew, ends: next.fin, discount: figures.objective.discount)
    let logMu = distribution.logProbability(
      of: next.act, under: behavior.rows(0..<rows - 1))
    ratio = exp(distribution.logProbability(of: next.act, under: logits) - logMu)
    parameters = graph.parameters
    executor = Executor(
      graph, outputs: [logits, returns, ratio] + loss.metrics.map(\.tensor), loss: loss.loss)

    let reference = figures.reference
    executor.set(obs, to: reference["obs"].numbers.map { S($0) })
    executor.set(act, toIntegers: reference["act"].numbers.map { Int32($0) })
    executor.set(rew, to: reference["rew"].numbers.map { S($0) })
    executor.set(fin, to: reference["fin"].numbers.map { S($0) })
    executor.set(behavior, to: reference["behavior_logits"].numbers.map { S($0) })
    executor.weights.assign(
      figures.flat(reference["parameters"], parameters).map { S($0) })
  }

  func run() {
    executor.weightsChanged()
    executor.forward()
    executor.backward()
  }

  func metric(_ name: String) -> Double {
    guard let metric = loss.metrics.first(where: { $0.name == name }) else { return .nan }
    return Double(executor.value(of: metric.tensor))
  }

  func values(_ tensor: Tensor) -> [Double] { executor.values(of: tensor).map { Double($0) } }
}
