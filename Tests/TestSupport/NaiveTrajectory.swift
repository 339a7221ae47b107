/// Steps of several environments, and estimators written from their definitions: for each row the path that was played from
/// there, what stands behind it, and explicit sums.
///
/// All arrays are [T, B], row-major, but for `last`, which is [B].
public struct NaiveTrajectory {
  /// How a step ended.
  public enum Ending: Sendable, CaseIterable {
    /// The episode goes on.
    case none
    /// By the task, by a limit, by both at once.
    case terminated, truncated, both
    /// Nobody played.
    case waiting
  }

  /// B.
  public var environments: Int
  /// r_{t+1}.
  public var rewards: [Double]
  /// How each step ended.
  public var endings: [Ending]
  /// V(s_t).
  public var values: [Double]
  /// Values behind the last row.
  public var last: [Double]
  /// Values behind a cut; NaN where there is none.
  public var final: [Double]
  /// π/μ.
  public var ratios: [Double]

  /// Steps with all that is known of them.
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
  /// d_{t+1}, as a fragment has it.
  public var ends: [Bool] { endings.map { $0 != .none } }
  /// Whether the task ended the episode, alone or together with a limit.
  public var terminated: [Bool] { endings.map { $0 == .terminated || $0 == .both } }
  /// Whether a limit cut it, alone or together with the task.
  public var truncated: [Bool] { endings.map { $0 == .truncated || $0 == .both } }

  /// The rows that were played from a row on, up to the end of the episode or the fragment, and the value of what stands
  /// behind the last of them.
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

  /// Σ_{k<K} γᵏ (Π_{0<i≤k} ρ_{t+i}) r_{t+k+1}, and behind it the value of what follows unless `bootstraps` is false.
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

  /// Σ_{k<m} γᵏ r_{t+k+1} + γᵐ V(s_{t+m}) with m = n, or as many steps as there are.
  public func multiStepReturns(_ count: Int, discount: Double) -> [Double] {
    rewards.indices.map { index in
      let (rows, tail) = path(from: index)
      if rows.isEmpty { return values[index] }
      let steps = min(count, rows.count)
      let received = (0..<steps).reduce(0) { $0 + power(discount, $1) * rewards[rows[$1]] }
      return received + power(discount, steps) * (steps < rows.count ? values[rows[steps]] : tail)
    }
  }

  /// (1 − λ) Σ_{0<n<K} λⁿ⁻¹ A⁽ⁿ⁾ + λᴷ⁻¹ A⁽ᴷ⁾, where A⁽ⁿ⁾ is the n-step return minus the value and K steps were played.
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

  /// V(s_t) + Σ_k γᵏ (Π_{i<k} c_{t+i}) ρ_{t+k} δ_{t+k}, and ρ_t (r_{t+1} + γ v_{t+1} − V(s_t)).
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
