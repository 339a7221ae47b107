// Operations on single numbers as expressions of C.

extension UnaryOperation {
  /// Returns the function of an expression in C.
  func c(_ x: String) -> String {
    switch self {
    case .exponential: "expf(\(x))"
    case .logarithm: "logf(\(x))"
    case .square: "\(x) * \(x)"
    case .affine(let scale, let shift):
      "\(CText.number(scale)) * \(x)" + (shift == 0 ? "" : " + \(CText.number(shift))")
    case .clamp(let low, let high):
      "\(x) < \(CText.number(low)) ? \(CText.number(low)) : "
        + "\(x) > \(CText.number(high)) ? \(CText.number(high)) : \(x)"
    case .atLeast(let bound): "\(x) >= \(CText.number(bound)) ? 1.0f : 0.0f"
    case .sigmoid: "1.0f / (1.0f + expf(-\(x)))"
    case .activation(let activation): activation.c(x)
    }
  }
}

extension Activation {
  /// Returns the function of an expression in C.
  func c(_ x: String) -> String {
    switch self {
    case .identity: x
    case .relu: "\(x) < 0.0f ? 0.0f : \(x)"
    case .elu: "\(x) < 0.0f ? expm1f(\(x)) : \(x)"
    case .tanh: "tanhf(\(x))"
    case .silu: "\(x) / (1.0f + expf(-\(x)))"
    case .gelu: "0.5f * \(x) * (1.0f + erff(\(x) * \(CText.number(0.5.squareRoot()))))"
    }
  }
}

extension BinaryOperation {
  /// Returns the function of two expressions in C; minimum and maximum are NaN if either is.
  func c(_ left: String, _ right: String) -> String {
    switch self {
    case .add: "\(left) + \(right)"
    case .subtract: "\(left) - \(right)"
    case .multiply: "\(left) * \(right)"
    case .divide: "\(left) / \(right)"
    case .minimum: "\(left) < \(right) || isnan(\(left)) ? \(left) : \(right)"
    case .maximum: "\(left) > \(right) || isnan(\(left)) ? \(left) : \(right)"
    }
  }
}
