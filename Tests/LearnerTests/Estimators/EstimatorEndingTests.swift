import Actor
import Learner
import TestSupport
import Testing

/// Estimates calculated by hand for each way in which an episode or a fragment can end.
///
/// One environment, γ = ½, rewards 1, 2, 4, 8, value estimates 10, 20, 30, 40, and 64 for every
/// final observation of a truncated episode: all figures are exact.
struct EstimatorEndingTests {
  private func steps(
    _ endings: [NaiveTrajectory.Ending], last: Double = 100, ratios: [Double]? = nil
  ) -> NaiveTrajectory {
    let count = endings.count
    return NaiveTrajectory(
      environments: 1,
      rewards: zip([1, 2, 4, 8], endings).map { $1 == .waiting ? 0 : $0 }, endings: endings,
      values: Array([10, 20, 30, 40].prefix(count)), last: [last],
      final: endings.map { $0 == .truncated ? 64 : .nan },
      ratios: ratios ?? Array(repeating: 1, count: count))
  }

  private func returns(_ steps: NaiveTrajectory) -> [Double] {
    steps.estimate { steps, values, _ in steps.returns(discount: 0.5, values: values) }
  }

  /// GAE(½, ½).
  private func advantages(_ steps: NaiveTrajectory) -> [Double] {
    steps.estimate { steps, values, _ in
      steps.generalizedAdvantages(values: values, discount: 0.5, lambda: 0.5)
    }
  }

  private func twoSteps(_ steps: NaiveTrajectory) -> [Double] {
    steps.estimate { steps, values, _ in
      steps.multiStepReturns(2, values: values, discount: 0.5)
    }
  }

  private func differences(_ steps: NaiveTrajectory) -> [Double] {
    steps.estimate { steps, values, _ in
      steps.temporalDifferences(values: values, discount: 0.5)
    }
  }

  /// Returns V-trace's values and advantages with γ = ½ and π/μ = 2, ½, 1, 1: ρ = c = 1, ½, 1, 1.
  private func trace(
    _ endings: [NaiveTrajectory.Ending], last: Double = 100
  ) -> [[Double]] {
    let steps = steps(endings, last: last, ratios: [2, 0.5, 1, 1])
    return [\VTrace.values, \VTrace.advantages].map { part in
      steps.estimate { $0.vTrace(values: $1, ratios: $2, discount: 0.5)[keyPath: part] }
    }
  }

  private func unvalued(_ steps: NaiveTrajectory) -> [Double] {
    steps.estimate { steps, _, _ in steps.returns(discount: 0.5) }
  }

  @Test func `the fragment's end`() {
    let open = steps([.none, .none, .none, .none])
    // 8 + 100/2, 4 + 58/2, …
    #expect(returns(open) == [10.25, 18.5, 33, 58])
    #expect(unvalued(open) == [4, 6, 8, 8])
    // δ = 1, −3, −6, 18; a quarter of the next advantage is added to each.
    #expect(advantages(open) == [0.15625, -3.375, -1.5, 18])
    // 1 + 2/2 + 30/4, …
    #expect(twoSteps(open) == [9.5, 14, 33, 58])
  }

  @Test func `the task's end, alone or together with a limit`() {
    for ending in [NaiveTrajectory.Ending.terminated, .both] {
      let ended = steps([.none, ending, .none, .none])
      #expect(returns(ended) == [2, 2, 33, 58])
      #expect(unvalued(ended) == [2, 2, 8, 8])
      #expect(advantages(ended) == [-3.5, -18, -1.5, 18])
      #expect(twoSteps(ended) == [2, 2, 33, 58])
    }
  }

  @Test func `a limit's cut`() {
    let cut = steps([.none, .truncated, .none, .none])
    // 2 + 64/2, 1 + 34/2
    #expect(returns(cut) == [18, 34, 33, 58])
    // Without a known value, truncation counts as termination.
    #expect(unvalued(cut) == [2, 2, 8, 8])
    let unknown = cut.estimate { steps, values, _ in
      steps.returns(discount: 0.5, values: StateValues(current: values.current, last: values.last))
    }
    #expect(unknown == [2, 2, 33, 58])
    #expect(advantages(cut) == [4.5, 14, -1.5, 18])
    #expect(twoSteps(cut) == [18, 34, 33, 58])
  }

  @Test
  func `an end on the first row and on the last one, where the virtual reaction is not asked`() {
    #expect(returns(steps([.terminated, .none, .none, .none])) == [1, 18.5, 33, 58])
    #expect(advantages(steps([.terminated, .none, .none, .none])) == [-9, -3.375, -1.5, 18])
    #expect(returns(steps([.truncated, .none, .none, .none])) == [33, 18.5, 33, 58])
    let ended = steps([.none, .none, .none, .terminated], last: .nan)
    // δ = 1, −3, −6, −32
    #expect(returns(ended) == [4, 6, 8, 8])
    #expect(advantages(ended) == [-0.625, -6.5, -14, -32])
    let cut = steps([.none, .none, .none, .truncated], last: .nan)
    // δ = 1, −3, −6, 0
    #expect(returns(cut) == [8, 14, 24, 40])
    #expect(advantages(cut) == [-0.125, -4.5, -6, 0])
  }

  @Test func `waiting for the fragment's end teaches nothing`() {
    let waiting = steps([.none, .terminated, .waiting, .waiting])
    #expect(returns(waiting) == [2, 2, 30, 40])
    #expect(unvalued(waiting) == [2, 2, 0, 0])
    #expect(advantages(waiting) == [-3.5, -18, 0, 0])
    #expect(twoSteps(waiting) == [2, 2, 30, 40])
    #expect(waiting.estimate { steps, _, _ in steps.waits + 0 } == [0, 0, 1, 1])
    let cut = steps([.truncated, .waiting, .waiting, .waiting])
    #expect(returns(cut) == [33, 20, 30, 40])
    #expect(advantages(cut) == [23, 0, 0, 0])
  }

  @Test func `a fragment of a single step`() {
    #expect(returns(steps([.none])) == [51] && advantages(steps([.none])) == [41])
    #expect(returns(steps([.terminated])) == [1] && advantages(steps([.terminated])) == [-9])
    #expect(returns(steps([.truncated])) == [33] && advantages(steps([.truncated])) == [23])
    #expect(returns(steps([.both])) == [1] && twoSteps(steps([.both])) == [1])
    #expect(returns(steps([.waiting])) == [10] && advantages(steps([.waiting])) == [0])
  }

  @Test func `several ends in one fragment, the last one on its last row`() {
    let mixed = steps([.terminated, .truncated, .none, .terminated], last: .nan)
    // 1, 2 + 64/2, 4 + 8/2, 8
    #expect(returns(mixed) == [1, 34, 8, 8])
    #expect(unvalued(mixed) == [1, 2, 8, 8])
    #expect(twoSteps(mixed) == [1, 34, 8, 8])
    #expect(differences(mixed) == [-9, 14, -6, -32])
    #expect(advantages(mixed) == [-9, 14, -14, -32])
    let both = steps([.truncated, .truncated, .both, .both], last: .nan)
    #expect(returns(both) == [33, 34, 4, 8])
    #expect(unvalued(both) == [1, 2, 4, 8])
    #expect(differences(both) == [23, 14, -26, -32])
    #expect(advantages(both) == [23, 14, -26, -32])
  }

  @Test func `differences`() {
    // 1 + 20/2 − 10, 2 + 30/2 − 20, 4 + 40/2 − 30, 8 + 100/2 − 40
    #expect(differences(steps([.none, .none, .none, .none])) == [1, -3, -6, 18])
    // 2 − 20
    #expect(differences(steps([.none, .terminated, .none, .none])) == [1, -18, -6, 18])
    #expect(differences(steps([.none, .both, .none, .none])) == [1, -18, -6, 18])
    // 2 + 64/2 − 20
    #expect(differences(steps([.none, .truncated, .none, .none])) == [1, 14, -6, 18])
    #expect(differences(steps([.none, .none, .none, .terminated], last: .nan)).last == -32)
    #expect(differences(steps([.none, .none, .none, .truncated], last: .nan)).last == 0)
    #expect(differences(steps([.none, .terminated, .waiting, .waiting])) == [1, -18, 0, 0])
  }

  @Test func `V-trace at each end`() {
    // 20 − 3/2 + ¼ (33 − 30), 10 + 1 + ½ (19.25 − 20); the advantages are ρ (r + v/2 − V).
    #expect(
      trace([.none, .none, .none, .none]) == [[10.625, 19.25, 33, 58], [0.625, -0.75, 3, 18]])
    // 20 − 18/2, 10 + 1 + ½ (11 − 20); ½ (2 − 20)
    for ending in [NaiveTrajectory.Ending.terminated, .both] {
      #expect(trace([.none, ending, .none, .none]) == [[6.5, 11, 33, 58], [-3.5, -9, 3, 18]])
    }
    // δ = 1, 14, −6, 18. 1 + 27/2 − 10, ½ (2 + 64/2 − 20), 4 + 58/2 − 30, 8 + 100/2 − 40
    #expect(trace([.none, .truncated, .none, .none]) == [[14.5, 27, 33, 58], [4.5, 7, 3, 18]])
    // δ = 1, −3, −6, −32: 40 − 32, 30 − 6 + ½ (8 − 40), 20 − 3/2 + ¼ (8 − 30), …
    #expect(
      trace([.none, .none, .none, .terminated], last: .nan)
        == [[7.5, 13, 8, 8], [-2.5, -7, -22, -32]])
    // δ = 1, −3, −6, 0
    #expect(
      trace([.none, .none, .none, .truncated], last: .nan)
        == [[9.5, 17, 24, 40], [-0.5, -3, -6, 0]])
    #expect(
      trace([.none, .terminated, .waiting, .waiting]) == [[6.5, 11, 30, 40], [-3.5, -9, 0, 0]])
  }

  @Test func `weights count from the next row on, and not for values`() {
    let open = steps([.none, .none, .none, .none], ratios: [9, 2, 0.5, 1])
    // 8 + 100/2, 4 + 1 · 58/2, 2 + ½ · 33/2, 1 + 2 · 10.25/2
    let weighted = open.estimate { $0.returns(discount: 0.5, values: $1, weights: $2) }
    #expect(weighted == [11.25, 10.25, 33, 58])
    let cut = steps([.none, .truncated, .none, .none], ratios: [9, 2, 0.5, 1])
    #expect(
      cut.estimate { $0.returns(discount: 0.5, values: $1, weights: $2) } == [35, 34, 33, 58])
  }
}
