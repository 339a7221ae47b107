import Glibc
import Rollout

/// Independent normal distributions squashed into a bounded range: a = tanh(μ + σ z), scaled.
///
/// The scores are μ and log σ of each element, both of which depend on the state. log σ is clamped
/// to −20 … 2. The most likely action counts as tanh μ, scaled.
///
/// The fragment records μ, the clamped log σ and the buffer ``ActionRange/warmUpName``. While that
/// is above 0, drawn actions are uniform over the range.
///
/// Source: Haarnoja et al. (2018), "Soft actor-critic: off-policy maximum entropy deep
/// reinforcement learning with a stochastic actor", appendix C.
package struct SquashedGaussian: ActionDistribution {
  /// The range of the actions.
  package let range: ActionRange

  /// The limits of log σ.
  package static let logDeviations = -20.0...2.0

  /// Creates a distribution over the actions of a range.
  package init(_ range: ActionRange) { self.range = range }

  private var count: Int { range.count }

  /// A mean and a log σ for each element, the means first.
  package var scoreCount: Int { 2 * count }

  /// The scores and the warm-up.
  package var logitCount: Int { 2 * count + 1 }

  /// Returns the means of each row, the clamped log σ and the warm-up.
  package func logits(from scores: Tensor) -> Tensor {
    scores.graph.concatenate([
      scores.columns(0..<count),
      scores.columns(count..<2 * count).clamped(to: Self.logDeviations),
      range.warmUp(in: scores.graph, Array(scores.shape.dropLast())),
    ])
  }

  /// Returns the actions of given normal numbers, and the log-densities of these actions.
  ///
  /// Gradients pass to the logits through both (the reparameterization trick). With u = μ + σ z,
  ///
  ///     log π(a) = Σ (−z²/2 − log σ − ½ log 2π − log(1 − tanh² u) − log((high − low)/2))
  ///     log(1 − tanh² u) = 2 (log 2 − u − softplus(−2u)),   also of −u, which never overflows
  ///
  /// Source: Haarnoja et al. (2018), as above, equation 21.
  ///
  /// - Parameters:
  ///   - logits: the recorded logits, [rows, B, logitCount].
  ///   - noise: z, [rows, B, count].
  /// - Returns: the actions [rows, B, count] and the log-densities [rows, B].
  package func draw(
    from logits: Tensor, noise: Tensor
  ) -> (action: Tensor, logProbability: Tensor) {
    let (mean, logDeviation) = parts(of: logits)
    let u = mean + exp(logDeviation) * noise
    return (
      range.scaled(u.tanh()), logDensity(noise, logDeviation, slope: Self.logSlope(u))
    )
  }

  /// Returns the log-density of the actions, [rows, B].
  ///
  /// An action within 10⁻⁶ half ranges of a bound counts as one that far from it, since rounding
  /// to Float would move u without limit.
  package func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor {
    guard let action = action.value?.numeric else {
      preconditionFailure("the action of a Box is a leaf")
    }
    let (mean, logDeviation) = parts(of: logits)
    let unit = range.unscaled(action.reshaped(mean.shape)).clamped(to: -1 + 1e-6...1 - 1e-6)
    let u = 0.5 * log((unit + 1) / (1 - unit))
    return logDensity(
      (u - mean) * exp(-logDeviation), logDeviation, slope: Self.logSlope(u))
  }

  /// Returns the differential entropy at each row, [rows, B], by quadrature; it may be negative.
  ///
  ///     H(π) = Σ (½ (1 + log 2π) + log σ + log((high − low)/2) + E[log(1 − tanh²(μ + σ z))])
  ///
  /// There is no closed form of the expectation. It is the trapezoidal rule for z from −6 to 6 in
  /// steps of ½. For each element it is off by less than 10⁻⁷ for σ up to 1 and 0.02 up to e².
  package func entropy(of logits: Tensor) -> Tensor {
    let (mean, logDeviation) = parts(of: logits)
    let deviation = exp(logDeviation)
    var expectation: Tensor?
    for step in -12...12 {
      let z = Double(step) / 2
      let weight = 0.5 * exp(-z * z / 2) / (2 * Double.pi).squareRoot()
      let term = weight * Self.logSlope(mean + z * deviation)
      expectation = expectation.map { $0 + term } ?? term
    }
    guard let expectation else { preconditionFailure("a quadrature without points") }
    return (logDeviation + expectation).sumOverLastAxis()
      + (Double(count) / 2 * (1 + log(2 * Double.pi)) + range.logScale)
  }

  /// Returns tanh μ, scaled.
  package func mode(of logits: Tensor) -> [Tensor]? {
    [range.scaled(parts(of: logits).mean.tanh())]
  }

  private func parts(of logits: Tensor) -> (mean: Tensor, logDeviation: Tensor) {
    (logits.columns(0..<count), logits.columns(count..<2 * count))
  }

  /// Returns the log-density of squashed numbers from z, log σ and log(1 − tanh² u).
  private func logDensity(_ z: Tensor, _ logDeviation: Tensor, slope: Tensor) -> Tensor {
    -(0.5 * z.squared() + logDeviation + slope).sumOverLastAxis()
      - (Double(count) / 2 * log(2 * Double.pi) + range.logScale)
  }

  /// Returns log(1 − tanh² u) of each element.
  private static func logSlope(_ u: Tensor) -> Tensor {
    let size = u.maximum(-u)
    return -2 * (size + log(exp(-2 * size) + 1)) + 2 * log(2)
  }

  /// Draws tanh(μ + σ z), scaled, for each element with z from the environment's stream.
  package func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow
  ) {
    range.act(on: logits, choice: choice, streams: streams, into: actions) { environment, element in
      let mean = Double(logits[environment, element])
      guard choice == .sample else { return tanh(mean) }
      let deviation = exp(Double(logits[environment, count &+ element]))
      return tanh(mean + deviation * streams[environment].standardNormal())
    }
  }
}
