import Actor
import Learner
import Rollout
import TestSupport

extension NaiveTrajectory {
  /// Returns an estimator's result for these steps, traced and run.
  func estimate<S: KernelScalar>(
    in _: S.Type = Double.self,
    _ formula: (_ steps: Trajectory, _ values: StateValues, _ ratios: Tensor) -> Tensor
  ) -> [Double] {
    let graph = Graph()
    let shape = [steps, environments]
    let (rewards, values, final) = (graph.input(shape), graph.input(shape), graph.input(shape))
    let (ends, terminated, truncated) = (
      graph.input(shape), graph.input(shape), graph.input(shape)
    )
    let (last, ratios) = (graph.input([environments]), graph.input(shape))
    let output = formula(
      Trajectory(rewards: rewards, ends: ends, terminated: terminated, truncated: truncated),
      StateValues(current: values, last: last, final: final), ratios)
    let executor = Executor<S>(graph, outputs: [output])
    func set(_ tensor: Tensor, _ numbers: [Double]) {
      executor.set(tensor, to: numbers.map { S($0) })
    }
    set(rewards, self.rewards)
    set(values, self.values)
    set(final, self.final)
    set(ends, self.ends.map { $0 ? 1 : 0 })
    set(terminated, self.terminated.map { $0 ? 1 : 0 })
    set(truncated, self.truncated.map { $0 ? 1 : 0 })
    set(last, self.last)
    set(ratios, self.ratios)
    executor.forward()
    return executor.values(of: output).map { Double($0) }
  }

  /// Returns random steps with every kind of ending; unknown values are NaN.
  ///
  /// No step is `.waiting` if `mayWait` is false.
  static func random(
    steps: Int, environments: Int, seed: UInt64, mayWait: Bool = true
  ) -> NaiveTrajectory {
    var generator = PCG64(seed: seed)
    let count = steps * environments
    var endings = (0..<count).map { _ -> Ending in
      let draw = generator.uniform(0, 12)
      return draw < 1 ? .terminated : draw < 2 ? .truncated : draw < 2.5 ? .both : .none
    }
    // Every third environment waits after its first episode, as with `sticky`.
    for environment in stride(from: 2, to: environments, by: 3) where mayWait {
      var isOver = false
      for row in stride(from: environment, to: count, by: environments) {
        if isOver { endings[row] = .waiting }
        isOver = isOver || endings[row] != .none
      }
    }
    func numbers(_ count: Int, _ low: Double, _ high: Double) -> [Double] {
      (0..<count).map { _ in generator.uniform(low, high) }
    }
    let rewards = numbers(count, -1, 1)
    let last = numbers(environments, -3, 3)
    return NaiveTrajectory(
      environments: environments,
      rewards: zip(rewards, endings).map { $1 == .waiting ? 0 : $0 },
      endings: endings, values: numbers(count, -3, 3),
      last: last.enumerated().map {
        endings[count - environments + $0.offset] == .none ? $0.element : .nan
      },
      final: zip(numbers(count, -3, 3), endings).map { $1 == .truncated ? $0 : .nan },
      ratios: numbers(count, 0.2, 1.8))
  }
}
