import Rollout

/// A distribution of actions: traced as a graph in the learner, sampled from numbers in a worker.
///
/// A policy returns the one that it uses, so a custom distribution comes with a custom policy.
public protocol ActionDistribution: Sendable {
  /// The number of scores that the network outputs per row.
  var scoreCount: Int { get }

  /// The number of values that the fragment records as `logits` per row.
  var logitCount: Int { get }

  /// Returns the recorded `logits` [rows, B, logitCount] for scores [rows, B, scoreCount].
  ///
  /// A distribution may have parameters. It declares them in the scores' graph.
  func logits(from scores: Tensor) -> Tensor

  /// Returns log π of the actions taken, [rows, B].
  func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor

  /// Returns the entropy at each row, [rows, B].
  func entropy(of logits: Tensor) -> Tensor

  /// Returns the most likely action, [rows, B, elements] for each leaf in declared order.
  ///
  /// It is the action that `act` chooses with `.greedy`, traced. A policy is exported with it.
  ///
  /// - Returns: `nil`, as by default, if the distribution cannot trace it.
  func mode(of logits: Tensor) -> [Tensor]?

  /// Draws an action for each environment and writes it into a row of the fragment's `act`.
  ///
  /// - Parameters:
  ///   - logits: the recorded logits, [B, …].
  ///   - choice: a random action or the most likely one.
  ///   - streams: one for each environment; only drawn from when sampling.
  ///   - actions: the destination of the actions.
  func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow)
}

extension ActionDistribution {
  /// No traced action.
  public func mode(of logits: Tensor) -> [Tensor]? { nil }
}

/// The rule of choosing an action from a distribution.
public enum ActionChoice: String, Sendable {
  /// A random action, drawn from the distribution.
  case sample
  /// The most likely action.
  case greedy
}
