/// What a layer applies to its sums.
public enum Activation: String, Sendable, Codable, CaseIterable, BitwiseCopyable {
  /// z.
  case identity
  /// max(z, 0); NaN stays.
  case relu
  /// z where positive, eᶻ − 1 elsewhere.
  case elu
  /// The hyperbolic tangent.
  case tanh
}

extension Kernels {
  /// out[i] = activation(z[i]) for `count` elements; `out` may be `z`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func activationForward<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ z: UnsafePointer<S>, count: Int, activation: Activation
  ) {
    let zero = S.Vector(repeating: 0)
    switch activation {
    case .identity:
      if UnsafePointer(out) != z { out.update(from: z, count: count) }
    case .relu:
      map(out, z, count) { v in v.replacing(with: zero, where: v .< zero) }
    case .elu:
      map(out, z, count) { v in v.replacing(with: S.expMinusOne(v), where: v .< zero) }
    case .tanh:
      map(out, z, count) { v in S.tanh(v) }
    }
  }

  /// The gradient before an activation: dz[i] = dy[i]·activation′, worked out from the output y.
  ///
  /// All are [count]; `dz` may be `dy`. With y = activation(z), the derivatives are 1 for identity,
  /// [y > 0] for relu, 1 or y + 1 for elu, 1 − y² for tanh.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func activationBackward<S: KernelScalar>(
    _ dz: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ y: UnsafePointer<S>, count: Int,
    activation: Activation
  ) {
    let zero = S.Vector(repeating: 0)
    switch activation {
    case .identity:
      if UnsafePointer(dz) != dy { dz.update(from: dy, count: count) }
    case .relu:
      map(dz, dy, y, count) { d, v in zero.replacing(with: d, where: v .> zero) }
    case .elu:
      map(dz, dy, y, count) { d, v in d.replacing(with: S.multiplyAdd(d, v, d), where: v .< zero) }
    case .tanh:
      map(dz, dy, y, count) { d, v in d - d * v * v }
    }
  }
}
