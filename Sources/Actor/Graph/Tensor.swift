import Rollout

/// The result of an operation in a graph, computed later by an executor.
///
/// Tensors exist only while a graph is traced, once. Formulas read as on paper:
///
/// ```swift
/// let rho = exp(logPi.stopGradient() - logMu).clamped(to: 0...rhoClip)
/// let score = (logPi * returns * rho).mean()
/// ```
///
/// Binary operations take two tensors of one shape. One of them may instead be a scalar or have one
/// number for each row of the other's last axis.
public struct Tensor {
  /// The graph that computes it.
  public let graph: Graph
  let id: Int

  /// The shape; empty for a scalar.
  public var shape: [Int] { graph.nodes[id].shape }

  /// The element type of bound memory; `nil` for the executor's scalar.
  public var elementType: ElementType? { graph.nodes[id].elementType }

  /// The number of elements.
  package var elementCount: Int { shape.reduce(1, *) }

  /// The size of the last axis: features, classes or actions.
  package var lastAxis: Int { shape.last ?? 1 }

  /// The product of all axes but the last.
  package var rowCount: Int { shape.dropLast().reduce(1, *) }
}

// MARK: Arithmetic

extension Tensor {
  /// Returns the elementwise sum.
  public static func + (left: Tensor, right: Tensor) -> Tensor { left.binary(.add, right) }

  /// Returns the elementwise difference.
  public static func - (left: Tensor, right: Tensor) -> Tensor { left.binary(.subtract, right) }

  /// Returns the elementwise product.
  public static func * (left: Tensor, right: Tensor) -> Tensor { left.binary(.multiply, right) }

  /// Returns the elementwise quotient.
  public static func / (left: Tensor, right: Tensor) -> Tensor { left.binary(.divide, right) }

  /// Returns each element plus a number.
  public static func + (left: Tensor, right: Double) -> Tensor {
    left.unary(.affine(scale: 1, shift: right))
  }

  /// Returns each element minus a number.
  public static func - (left: Tensor, right: Double) -> Tensor { left + -right }

  /// Returns a number minus each element.
  public static func - (left: Double, right: Tensor) -> Tensor {
    right.unary(.affine(scale: -1, shift: left))
  }

  /// Returns each element times a number.
  public static func * (left: Double, right: Tensor) -> Tensor {
    right.unary(.affine(scale: left, shift: 0))
  }

  /// Returns the negative of each element.
  public static prefix func - (operand: Tensor) -> Tensor { -1 * operand }

  /// Returns the elementwise minimum; NaN if either element is.
  public func minimum(_ other: Tensor) -> Tensor { binary(.minimum, other) }

  /// Returns the elementwise maximum; NaN if either element is.
  public func maximum(_ other: Tensor) -> Tensor { binary(.maximum, other) }

  /// Returns the elements clamped to bounds; elements outside get no gradient.
  public func clamped(to bounds: ClosedRange<Double>) -> Tensor {
    unary(.clamp(low: bounds.lowerBound, high: bounds.upperBound))
  }

  /// Returns the square of each element.
  public func squared() -> Tensor { unary(.square) }

  /// Returns 1 where an element is at least the bound, 0 elsewhere; passes no gradient.
  package func atLeast(_ bound: Double) -> Tensor { unary(.atLeast(bound)) }
}

/// Returns e to the power of each element.
public func exp(_ operand: Tensor) -> Tensor { operand.unary(.exponential) }

/// Returns the natural logarithm of each element.
public func log(_ operand: Tensor) -> Tensor { operand.unary(.logarithm) }

// MARK: Activations

extension Tensor {
  /// Returns the rectified linear unit: max(0, x).
  public func relu() -> Tensor { activated(.relu) }

  /// Returns the exponential linear unit: x where positive, otherwise eˣ − 1.
  public func elu() -> Tensor { activated(.elu) }

  /// Returns the hyperbolic tangent.
  public func tanh() -> Tensor { activated(.tanh) }

  /// Returns the sigmoid linear unit: x / (1 + e⁻ˣ).
  public func silu() -> Tensor { activated(.silu) }

  /// Returns the Gaussian error linear unit, x Φ(x) with the exact normal distribution function Φ.
  public func gelu() -> Tensor { activated(.gelu) }

  /// Returns the logistic function: 1 / (1 + e⁻ˣ).
  public func sigmoid() -> Tensor { unary(.sigmoid) }

  /// Applies an activation.
  public func activated(_ activation: Activation) -> Tensor {
    activation == .identity ? self : unary(.activation(activation))
  }
}

// MARK: Reductions and rows

extension Tensor {
  /// Returns the mean of all elements.
  public func mean() -> Tensor { graph.append(.reduce(.mean), [numeric], []) }

  /// Returns the sum of all elements.
  public func sum() -> Tensor { graph.append(.reduce(.sum), [numeric], []) }

  /// Returns the largest element; passes no gradient.
  public func largest() -> Tensor { graph.append(.reduce(.largest), [numeric], []) }

  /// Returns the standard deviation of all elements; passes no gradient.
  ///
  /// It is the square root of the unbiased variance, as in PyTorch's `std`.
  public func standardDeviation() -> Tensor { graph.append(.reduce(.deviation), [numeric], []) }

  /// Returns the int32 index of the first maximum of the last axis, which is removed.
  ///
  /// - Precondition: the last axis has an element.
  public func indexOfLargest() -> Tensor {
    precondition(lastAxis > 0, "\(shape) has no largest element")
    return graph.append(
      .indexOfLargest, [numeric], Array(shape.dropLast()), elementType: .int32)
  }

  /// Returns a 1 at the first maximum of each row's last axis, zeros elsewhere; passes no gradient.
  package func oneHotOfLargest() -> Tensor { graph.oneHot(indexOfLargest(), count: lastAxis) }

  /// Returns the sum over the last axis, which is removed.
  public func sumOverLastAxis() -> Tensor {
    graph.append(.sumLastAxis, [numeric], Array(shape.dropLast()))
  }

  /// Returns the mean over the last axis, which is removed.
  package func meanOverLastAxis() -> Tensor { (1 / Double(lastAxis)) * sumOverLastAxis() }

  /// Returns log-probabilities over the last axis: x − log Σ eˣ.
  ///
  /// A logit of −∞, such as that of a masked action, stays −∞ and passes no gradient.
  public func logSoftmax() -> Tensor { graph.append(.logSoftmax, [numeric], shape) }

  /// Returns for each row the element of the last axis at the row's index.
  ///
  /// - Precondition: `indices` is int32 and has this shape without its last axis.
  public func pick(_ indices: Tensor) -> Tensor {
    precondition(indices.elementType == .int32, "picking needs int32 indices")
    precondition(
      indices.shape == Array(shape.dropLast()),
      "indices \(indices.shape) do not pick from \(shape)")
    return graph.append(.pick, [numeric, indices], indices.shape)
  }

  /// Returns the same values without passing a gradient.
  public func stopGradient() -> Tensor { graph.append(.alias(.stopGradient), [numeric], shape) }

  /// Returns the same values in another shape.
  ///
  /// - Precondition: the number of elements is unchanged.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == elementCount, "\(self.shape) cannot be read as \(shape)")
    return shape == self.shape
      ? self : graph.append(.alias(.reshape), [self], shape, elementType: elementType)
  }

  /// Returns the rows `range` of the first axis.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
    let stride = shape.dropFirst().reduce(1, *)
    return graph.append(
      .alias(.offset(range.lowerBound * stride)), [self],
      [range.count] + shape.dropFirst(), elementType: elementType)
  }

  /// Returns the columns `range` of the last axis.
  ///
  /// Columns of int32 stay indices.
  public func columns(_ range: Range<Int>) -> Tensor {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= lastAxis, "columns \(range) of \(shape)")
    if range == 0..<lastAxis { return self }
    let isInteger = elementType == .int32
    return graph.append(
      .columns(from: range.lowerBound), [isInteger ? self : numeric],
      shape.dropLast() + [range.count], elementType: isInteger ? .int32 : nil)
  }

  /// Returns the tensor with its last two axes exchanged: [.., m, n] becomes [.., n, m].
  package func swappingLastAxes() -> Tensor {
    precondition(shape.count >= 2, "\(shape) has no two axes to exchange")
    let matrix = shape.suffix(2)
    return graph.append(
      .swapLastAxes, [numeric], shape.dropLast(2) + Array(matrix.reversed()))
  }

  /// Repeats a row over leading axes: [n] becomes [leading…, n].
  ///
  /// - Precondition: this is a single row.
  package func repeated(over leading: [Int]) -> Tensor {
    precondition(shape.count == 1, "\(shape) is not a single row")
    return graph.append(.repeatRows, [numeric], leading + shape)
  }

  /// Returns the elements of one tensor where this one is not 0, and of another elsewhere.
  ///
  /// The other tensor's element has no influence, not even if it is NaN, and gets no gradient. Use
  /// this for values that are only defined where an episode was truncated: multiplying by 0 would
  /// keep NaN. If both tensors hold the same integers or bytes, the type is kept.
  ///
  /// ```swift
  /// let after = next.fin.choosing(finalObs, otherwise: obs)
  /// ```
  ///
  /// - Parameters:
  ///   - chosen: a tensor of this shape with any axes appended, [T, B, …] for [T, B]; or a scalar.
  ///   - other: a tensor of the same shape as `chosen`; or a scalar.
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
  /// The tensor in the executor's scalar; other element types are converted.
  package var numeric: Tensor {
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
