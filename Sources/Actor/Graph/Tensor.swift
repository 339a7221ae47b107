import Rollout

/// The result of an operation in a graph: a name for values that an executor will compute.
///
/// Tensors are only touched while a graph is traced, once. Formulas read as on paper:
///
///     let rho = exp(logPi.stopGradient() - logMu).clamped(to: 0...rhoClip)
///     let score = (logPi * returns * rho).mean()
///
/// Binary operations take two tensors of one shape; or one of them is a single number, or has one number for each row of the
/// other's last axis.
public struct Tensor {
  /// The graph that computes it.
  public let graph: Graph
  let id: Int

  /// The shape; empty for a single number.
  public var shape: [Int] { graph.nodes[id].shape }

  /// What an element is: `nil` for the executor's scalar, otherwise what the bound memory holds.
  public var elementType: ElementType? { graph.nodes[id].elementType }

  /// How many elements there are.
  public var elementCount: Int { shape.reduce(1, *) }

  /// The last axis: the features, classes or actions.
  public var lastAxis: Int { shape.last ?? 1 }

  /// All axes but the last, multiplied.
  public var rowCount: Int { shape.dropLast().reduce(1, *) }
}

// MARK: Arithmetic

extension Tensor {
  /// The sum, element by element.
  public static func + (left: Tensor, right: Tensor) -> Tensor { left.binary(.add, right) }

  /// The difference, element by element.
  public static func - (left: Tensor, right: Tensor) -> Tensor { left.binary(.subtract, right) }

  /// The product, element by element.
  public static func * (left: Tensor, right: Tensor) -> Tensor { left.binary(.multiply, right) }

  /// The quotient, element by element.
  public static func / (left: Tensor, right: Tensor) -> Tensor { left.binary(.divide, right) }

  /// Each element plus a number.
  public static func + (left: Tensor, right: Double) -> Tensor {
    left.unary(.affine(scale: 1, shift: right))
  }

  /// Each element minus a number.
  public static func - (left: Tensor, right: Double) -> Tensor { left + -right }

  /// A number minus each element.
  public static func - (left: Double, right: Tensor) -> Tensor {
    right.unary(.affine(scale: -1, shift: left))
  }

  /// Each element times a number.
  public static func * (left: Double, right: Tensor) -> Tensor {
    right.unary(.affine(scale: left, shift: 0))
  }

  /// Each element with its sign turned.
  public static prefix func - (operand: Tensor) -> Tensor { -1 * operand }

  /// The smaller one, element by element; NaN if either is.
  public func minimum(_ other: Tensor) -> Tensor { binary(.minimum, other) }

  /// The larger one, element by element; NaN if either is.
  public func maximum(_ other: Tensor) -> Tensor { binary(.maximum, other) }

  /// Each element held within bounds; no gradient passes where it was outside.
  public func clamped(to bounds: ClosedRange<Double>) -> Tensor {
    unary(.clamp(low: bounds.lowerBound, high: bounds.upperBound))
  }

  /// Each element squared.
  public func squared() -> Tensor { unary(.square) }

  /// 1 where an element is at least the bound, 0 elsewhere; passes no gradient.
  public func atLeast(_ bound: Double) -> Tensor { unary(.atLeast(bound)) }
}

/// e to the power of each element.
public func exp(_ operand: Tensor) -> Tensor { operand.unary(.exponential) }

/// The natural logarithm of each element.
public func log(_ operand: Tensor) -> Tensor { operand.unary(.logarithm) }

// MARK: Activations

extension Tensor {
  /// Rectified linear unit: max(0, x).
  public func relu() -> Tensor { activated(.relu) }

  /// Exponential linear unit: x where positive, otherwise e^x − 1.
  public func elu() -> Tensor { activated(.elu) }

  /// Hyperbolic tangent.
  public func tanh() -> Tensor { activated(.tanh) }

  /// Sigmoid linear unit: x / (1 + e⁻ˣ).
  public func silu() -> Tensor { activated(.silu) }

  /// Gaussian error linear unit: x Φ(x) with the normal distribution itself, not an approximation by tanh.
  public func gelu() -> Tensor { activated(.gelu) }

  /// The logistic function: 1 / (1 + e⁻ˣ).
  public func sigmoid() -> Tensor { unary(.sigmoid) }

  /// The activation of that name.
  public func activated(_ activation: Activation) -> Tensor {
    activation == .identity ? self : unary(.activation(activation))
  }
}

// MARK: Reductions and rows

extension Tensor {
  /// The mean of all elements.
  public func mean() -> Tensor { graph.append(.reduce(.mean), [numeric], []) }

  /// The sum of all elements.
  public func sum() -> Tensor { graph.append(.reduce(.sum), [numeric], []) }

  /// The largest of all elements; passes no gradient.
  public func largest() -> Tensor { graph.append(.reduce(.largest), [numeric], []) }

  /// The standard deviation of all elements, the root of the unbiased variance as PyTorch's `std`; passes no gradient.
  public func standardDeviation() -> Tensor { graph.append(.reduce(.deviation), [numeric], []) }

  /// A 1 in each row at the place of the last axis's largest number, the first of several, zeros elsewhere; passes no gradient.
  public func oneHotOfLargest() -> Tensor { graph.append(.oneHotOfLargest, [numeric], shape) }

  /// The sum over the last axis, which goes.
  public func sumOverLastAxis() -> Tensor {
    graph.append(.sumLastAxis, [numeric], Array(shape.dropLast()))
  }

  /// The mean over the last axis, which goes.
  public func meanOverLastAxis() -> Tensor { (1 / Double(lastAxis)) * sumOverLastAxis() }

  /// Log-probabilities over the last axis: x − log Σ eˣ.
  ///
  /// A logit of −∞ stays −∞ and passes no gradient: a masked action.
  public func logSoftmax() -> Tensor { graph.append(.logSoftmax, [numeric], shape) }

  /// The element of the last axis that an index tensor names, for each row.
  ///
  /// - Precondition: `indices` is int32 and has this shape without its last axis.
  public func pick(_ indices: Tensor) -> Tensor {
    precondition(indices.elementType == .int32, "picking needs int32 indices")
    precondition(
      indices.shape == Array(shape.dropLast()),
      "indices \(indices.shape) do not pick from \(shape)")
    return graph.append(.pick, [numeric, indices], indices.shape)
  }

  /// The same values, through which no gradient passes.
  public func stopGradient() -> Tensor { graph.append(.alias(.stopGradient), [numeric], shape) }

  /// The same values in another shape.
  ///
  /// - Precondition: the number of elements stays.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == elementCount, "\(self.shape) cannot be read as \(shape)")
    return shape == self.shape
      ? self : graph.append(.alias(.reshape), [self], shape, elementType: elementType)
  }

  /// The rows `range` of the first axis.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
    let stride = shape.dropFirst().reduce(1, *)
    return graph.append(
      .alias(.offset(range.lowerBound * stride)), [self],
      [range.count] + shape.dropFirst(), elementType: elementType)
  }

  /// The columns `range` of the last axis.
  ///
  /// Of int32, they stay indices.
  public func columns(_ range: Range<Int>) -> Tensor {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= lastAxis, "columns \(range) of \(shape)")
    if range == 0..<lastAxis { return self }
    let isInteger = elementType == .int32
    return graph.append(
      .columns(from: range.lowerBound), [isInteger ? self : numeric],
      shape.dropLast() + [range.count], elementType: isInteger ? .int32 : nil)
  }

  /// The last two axes exchanged: [.., m, n] becomes [.., n, m].
  public func swappingLastAxes() -> Tensor {
    precondition(shape.count >= 2, "\(shape) has no two axes to exchange")
    let matrix = shape.suffix(2)
    return graph.append(
      .swapLastAxes, [numeric], shape.dropLast(2) + Array(matrix.reversed()))
  }

  /// The same row for every place of the axes that go before it: [n] becomes [leading…, n].
  ///
  /// - Precondition: this is a single row.
  public func repeated(over leading: [Int]) -> Tensor {
    precondition(shape.count == 1, "\(shape) is no single row")
    return graph.append(.repeatRows, [numeric], leading + shape)
  }

  /// One tensor's elements where this is not 0, another's elsewhere.
  ///
  /// What is not chosen is not seen, not even NaN, and no gradient passes to it: a value that is only known where an episode was
  /// cut must never be multiplied by 0 instead. Where both hold the same integers or bytes they stay what they are.
  ///
  ///     let after = next.fin.choosing(finalObs, otherwise: obs)
  ///
  /// - Parameters:
  ///   - chosen: this tensor's shape with any axes behind it, [T, B] choosing of [T, B, …]; or a single number.
  ///   - other: the same shape; or a single number.
  public func choosing(_ chosen: Tensor, otherwise other: Tensor) -> Tensor {
    let result = [chosen.shape, other.shape].reduce(shape) { $0.count < $1.count ? $1 : $0 }
    let isWhole = [chosen, other].map { $0.shape == result }
    precondition(
      result.starts(with: shape) && (isWhole[0] || chosen.elementCount == 1)
        && (isWhole[1] || other.elementCount == 1),
      "\(shape) does not choose between \(chosen.shape) and \(other.shape)")
    let staysItself = isWhole == [true, true] && chosen.elementType == other.elementType
    return staysItself
      ? graph.append(.choose, [numeric, chosen, other], result, elementType: chosen.elementType)
      : graph.append(.choose, [numeric, chosen.numeric, other.numeric], result)
  }
}

// MARK: Building blocks

extension Tensor {
  /// This tensor in the executor's scalar: bound memory of another element type is converted.
  public var numeric: Tensor {
    elementType == nil ? self : graph.append(.convert, [self], shape)
  }

  func unary(_ operation: UnaryOperation) -> Tensor {
    graph.append(.unary(operation), [numeric], shape)
  }

  func binary(_ operation: BinaryOperation, _ other: Tensor) -> Tensor {
    precondition(
      shape == other.shape || elementCount == 1 || other.elementCount == 1
        || shape.dropLast() == other.shape[...] || other.shape.dropLast() == shape[...],
      "\(operation) of \(shape) and \(other.shape)")
    return graph.append(
      .binary(operation), [numeric, other.numeric],
      elementCount < other.elementCount ? other.shape : shape)
  }
}
