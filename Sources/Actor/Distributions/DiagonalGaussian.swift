import Glibc
import Rollout

/// Independent normal distributions over the elements of a Box space.
///
/// The scores are the means. The logarithm of the standard deviation is a parameter, the same in
/// every state. Its first value is 0, a standard deviation of 1. The fragment records the means
/// followed by the logarithms, which gives a learner both as they were at collection.
///
/// Actions are recorded as drawn, also outside the space's bounds, because the density is that of
/// the drawn value. The batch of environments clips them to the bounds when it plays them.
package struct DiagonalGaussian: ActionDistribution {
  /// The number of elements of an action.
  package let count: Int
  /// The name of the parameter log σ, [count].
  package let parameterName: String

  /// Creates a distribution over `count` elements.
  package init(count: Int, parameterName: String = "logits.log_std") {
    self.count = count
    self.parameterName = parameterName
  }

  /// One mean for each element.
  package var scoreCount: Int { count }

  /// A mean and a log σ for each element.
  package var logitCount: Int { 2 * count }

  /// Returns the means of each row followed by log σ.
  package func logits(from scores: Tensor) -> Tensor {
    let graph = scores.graph
    let logDeviation = graph.parameter(parameterName, [count], .constant(0))
    return graph.concatenate([
      scores, logDeviation.repeated(over: Array(scores.shape.dropLast())),
    ])
  }

  /// Returns the log-density of the actions, [rows, B].
  ///
  /// For one element, N(a; μ, σ) = exp(−z²/2) / (σ √(2π)) with z = (a − μ) / σ. The elements are
  /// independent, hence their log-densities add up:
  ///
  ///     log π(a) = − Σ (z²/2 + log σ) − n/2 · log 2π
  package func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor {
    guard let action = action.value?.numeric else {
      preconditionFailure("the action of a Box is a leaf")
    }
    let mean = logits.columns(0..<count)
    let logDeviation = logits.columns(count..<2 * count)
    let z = (action.reshaped(mean.shape) - mean) * exp(-logDeviation)
    let exponent = (0.5 * z.squared() + logDeviation).sumOverLastAxis()
    return -exponent - Double(count) / 2 * log(2 * Double.pi)
  }

  /// Returns the differential entropy at each row, [rows, B]; it may be negative.
  ///
  /// −E[log N] of one element is E[z²]/2 + log σ + ½ log 2π, and E[z²] = 1:
  ///
  ///     H(π) = Σ log σ + n/2 · (1 + log 2π)
  package func entropy(of logits: Tensor) -> Tensor {
    logits.columns(count..<2 * count).sumOverLastAxis()
      + Double(count) / 2 * (1 + log(2 * Double.pi))
  }

  /// Returns μ.
  package func mode(of logits: Tensor) -> [Tensor]? { [logits.columns(0..<count)] }

  /// Draws μ + σ z for each element with z from the environment's stream; the mode is μ.
  package func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow
  ) {
    // Rounded to Float also in a space of Doubles, since the learner reads actions as Float.
    let isDouble = actions.byteCount == count &* MemoryLayout<Double>.stride
    for environment in 0..<logits.environmentCount {
      for element in 0..<count {
        var value = logits[environment, element]
        if choice == .sample {
          let deviation = exp(Double(logits[environment, count &+ element]))
          value += Float(deviation * streams[environment].standardNormal())
        }
        if isDouble {
          actions.store(Double(value), environment: environment, index: element)
        } else {
          actions.store(value, environment: environment, index: element)
        }
      }
    }
  }
}
