/// Estimators written from their definitions, slow and obvious.
///
/// All arrays are [T, B], row-major; `rewards` and `ends` at t are r_{t+1} and d_{t+1}.
public enum NaiveEstimators {
  /// Returns G_t = Σ_{k ≥ 0} γᵏ r_{t+k+1}, up to and including the step that ends the episode.
  ///
  /// If no episode ends before T, the bootstrap follows as the return from T on.
  public static func returns(
    rewards: [Double], ends: [Bool], environments: Int, discount: Double, bootstrap: [Double]?
  ) -> [Double] {
    let steps = rewards.count / environments
    return rewards.indices.map { index in
      let (t, environment) = (index / environments, index % environments)
      var total = 0.0
      var weight = 1.0
      for k in t..<steps {
        total += weight * rewards[k * environments + environment]
        if ends[k * environments + environment] { return total }
        weight *= discount
      }
      return total + weight * (bootstrap?[environment] ?? 0)
    }
  }
}
