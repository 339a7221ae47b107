import Actor
import Rollout

/// The advantages and value targets of all steps of a batch, made once before the passes over it.
///
/// They depend on the batch and on the weights before the first pass. `MinibatchLearner` copies
/// those of a minibatch's steps beside them, where the loss finds them as
/// `TracedFragment.estimates`. Nothing is allocated after the start.
public final class BatchEstimates {
  private let layout: FragmentLayout
  private let executor: Executor<Float>
  private let tensors: [Tensor]

  /// Traces the estimates of an objective for batches of a layout.
  ///
  /// - Parameters:
  ///   - policy: the policy to train.
  ///   - objective: the loss to minimize.
  ///   - bootstrap: the source of the value estimate for the state behind the last row.
  ///   - layout: the layout of the batches, [T, n·B].
  ///   - weights: the policy's weights, which are read in place.
  ///   - threads: the threads that share the work of large batches; nil for the caller's alone.
  /// - Throws: `PolicyError` if the objective makes its estimates within the loss, or if the policy
  ///   lacks an output that they need.
  public init(
    _ policy: any Policy, _ objective: some Objective, bootstrap: Bootstrap = .actor,
    layout: FragmentLayout, weights: FlatVector<Float>, threads: ThreadPool? = nil
  ) throws(PolicyError) {
    let traced = try TracedBatch(policy, bootstrap: bootstrap, layout: layout)
    guard
      let made = try objective.estimates(
        of: traced.fragment, reaction: traced.reaction, distribution: traced.distribution)
    else {
      throw PolicyError(
        """
        the objective '\(type(of: objective).name)' makes its estimates within the loss, from \
        neighboring steps: use minibatches of whole environments, and normalize within them
        """)
    }
    tensors = made.tensors
    self.layout = layout
    executor = Executor(traced.graph, outputs: tensors, weights: weights, threads: threads)
  }

  /// Makes the estimates of a batch with the present weights.
  ///
  /// - Precondition: the batch has the layout that the estimates were created for.
  func make(for batch: FragmentView) {
    precondition(batch.layout.byteCount == layout.byteCount, "a batch of another layout")
    executor.weightsChanged()
    executor.bind(batch)
    executor.forward()
  }

  /// Copies the estimates of a minibatch's steps to its columns.
  ///
  /// - Parameters:
  ///   - places: the environments of the minibatch, or its steps as t · n·B + b.
  ///   - part: the minibatch.
  ///   - columns: its columns of `StepEstimates.contents`.
  func copy(_ places: Span<Int32>, to part: FragmentView, _ columns: [Column]) {
    let executor = executor
    for (tensor, column) in zip(tensors, columns) {
      let numbers = executor.span(of: tensor)
      var target = part.mutableValues(column, as: Float.self)
      for row in 0..<column.rowCount {
        for index in places.indices {
          target[row * places.count + index] =
            numbers[row * layout.environmentCount + Int(places[index])]
        }
      }
    }
  }
}

/// A batch and the reaction of the trained policy to it, in a new graph.
struct TracedBatch {
  let graph = Graph()
  /// The batch with normalized rewards.
  let fragment: TracedFragment
  let reaction: Reaction
  let distribution: any ActionDistribution

  /// Traces a policy's reaction to batches of a layout.
  init(
    _ policy: any Policy, bootstrap: Bootstrap, layout: FragmentLayout
  ) throws(PolicyError) {
    var fragment = TracedFragment(graph, layout)
    distribution = try policy.distribution(for: layout.contents.spaces.action)
    reaction = try policy.react(to: fragment.current, choosing: distribution, in: graph)
    if bootstrap == .learner {
      fragment = try fragment.bootstrapping(
        from: policy, after: reaction, choosing: distribution, in: graph)
    }
    self.fragment = fragment.normalizingRewards()
  }
  /// Returns the outputs of the collecting actor that neither loss nor estimates depend on.
  ///
  /// - Throws: `PolicyError` if the policy lacks an output that the objective needs.
  func outputsUnread(by objective: some Objective) throws(PolicyError) -> UnreadOutputs {
    let traced = try objective.loss(of: fragment, reaction: reaction, distribution: distribution)
    let made = try objective.estimates(
      of: fragment, reaction: reaction, distribution: distribution)
    let results = [traced.loss] + traced.outputs + (made?.tensors ?? [])
    func unread(_ outputs: Nested<Tensor>) -> [String] {
      zip(outputs.paths(), outputs.leaves).filter { !graph.depend(results, on: $1) }.map(\.0)
    }
    return UnreadOutputs(
      played: unread(fragment.actor).filter { $0 != "logits" }, last: unread(fragment.virtual))
  }
}
