/// Steps of several environments and estimators computed from their definitions.
///
/// For each row the estimators follow the path played from there to its bootstrap value, with
/// explicit sums. All arrays are [T, B], row-major, except `last`, which is [B].
public struct NaiveTrajectory {
  /// The end of a step.
  public enum Ending: Sendable, CaseIterable {
    /// The episode continues.
    case none
    /// Terminated, truncated, or both at once.
    case terminated, truncated, both
    /// Not played: the environment waits.
    case waiting
  }

  /// B.
  public var environments: Int
  /// r_{t+1}.
  public var rewards: [Double]
  /// The end of each step.
  public var endings: [Ending]
  /// V(s_t).
  public var values: [Double]
  /// Value estimates after the last row.
  public var last: [Double]
  /// Value estimates of final observations of truncated episodes; NaN elsewhere.
  public var final: [Double]
  /// π/μ.
  public var ratios: [Double]

  /// Creates steps with all their data.
  public init(
    environments: Int, rewards: [Double], endings: [Ending], values: [Double], last: [Double],
    final: [Double], ratios: [Double]
  ) {
    self.environments = environments
    self.rewards = rewards
    self.endings = endings
    self.values = values
    self.last = last
    self.final = final
    self.ratios = ratios
  }

  /// T.
  public var steps: Int { rewards.count / environments }
  /// d_{t+1}, as in a fragment.
  public var ends: [Bool] { endings.map { $0 != .none } }
  /// True where the step terminated the episode, truncated or not.
  public var terminated: [Bool] { endings.map { $0 == .terminated || $0 == .both } }
  /// True where the step truncated the episode, terminated or not.
  public var truncated: [Bool] { endings.map { $0 == .truncated || $0 == .both } }

  /// Returns the targets of n steps: up to n rewards and the value of the state behind them.
  ///
  /// There are fewer rewards at the end of an episode or of the rows.
  ///
  /// - Parameter arrival: returns the value of the state that the step of a row led to.
  public func multiStepTargets(
    _ n: Int, discount: Double, arrival: (_ index: Int) -> Double
  ) -> [Double] {
    rewards.indices.map { first in
      var (index, factor, sum) = (first, 1.0, 0.0)
      for step in 1...n {
        sum += factor * rewards[index]
        factor *= discount
        let next = index + environments
        if step == n || ends[index] || next >= rewards.count { break }
        index = next
      }
      return sum + (terminated[index] ? 0 : factor * arrival(index))
    }
  }

  /// Returns the rows played from a row on and the value estimate after the last of them.
  ///
  /// The path ends with the episode or the fragment.
  private func path(from index: Int) -> (rows: [Int], tail: Double) {
    var rows: [Int] = []
    for row in stride(from: index, to: rewards.count, by: environments) {
      rows.append(row)
      switch endings[row] {
      case .none: continue
      case .terminated, .both: return (rows, 0)
      case .truncated: return (rows, final[row])
      case .waiting: return ([], 0)
      }
    }
    return (rows, last[index % environments])
  }

  /// Returns Σ_{k<K} γᵏ (Π_{0<i≤k} ρ_{t+i}) r_{t+k+1}, plus the bootstrap unless disabled.
  ///
  /// `bootstraps` adds the discounted and weighted value estimate after the path.
  public func returns(
    discount: Double, bootstraps: Bool = true, isWeighted: Bool = false
  ) -> [Double] {
    rewards.indices.map { index in
      let (rows, tail) = path(from: index)
      if rows.isEmpty { return bootstraps ? values[index] : 0 }
      func weight(_ count: Int) -> Double {
        isWeighted ? rows[1..<count].reduce(1) { $0 * ratios[$1] } : 1
      }
      let received = rows.indices.reduce(0) {
        $0 + power(discount, $1) * weight($1 + 1) * rewards[rows[$1]]
      }
      guard bootstraps else { return received }
      return received + power(discount, rows.count) * weight(rows.count) * tail
    }
  }

  /// Returns Σ_{k<m} γᵏ r_{t+k+1} + γᵐ V(s_{t+m}) with m = n, or as many steps as there are.
  public func multiStepReturns(_ count: Int, discount: Double) -> [Double] {
    rewards.indices.map { index in
      let (rows, tail) = path(from: index)
      if rows.isEmpty { return values[index] }
      let steps = min(count, rows.count)
      let received = (0..<steps).reduce(0) { $0 + power(discount, $1) * rewards[rows[$1]] }
      return received + power(discount, steps) * (steps < rows.count ? values[rows[steps]] : tail)
    }
  }

  /// Returns (1 − λ) Σ_{0<n<K} λⁿ⁻¹ A⁽ⁿ⁾ + λᴷ⁻¹ A⁽ᴷ⁾ for K played steps.
  ///
  /// A⁽ⁿ⁾ is the n-step return minus the value estimate.
  public func advantages(discount: Double, lambda: Double) -> [Double] {
    let all = (1...steps).map { multiStepReturns($0, discount: discount) }
    return rewards.indices.map { index in
      let count = path(from: index).rows.count
      if count == 0 { return 0 }
      let mixed = (1..<count).reduce(0) {
        $0 + (1 - lambda) * power(lambda, $1 - 1) * (all[$1 - 1][index] - values[index])
      }
      return mixed + power(lambda, count - 1) * (all[count - 1][index] - values[index])
    }
  }

  /// Returns V(s_t) + Σ_k γᵏ (Π_{i<k} c_{t+i}) ρ_{t+k} δ_{t+k} and the advantages.
  ///
  /// The advantages are ρ_t (r_{t+1} + γ v_{t+1} − V(s_t)).
  public func vTrace(
    discount: Double, lambda: Double, rhoClip: Double, cClip: Double
  ) -> (values: [Double], advantages: [Double]) {
    func rho(_ row: Int) -> Double { min(rhoClip, ratios[row]) }
    let targets = rewards.indices.map { index in
      let (rows, tail) = path(from: index)
      return rows.indices.reduce(values[index]) { sum, k in
        let next = k + 1 < rows.count ? values[rows[k + 1]] : tail
        let delta = rewards[rows[k]] + discount * next - values[rows[k]]
        let trace = rows[..<k].reduce(1) { $0 * lambda * min(cClip, ratios[$1]) }
        return sum + power(discount, k) * trace * rho(rows[k]) * delta
      }
    }
    let advantages = rewards.indices.map { index in
      let (rows, tail) = path(from: index)
      if rows.isEmpty { return 0.0 }
      let next = rows.count > 1 ? targets[rows[1]] : tail
      return rho(index) * (rewards[index] + discount * next - values[index])
    }
    return (targets, advantages)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }
}
