import Rollout

/// The kernels as a benchmark sees them, and the pace that they are held against.
package enum KernelBenchmarks {
  /// Whether this build holds matrix blocks in the 32 registers of AVX-512.
  package static var usesAVX512: Bool {
    #if RLPLAY_AVX512
      true
    #else
      false
    #endif
  }

  /// Whether this build multiplies and adds in one instruction.
  package static var usesFMA: Bool {
    #if RLPLAY_FMA
      true
    #else
      false
    #endif
  }

  // MARK: The peak

  /// Chains of multiply-adds that do not wait for each other.
  ///
  /// Enough to hide the latency of two units, few enough to stay in registers: a vector of 16 Floats
  /// takes one register of AVX-512, two of AVX.
  #if RLPLAY_AVX512
    private typealias Chains = Constant<12>
    private static let chainCount = 12
  #else
    private typealias Chains = Constant<5>
    private static let chainCount = 5
  #endif

  /// Floating-point operations in one round of `multiplyAdds`.
  package static var operationsPerRound: Int { 2 * chainCount * Float.lanes }

  /// Multiplies and adds in registers only, as fast as one core can.
  ///
  /// - Parameters:
  ///   - rounds: how often every chain moves on.
  ///   - start: where the chains begin, each one further than the last, lest they be found equal.
  /// - Returns: a sum of all chains, for the caller to keep: what nobody needs is not computed.
  @inline(never)
  package static func multiplyAdds(rounds: Int, from start: Float) -> Float {
    multiplyAdds(rounds, start, Chains.self)
  }

  @inline(__always)
  private static func multiplyAdds<let count: Int>(
    _ rounds: Int, _ start: Float, _: Constant<count>.Type
  ) -> Float {
    var chains = InlineArray<count, Float.Vector>(repeating: Float.Vector(repeating: start))
    for i in 0..<count { chains[i] += Float(i) }
    // Every chain nears 2, far from overflow and from subnormal numbers.
    let factor = Float.Vector(repeating: 0.5)
    let addend = Float.Vector(repeating: 1)
    for _ in 0..<rounds {
      for i in 0..<count { chains[i] = Float.multiplyAdd(chains[i], factor, addend) }
    }
    var sum = Float.Vector(repeating: 0)
    for i in 0..<count { sum += chains[i] }
    return Float.laneSum(sum)
  }

  // MARK: Products

  /// Small whole numbers over a power of two: products and sums of them stay ordinary numbers.
  static func numbers(_ count: Int) -> FlatVector<Float> {
    let vector = FlatVector<Float>(repeating: 0, count: count)
    for index in 0..<count { vector.base[index] = Float(index % 61 - 30) / 32 }
    return vector
  }

  /// A matrix product with memory of its own, to be run over and over.
  package final class Product {
    /// Which kernel computes it.
    package enum Kernel: Sendable {
      /// C = A · B.
      case matrices
      /// A linear layer with bias and ReLU.
      case linearLayer
      /// A linear layer with bias, and the gradients of its weight, its bias and its input: three products.
      case linearGradients
    }

    /// Floating-point operations of one run's products.
    package var operationCount: Int {
      (kernel == .linearGradients ? 6 : 2) * rows * depth * columns
    }

    private let kernel: Kernel
    private let rows: Int
    private let depth: Int
    private let columns: Int
    private let left: FlatVector<Float>
    private let right: FlatVector<Float>
    private let rightTransposed: FlatVector<Float>
    private let bias: FlatVector<Float>
    private let result: FlatVector<Float>
    private let gradients: Gradients?

    /// What a layer's backward pass reads and writes besides.
    private struct Gradients {
      let ofResult: FlatVector<Float>
      let ofInput: FlatVector<Float>
      let ofWeight: FlatVector<Float>
      let ofBias: FlatVector<Float>
    }

    /// Allocates [rows, depth] · [depth, columns] and fills it with numbers.
    package init(_ kernel: Kernel, rows: Int, depth: Int, columns: Int) {
      self.kernel = kernel
      self.rows = rows
      self.depth = depth
      self.columns = columns
      left = KernelBenchmarks.numbers(rows * depth)
      right = KernelBenchmarks.numbers(depth * columns)
      rightTransposed = KernelBenchmarks.numbers(columns * depth)
      bias = KernelBenchmarks.numbers(columns)
      result = KernelBenchmarks.numbers(rows * columns)
      gradients =
        kernel == .linearGradients
        ? Gradients(
          ofResult: KernelBenchmarks.numbers(rows * columns),
          ofInput: KernelBenchmarks.numbers(rows * depth),
          ofWeight: KernelBenchmarks.numbers(columns * depth),
          ofBias: KernelBenchmarks.numbers(columns)) : nil
    }

    /// Computes the product once.
    package func run() {
      switch kernel {
      case .matrices:
        Kernels.matmul(
          result.base, left.base, right.base, m: rows, n: columns, k: depth, aRowStride: depth,
          aDepthStride: 1, bRowStride: columns, cRowStride: columns, accumulate: false)
      case .linearLayer:
        Kernels.linearForward(
          result.base, left.base, rightTransposed.base, right.base, bias.base, rows: rows,
          inputs: depth, outputs: columns, activation: .relu)
      case .linearGradients:
        if let gradients { runBothWays(gradients) }
      }
    }

    /// Forwards and backwards with all that an update pays for: `right` [columns, depth] is the weight, which
    /// is transposed because it has changed since, and gradients are cleared because kernels add to them.
    private func runBothWays(_ gradients: Gradients) {
      Kernels.transpose(rightTransposed.base, right.base, rows: columns, columns: depth)
      Kernels.linearForward(
        result.base, left.base, right.base, rightTransposed.base, bias.base, rows: rows,
        inputs: depth, outputs: columns, activation: .identity)
      gradients.ofInput.clear()
      gradients.ofWeight.clear()
      gradients.ofBias.clear()
      Kernels.linearBackwardParameters(
        gradients.ofWeight.base, gradients.ofBias.base, gradients.ofResult.base, left.base,
        rows: rows, inputs: depth, outputs: columns)
      Kernels.linearBackwardInput(
        gradients.ofInput.base, gradients.ofResult.base, right.base, rows: rows, inputs: depth,
        outputs: columns, dxRowStride: depth, weightRowStride: depth)
    }
  }
}
