/// The activation after a layer.
public enum Activation: String, Sendable, Codable, CaseIterable, BitwiseCopyable {
  /// z.
  case identity
  /// max(z, 0); NaN stays.
  case relu
  /// z where positive, eᶻ − 1 elsewhere.
  case elu
  /// The hyperbolic tangent.
  case tanh
  /// Sigmoid linear unit: z / (1 + e⁻ᶻ).
  case silu
  /// Gaussian error linear unit: z Φ(z) with the exact normal distribution function Φ.
  case gelu

  /// True if the derivative follows from the output alone, without the layer's sums.
  ///
  /// SiLU and GELU are not monotonic: two sums can have the same output but different derivatives.
  /// They are separate steps after a layer and never part of its pass.
  var isFusible: Bool { self != .silu && self != .gelu }
}

extension Kernels {
  /// Computes out[i] = activation(z[i]) for `count` elements; `out` may be `z`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func activationForward<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ z: UnsafePointer<S>, count: Int, activation: Activation
  ) {
    let zero = S.Vector(repeating: 0)
    @inline(__always) func relu(_ z: S.Vector) -> S.Vector {
      z.replacing(with: zero, where: z .< zero)
    }
    @inline(__always) func elu(_ z: S.Vector) -> S.Vector {
      z.replacing(with: S.expMinusOne(z), where: z .< zero)
    }
    @inline(__always) func tanh(_ z: S.Vector) -> S.Vector { S.tanh(z) }
    @inline(__always) func silu(_ z: S.Vector) -> S.Vector { z / (S.exp(zero - z) + 1) }
    @inline(__always) func gelu(_ z: S.Vector) -> S.Vector { z * S.normalDistribution(z) }
    switch activation {
    case .identity:
      if UnsafePointer(out) != z { out.update(from: z, count: count) }
    case .relu: map(out, z, count, relu)
    case .elu: map(out, z, count, elu)
    case .tanh: map(out, z, count, tanh)
    case .silu: map(out, z, count, silu)
    case .gelu: map(out, z, count, gelu)
    }
  }

  /// Computes the gradient before an activation: dz[i] = dy[i]·activation′.
  ///
  /// All are [count]; `dz` may be `dy`. With y = activation(z), the derivatives are 1 for identity,
  /// [y > 0] for relu, 1 or y + 1 for elu, 1 − y² for tanh. With σ = 1 / (1 + e⁻ᶻ) and the normal
  /// density φ they are σ (1 + z (1 − σ)) for silu and Φ(z) + z φ(z) for gelu.
  ///
  /// - Parameter known: the output y of a fusible activation, otherwise its input z.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func activationBackward<S: KernelScalar>(
    _ dz: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ known: UnsafePointer<S>,
    count: Int, activation: Activation
  ) {
    let zero = S.Vector(repeating: 0)
    @inline(__always) func relu(_ d: S.Vector, _ y: S.Vector) -> S.Vector {
      zero.replacing(with: d, where: y .> zero)
    }
    @inline(__always) func elu(_ d: S.Vector, _ y: S.Vector) -> S.Vector {
      d.replacing(with: S.multiplyAdd(d, y, d), where: y .< zero)
    }
    @inline(__always) func tanh(_ d: S.Vector, _ y: S.Vector) -> S.Vector { d - d * y * y }
    @inline(__always) func silu(_ d: S.Vector, _ z: S.Vector) -> S.Vector {
      d * siluDerivative(z)
    }
    @inline(__always) func gelu(_ d: S.Vector, _ z: S.Vector) -> S.Vector {
      d * geluDerivative(z)
    }
    switch activation {
    case .identity:
      if UnsafePointer(dz) != dy { dz.update(from: dy, count: count) }
    case .relu: map(dz, dy, known, count, relu)
    case .elu: map(dz, dy, known, count, elu)
    case .tanh: map(dz, dy, known, count, tanh)
    case .silu: map(dz, dy, known, count, silu)
    case .gelu: map(dz, dy, known, count, gelu)
    }
  }

  /// Returns σ (1 + z (1 − σ)).
  @inline(__always)
  static func siluDerivative<V: KernelVector>(_ z: V) -> V
  where V.Scalar: KernelScalar, V.Scalar.Vector == V {
    let sigmoid = V.Scalar.sigmoid(z)
    return sigmoid * V.Scalar.multiplyAdd(z, 1 - sigmoid, V(repeating: 1))
  }

  /// Returns Φ(z) + z φ(z).
  @inline(__always)
  static func geluDerivative<V: KernelVector>(_ z: V) -> V
  where V.Scalar: KernelScalar, V.Scalar.Vector == V {
    V.Scalar.multiplyAdd(z, V.Scalar.normalDensity(z), V.Scalar.normalDistribution(z))
  }
}
