import Rollout

/// What a node of a graph computes from its operands.
enum Operation: Equatable {
  /// Memory that is bound before each run: a field of a fragment, or numbers that a caller sets.
  case input(Input)
  /// A slice of the weights, from that number on: a parameter, or a buffer that no gradient flows into.
  case parameter(offset: Int, isLearnt: Bool)
  /// The same number everywhere.
  case constant(Double)
  /// Bound memory of another element type, converted to the executor's scalar.
  case convert
  /// The same memory under another name.
  case alias(Alias)
  /// A function of each element.
  case unary(UnaryOperation)
  /// A function of each pair of elements.
  case binary(BinaryOperation)
  /// A single number of all elements.
  case reduce(Reduction)
  /// x Wᵀ + b with a fusible activation: operands x, weight and, if it has one, bias.
  case linear(Activation)
  /// A convolution of images with a fusible activation: operands x, weight, bias.
  case convolution(stride: Int, Activation)
  /// (x − mean) / √(variance + ε) · weight + bias along the last axis: operands x, weight, bias.
  case layerNorm(epsilon: Double)
  /// An LSTM or a GRU over the first axis, the state zero before rows where `resets` is not: operands
  /// x W_ihᵀ + b_ih [T, B, gates · size], W_hh, b_hh, resets [T, B] and the first h [B, size], c.
  ///
  /// The result is [states, T, B, size]: h after each row, then c. Nothing else reads the first operand.
  case recurrent(RecurrentCell)
  /// Rows of a table: operands table, indices.
  case embedding
  /// Operands side by side along the last axis.
  case concatenate
  /// Some columns of the last axis, from that one on.
  case columns(from: Int)
  /// The same row again and again.
  case repeatRows
  /// A 1 at the place that an index names.
  case oneHot
  /// The bits of an integer, lowest first.
  case oneHotBits
  /// A 1 at the place of the largest number.
  case oneHotOfLargest
  /// The last two axes exchanged.
  case swapLastAxes
  case sumLastAxis
  case logSoftmax
  case pick
  /// Elements of the second operand where the first is not 0, of the third elsewhere.
  case choose
  /// A weighted sum backwards along the first axis: operands x, weights and, if it has one, what follows from the last row.
  case accumulateBackwards

  enum Input: Equatable {
    /// Rows of a fragment's column, counted from the row that the fragment is bound at.
    case fragment(column: Column, firstRow: Int, firstEnvironment: Int)
    /// Memory of the executor's own, set by the caller.
    case memory
  }

  enum Alias: Equatable {
    case stopGradient
    case reshape
    /// That many elements further on.
    case offset(Int)
  }
}

/// A function of one element.
enum UnaryOperation: Equatable, BitwiseCopyable {
  case exponential
  case logarithm
  case square
  /// scale · x + shift
  case affine(scale: Double, shift: Double)
  case clamp(low: Double, high: Double)
  case atLeast(Double)
  case sigmoid
  case activation(Activation)
}

/// A function of two elements.
enum BinaryOperation: Equatable, BitwiseCopyable {
  case add, subtract, multiply, divide, minimum, maximum
}

/// A number made of all elements.
enum Reduction: Equatable, BitwiseCopyable {
  case sum, mean, largest
  /// The root of the unbiased variance.
  case deviation
}
