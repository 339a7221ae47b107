import Rollout

/// The kernels to benchmark, and the peak throughput to compare them with.
package enum KernelBenchmarks {
  /// True if this build keeps matrix blocks in the 32 registers of AVX-512.
  package static var usesAVX512: Bool {
    #if RLPLAY_AVX512
      true
    #else
      false
    #endif
  }

  /// True if this build multiplies and adds in one instruction.
  package static var usesFMA: Bool {
    #if RLPLAY_FMA
      true
    #else
      false
    #endif
  }

  // MARK: The peak

  /// Independent chains of multiply-adds.
  ///
  /// They are enough to hide the latency of two units and few enough to stay in registers: a vector
  /// of 16 Floats takes one register of AVX-512, two of AVX.
  #if RLPLAY_AVX512
    private typealias Chains = Constant<12>
    private static let chainCount = 12
  #else
    private typealias Chains = Constant<5>
    private static let chainCount = 5
  #endif

  /// The number of floating-point operations in one round of `multiplyAdds`.
  package static var operationsPerRound: Int { 2 * chainCount * Float.lanes }

  /// Multiplies and adds in registers only, at the peak throughput of one core.
  ///
  /// - Parameters:
  ///   - rounds: the number of steps of every chain.
  ///   - start: the start of the first chain; later chains start higher, to keep the compiler from
  ///     merging equal ones.
  /// - Returns: the sum of all chains; unused results would not be computed.
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
    // Every chain converges to 2, far from overflow and from subnormal numbers.
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

  /// Returns small integers divided by a power of two, with normal numbers as sums and products.
  static func numbers(_ count: Int) -> FlatVector<Float> {
    let vector = FlatVector<Float>(repeating: 0, count: count)
    for index in 0..<count { vector.base[index] = Float(index % 61 - 30) / 32 }
    return vector
  }

  /// A matrix product with allocated operands, to run repeatedly.
  package final class Product {
    /// The kernel that computes the product.
    package enum Kernel: Sendable {
      /// C = A · B.
      case matrices
      /// A linear layer with bias and ReLU.
      case linearLayer
      /// A linear layer with bias and the gradients of weight, bias and input: three products.
      case linearGradients
    }

    /// The number of floating-point operations of one run's products.
    package var operationCount: Int {
      (kernel == .linearGradients ? 6 : 2) * rows * depth * columns
    }

    private let kernel: Kernel
    private let rows: Int
    private let depth: Int
    private let columns: Int
    private let left: FlatVector<Float>
    private let right: FlatVector<Float>
    private let packed: FlatVector<Float>
    private let bias: FlatVector<Float>
    private let result: FlatVector<Float>
    private let gradients: Gradients?

    /// The additional operands and results of a layer's backward pass.
    private struct Gradients {
      let ofResult: FlatVector<Float>
      let ofInput: FlatVector<Float>
      let ofWeight: FlatVector<Float>
      let ofBias: FlatVector<Float>
    }

    /// Allocates [rows, depth] · [depth, columns] and fills the operands with numbers.
    package init(_ kernel: Kernel, rows: Int, depth: Int, columns: Int) {
      self.kernel = kernel
      self.rows = rows
      self.depth = depth
      self.columns = columns
      left = KernelBenchmarks.numbers(rows * depth)
      right = KernelBenchmarks.numbers(depth * columns)
      packed = KernelBenchmarks.numbers(Kernels.packedCount(outputs: columns, inputs: depth))
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
          result.base, left.base, right.base, packed.base, bias.base, rows: rows,
          inputs: depth, outputs: columns, activation: .relu)
      case .linearGradients:
        if let gradients { runBothWays(gradients) }
      }
    }

    /// Runs forward and backward with all costs of an update.
    ///
    /// The weight `right` [columns, depth] is packed, as after each change of the weights.
    /// Gradients are cleared because the kernels add to them.
    private func runBothWays(_ gradients: Gradients) {
      Kernels.packWeight(packed.base, right.base, outputs: columns, inputs: depth)
      Kernels.linearForward(
        result.base, left.base, right.base, packed.base, bias.base, rows: rows,
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
