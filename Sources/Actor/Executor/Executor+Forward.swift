import Rollout

extension Executor {
  /// Recomputes everything derived from the weights; call it after a change, before the next run.
  package func weightsChanged() {
    guard let threads, !prologueChunks.isEmpty else { return run(prologue) }
    run(prologueChunks, isBackward: false, threads)
  }

  /// Binds the graph's inputs to a fragment's memory, with rows counted from `row`.
  ///
  /// - Precondition: the fragment has the layout of the graph's columns and lives until the next
  ///   binding.
  package func bind(_ fragment: FragmentView, row: Int = 0) {
    for binding in bindings {
      values[Int(binding.slot.index)] =
        fragment.base + (binding.offset &+ row &* binding.rowStride)
    }
  }

  /// Computes all outputs and the loss.
  package func forward() {
    guard let threads else { return run(body) }
    runPhases(threads)
  }

  /// Runs a list of steps.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(_ instructions: UnsafeMutableBufferPointer<Instruction>) {
    for index in 0..<instructions.count {
      switch instructions[index] {
      case .convert(let out, let x, let count, let type):
        convert(self[out], values[Int(x.index)], count, type)
      case .unary(let operation, let out, let x, let count):
        unary(operation, self[out], self[x], count)
      case .binary(let operation, let out, let left, let right, let count, let broadcast):
        binary(operation, self[out], self[left], self[right], count, broadcast)
      case .reduce(let reduction, let out, let x, let count):
        self[out][0] =
          switch reduction {
          case .sum: Kernels.sum(self[x], count: count)
          case .mean: Kernels.sum(self[x], count: count) / Scalar(count)
          case .largest: Kernels.maximum(self[x], count: count)
          case .deviation: Kernels.deviation(self[x], count: count)
          }
      case .linear(let shape, let out, let x, let weight, let packed, let bias):
        Kernels.linearForward(
          self[out], self[x], self[weight], self[packed],
          bias.isPresent ? UnsafePointer(self[bias]) : nil,
          rows: shape.rows, inputs: shape.inputs, outputs: shape.outputs,
          activation: shape.activation)
      case .convolution(let shape, let out, let x, let weight, let bias, let patches):
        Kernels.convolution(
          self[out], self[x], self[weight], self[bias], self[patches], shape)
      case .layerNorm(
        let out, let x, let weight, let bias, let statistics, let rows, let width, let epsilon):
        Kernels.layerNorm(
          self[out], self[statistics], self[x], self[weight], self[bias], rows: rows,
          columns: width, epsilon: Scalar(epsilon))
      case .recurrent(let shape, let out, let slots):
        Kernels.recurrentForward(memory(shape, out, slots))
      case .embedding(let out, let table, let indices, let rows, let width):
        Kernels.embedding(self[out], self[table], integers(indices), rows: rows, width: width)
      case .strip(let strip, let out, let x):
        Kernels.copyStrips(
          self[out] + strip.outStart, outStride: strip.outStride, self[x] + strip.start,
          xStride: strip.stride, rows: strip.rows, width: strip.width)
      case .integerStrip(let strip, let out, let x):
        copyIntegers(strip, values[Int(out.index)], integers(x))
      case .oneHot(let out, let x, let rows, let count):
        Kernels.oneHot(self[out], integers(x), rows: rows, count: count)
      case .oneHotBits(let out, let x, let rows, let bits):
        Kernels.oneHotBits(self[out], integers(x), rows: rows, bits: bits)
      case .indexOfLargest(let out, let x, let rows, let count):
        let indices = values[Int(out.index)].assumingMemoryBound(to: Int32.self)
        Kernels.indexOfLargest(indices, self[x], rows: rows, count: count)
      case .swapAxes(let out, let x, let matrices, let rows, let columns):
        for matrix in 0..<matrices {
          let start = matrix &* rows &* columns
          Kernels.transpose(self[out] + start, self[x] + start, rows: rows, columns: columns)
        }
      case .sumLastAxis(let out, let x, let rows, let width):
        Kernels.rowSums(self[out], self[x], rows: rows, columns: width)
      case .logSoftmax(let out, let x, let rows, let classes):
        Kernels.logSoftmax(self[out], self[x], rows: rows, classes: classes)
      case .pick(let out, let x, let indices, let rows, let classes):
        Kernels.pick(self[out], self[x], integers(indices), rows: rows, classes: classes)
      case .choose(let shape, let out, let flags, let chosen, let other):
        Kernels.choose(self[out], self[flags], self[chosen], self[other], shape)
      case .chooseBytes(let out, let flags, let chosen, let other, let rows, let byteCount):
        Kernels.chooseBytes(
          values[Int(out.index)], self[flags], values[Int(chosen.index)],
          values[Int(other.index)], rows: rows, byteCount: byteCount)
      case .accumulateBackwards(
        let out, let x, let weights, let last, let steps, let columns):
        Kernels.accumulateBackwards(
          self[out], self[x], self[weights],
          last: last.isPresent ? UnsafePointer(self[last]) : nil, steps: steps, columns: columns)
      case .pack(let out, let weight, let outputs, let inputs):
        Kernels.packWeight(self[out], self[weight], outputs: outputs, inputs: inputs)
      case .weightGradient, .biasGradient, .tableGradient, .kernelGradient:
        continue
      }
    }
  }

  @inline(__always)
  private func unary(
    _ operation: UnaryOperation, _ out: UnsafeMutablePointer<Scalar>, _ x: UnsafePointer<Scalar>,
    _ count: Int
  ) {
    typealias Vector = Scalar.Vector
    switch operation {
    case .exponential: Kernels.map(out, x, count) { Scalar.exp($0) }
    case .logarithm: Kernels.map(out, x, count) { Scalar.log($0) }
    case .square: Kernels.map(out, x, count) { $0 * $0 }
    case .affine(let scale, let shift):
      let scale = Vector(repeating: Scalar(scale))
      let shift = Vector(repeating: Scalar(shift))
      Kernels.map(out, x, count) { Scalar.multiplyAdd($0, scale, shift) }
    case .clamp(let low, let high):
      let low = Vector(repeating: Scalar(low))
      let high = Vector(repeating: Scalar(high))
      Kernels.map(out, x, count) { v in
        v.replacing(with: low, where: v .< low).replacing(with: high, where: v .> high)
      }
    case .atLeast(let bound):
      let bound = Vector(repeating: Scalar(bound))
      Kernels.map(out, x, count) { Vector.zero.replacing(with: 1, where: $0 .>= bound) }
    case .sigmoid: Kernels.map(out, x, count) { Scalar.sigmoid($0) }
    case .activation(let activation):
      Kernels.activationForward(out, x, count: count, activation: activation)
    }
  }

  @inline(__always)
  private func binary(
    _ operation: BinaryOperation, _ out: UnsafeMutablePointer<Scalar>,
    _ left: UnsafePointer<Scalar>, _ right: UnsafePointer<Scalar>, _ count: Int,
    _ broadcast: Instruction.Broadcast
  ) {
    switch operation {
    case .add: combine(out, left, right, count, broadcast) { $0 + $1 }
    case .subtract: combine(out, left, right, count, broadcast) { $0 - $1 }
    case .multiply: combine(out, left, right, count, broadcast) { $0 * $1 }
    case .divide: combine(out, left, right, count, broadcast) { $0 / $1 }
    case .minimum:
      combine(out, left, right, count, broadcast) { Scalar.minimum($0, $1) }
    case .maximum:
      combine(out, left, right, count, broadcast) { Scalar.maximum($0, $1) }
    }
  }

  @inline(__always)
  private func combine(
    _ out: UnsafeMutablePointer<Scalar>, _ left: UnsafePointer<Scalar>,
    _ right: UnsafePointer<Scalar>, _ count: Int, _ broadcast: Instruction.Broadcast,
    _ operation: (Scalar.Vector, Scalar.Vector) -> Scalar.Vector
  ) {
    switch broadcast {
    case .none:
      Kernels.map(out, left, right, count) { operation($0, $1) }
    case .left:
      let left = Scalar.Vector(repeating: left[0])
      Kernels.map(out, right, count) { operation(left, $0) }
    case .right:
      let right = Scalar.Vector(repeating: right[0])
      Kernels.map(out, left, count) { operation($0, right) }
    case .leftRows(let width):
      for row in 0..<count / width {
        let left = Scalar.Vector(repeating: left[row])
        Kernels.map(out + row &* width, right + row &* width, width) { operation(left, $0) }
      }
    case .rightRows(let width):
      for row in 0..<count / width {
        let right = Scalar.Vector(repeating: right[row])
        Kernels.map(out + row &* width, left + row &* width, width) { operation($0, right) }
      }
    }
  }

  @inline(__always)
  private func copyIntegers(
    _ strip: Instruction.Strip, _ out: UnsafeMutableRawPointer, _ x: UnsafePointer<Int32>
  ) {
    let out = out.assumingMemoryBound(to: Int32.self)
    for row in 0..<strip.rows {
      for column in 0..<strip.width {
        out[strip.outStart &+ row &* strip.outStride &+ column] =
          x[strip.start &+ row &* strip.stride &+ column]
      }
    }
  }

  @inline(__always)
  private func convert(
    _ out: UnsafeMutablePointer<Scalar>, _ x: UnsafeMutableRawPointer, _ count: Int,
    _ type: Instruction.SourceType
  ) {
    func copy<Source: BitwiseCopyable>(_ source: Source.Type, _ value: (Source) -> Scalar) {
      let x = x.assumingMemoryBound(to: Source.self)
      for index in 0..<count { out[index] = value(x[index]) }
    }
    switch type {
    case .float32: copy(Float.self) { Scalar($0) }
    case .float64: copy(Double.self) { Scalar($0) }
    case .int32: copy(Int32.self) { Scalar($0) }
    case .int64: copy(Int64.self) { Scalar($0) }
    case .byte: copy(UInt8.self) { Scalar($0) }
    }
  }
}
