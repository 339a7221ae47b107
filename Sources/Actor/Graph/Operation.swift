import Rollout

/// The operation of a node in a graph.
enum Operation: Equatable {
  /// Memory bound before each run: a column of a fragment, or values set by the caller.
  case input(Input)
  /// A slice of the weights from `offset` on: a parameter, or a buffer without a gradient.
  case parameter(offset: Int, isLearned: Bool)
  /// One number for all elements.
  case constant(Double)
  /// Bound memory of another element type, converted to the executor's scalar.
  case convert
  /// The memory of the operand under another name.
  case alias(Alias)
  /// A function of each element.
  case unary(UnaryOperation)
  /// A function of each pair of elements.
  case binary(BinaryOperation)
  /// A scalar computed from all elements.
  case reduce(Reduction)
  /// x Wᵀ + b with a fusible activation: operands x, weight and, if present, bias.
  case linear(Activation)
  /// A convolution of images with a fusible activation: operands x, weight, bias.
  case convolution(stride: Int, Activation)
  /// (x − mean) / √(variance + ε) · weight + bias along the last axis: operands x, weight, bias.
  case layerNorm(epsilon: Double)
  /// An LSTM or a GRU over the first axis.
  ///
  /// The operands are x W_ihᵀ + b_ih [T, B, gates · size], W_hh, b_hh, resets [T, B], the first h
  /// [B, size] and the first c of an LSTM. The state is zeroed before each row with a nonzero
  /// `resets`. The result is [states, T, B, size]: h after each row, then c. Nothing else reads the
  /// first operand.
  case recurrent(RecurrentCell)
  /// Rows of a table: operands table, indices.
  case embedding
  /// Operands concatenated along the last axis.
  case concatenate
  /// Columns of the last axis from `from` on.
  case columns(from: Int)
  /// One row, repeated.
  case repeatRows
  /// A 1 at the index, zeros elsewhere.
  case oneHot
  /// The bits of an integer, lowest first.
  case oneHotBits
  /// The index of the first maximum of the last axis, int32.
  case indexOfLargest
  /// The last two axes exchanged.
  case swapLastAxes
  case sumLastAxis
  case logSoftmax
  case pick
  /// Elements of the second operand where the first is not 0, of the third elsewhere.
  case choose
  /// A weighted sum backwards along the first axis: operands x, weights and, if present, `last`.
  case accumulateBackwards

  enum Input: Equatable {
    /// Rows of a fragment's column, counted from the row at which the fragment is bound.
    case fragment(column: Column, firstRow: Int, firstEnvironment: Int)
    /// Memory of the executor, set by the caller.
    case memory
  }

  enum Alias: Equatable {
    case stopGradient
    case reshape
    /// The operand's memory from that many elements on.
    case offset(Int)
  }
}

/// A function of one element.
enum UnaryOperation: Equatable, BitwiseCopyable {
  case exponential
  case logarithm
  case square
  /// scale · x + shift.
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

/// A function of all elements to a scalar.
enum Reduction: Equatable, BitwiseCopyable {
  case sum, mean, largest
  /// The square root of the unbiased variance.
  case deviation
}
