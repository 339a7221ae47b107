import Rollout

extension Executor {
  /// Computes the gradient of the loss by every weight, after a `forward`.
  ///
  /// - Precondition: the executor has a loss.
  package func backward() {
    gradients.clear(learnedRange)
    addGradients()
  }

  /// Adds the gradient of the loss by every weight to `gradients`, after a `forward`.
  ///
  /// Starting from nonzero values it adds term by term. The result may differ in the last bits from
  /// the sum of two separate gradients.
  ///
  /// - Precondition: the executor has a loss.
  package func addGradients() {
    precondition(loss.isPresent, "no loss to take gradients of")
    clearGradients()
    guard let seed = slotGradients[Int(loss.index)] else { return }
    seed[0] = 1
    guard let threads else { return runBackward(body) }
    runPhasesBackward(threads)
  }

  /// Propagates gradients back through a list of steps, last step first, and adds them up.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func runBackward(_ instructions: UnsafeMutableBufferPointer<Instruction>) {
    for index in stride(from: instructions.count - 1, through: 0, by: -1) {
      switch instructions[index] {
      case .unary(let operation, let out, let x, let count):
        guard let dy = gradient(out), let dx = gradient(x) else { continue }
        unaryBackward(operation, dx, dy, self[x], self[out], count)
      case .binary(let operation, let out, let left, let right, let count, let broadcast):
        guard let dy = gradient(out) else { continue }
        binaryBackward(
          operation, dy, self[out], (self[left], gradient(left)), (self[right], gradient(right)),
          count, broadcast)
      case .reduce(let reduction, let out, let x, let count):
        guard let dy = gradient(out), let dx = gradient(x) else { continue }
        let share = Scalar.Vector(repeating: reduction == .mean ? dy[0] / Scalar(count) : dy[0])
        Kernels.add(dx, share, count)
      case .linear(let shape, let out, let x, let weight, _, let bias):
        guard let dy = gradient(out) else { continue }
        linearBackward(shape, dy, out, x, weight, bias)
      case .convolution(let shape, let out, let x, let weight, let bias, let patches):
        guard let dy = gradient(out) else { continue }
        convolutionBackward(shape, dy, out, x, weight, bias, patches)
      case .layerNorm(
        let out, let x, let weight, let bias, let statistics, let rows, let width, _):
        guard let dy = gradient(out) else { continue }
        if let dWeight = gradient(weight), let dBias = gradient(bias) {
          Kernels.layerNormBackwardParameters(
            dWeight, dBias, dy, self[x], self[statistics], rows: rows, columns: width)
        }
        if let dx = gradient(x) {
          Kernels.layerNormBackwardInput(
            dx, dy, self[x], self[weight], self[statistics], rows: rows, columns: width)
        }
      case .recurrent(let shape, let out, let slots):
        guard let dy = gradient(out) else { continue }
        recurrentBackward(shape, dy, out, slots)
      case .embedding(let out, let table, let indices, let rows, let width):
        guard let dy = gradient(out), let dTable = gradient(table) else { continue }
        Kernels.embeddingBackward(dTable, dy, integers(indices), rows: rows, width: width)
      case .strip(let strip, let out, let x):
        guard let dy = gradient(out), let dx = gradient(x) else { continue }
        // Source and destination are exchanged. A repeated row accumulates all its gradients.
        Kernels.accumulateStrips(
          dx + strip.start, outStride: strip.stride, dy + strip.outStart,
          xStride: strip.outStride, rows: strip.rows, width: strip.width)
      case .swapAxes(let out, let x, let matrices, let rows, let columns):
        guard let dy = gradient(out), let dx = gradient(x) else { continue }
        for matrix in 0..<matrices {
          let start = matrix &* rows &* columns
          Kernels.accumulateTransposed(dx + start, dy + start, rows: columns, columns: rows)
        }
      case .sumLastAxis(let out, let x, let rows, let width):
        guard let dy = gradient(out), let dx = gradient(x) else { continue }
        Kernels.rowSumsBackward(dx, dy, rows: rows, columns: width)
      case .logSoftmax(let out, let x, let rows, let classes):
        guard let dy = gradient(out), let dx = gradient(x) else { continue }
        Kernels.logSoftmaxBackward(dx, dy, self[out], rows: rows, classes: classes)
      case .pick(let out, let x, let indices, let rows, let classes):
        guard let dy = gradient(out), let dx = gradient(x) else { continue }
        Kernels.pickBackward(dx, dy, integers(indices), rows: rows, classes: classes)
      case .choose(let shape, let out, let flags, let chosen, let other):
        guard let dy = gradient(out) else { continue }
        Kernels.chooseBackward(gradient(chosen), gradient(other), self[flags], dy, shape)
      case .weightGradient(let shape, let first, let count, let out, let x, let weight):
        guard let dy = gradient(out), let dWeight = gradient(weight) else { continue }
        Kernels.linearWeightGradient(
          dWeight, dy, self[x], rows: shape.rows, inputs: shape.inputs, outputs: shape.outputs,
          of: first..<first &+ count)
      case .biasGradient(let shape, let out, let bias):
        guard let dy = gradient(out), let dBias = gradient(bias) else { continue }
        Kernels.columnSums(dBias, dy, rows: shape.rows, columns: shape.outputs)
      case .tableGradient(let shape, let out, let weight, let table, let indices, let sums):
        guard let dy = gradient(out), let dTable = gradient(table) else { continue }
        Kernels.embeddingBackward(
          dTable, dy, integers(indices), self[weight] + shape.start, sums: self[sums], shape)
      case .kernelGradient(
        let shape, let first, let count, let out, let x, let weight, let bias, let patches):
        guard let dy = gradient(out), let dWeight = gradient(weight) else { continue }
        Kernels.convolutionBackwardParameters(
          dWeight, bias.isPresent ? gradient(bias) : nil, dy, self[x], self[patches], shape,
          of: first..<first &+ count)
      case .convert, .integerStrip, .oneHot, .oneHotBits, .indexOfLargest, .chooseBytes,
        .accumulateBackwards,
        .pack:
        continue
      }
    }
  }

  @inline(__always)
  private func linearBackward(
    _ shape: Instruction.LinearShape, _ dy: UnsafeMutablePointer<Scalar>, _ out: Slot, _ x: Slot,
    _ weight: Slot, _ bias: Slot
  ) {
    if shape.activation != .identity {
      // No later step reads the output's gradient, so the activation's derivative is applied in
      // place.
      Kernels.activationBackward(
        dy, dy, self[out], count: shape.rows &* shape.outputs, activation: shape.activation)
    }
    if let dWeight = gradient(weight) {
      Kernels.linearBackwardParameters(
        dWeight, bias.isPresent ? gradient(bias) : nil, dy, self[x],
        rows: shape.rows, inputs: shape.inputs, outputs: shape.outputs)
    }
    if let dx = gradient(x) {
      Kernels.linearBackwardInput(
        dx, dy, self[weight], rows: shape.rows, inputs: shape.inputs, outputs: shape.outputs,
        dxRowStride: shape.inputs, weightRowStride: shape.inputs,
        accumulate: !shape.isOnlyReader)
    }
  }

  @inline(__always)
  private func convolutionBackward(
    _ shape: ConvolutionShape, _ dy: UnsafeMutablePointer<Scalar>, _ out: Slot, _ x: Slot,
    _ weight: Slot, _ bias: Slot, _ patches: Slot
  ) {
    if shape.activation != .identity {
      // In place, as for a linear layer.
      Kernels.activationBackward(
        dy, dy, self[out], count: shape.images &* shape.outputs &* shape.places,
        activation: shape.activation)
    }
    if let dWeight = gradient(weight), let dBias = gradient(bias) {
      Kernels.convolutionBackwardParameters(
        dWeight, dBias, dy, self[x], self[patches], shape, of: 0..<shape.channels)
    }
    if let dx = gradient(x) {
      Kernels.convolutionBackwardInput(dx, dy, self[weight], self[patches], shape)
    }
  }

  @inline(__always)
  private func unaryBackward(
    _ operation: UnaryOperation, _ dx: UnsafeMutablePointer<Scalar>, _ dy: UnsafePointer<Scalar>,
    _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, _ count: Int
  ) {
    typealias Vector = Scalar.Vector
    switch operation {
    case .exponential: Kernels.accumulate(dx, dy, y, count) { $0 * $1 }
    case .logarithm: Kernels.accumulate(dx, dy, x, count) { $0 / $1 }
    case .square: Kernels.accumulate(dx, dy, x, count) { ($0 + $0) * $1 }
    case .affine(let scale, _):
      let scale = Vector(repeating: Scalar(scale))
      Kernels.accumulate(dx, dy, count) { $0 * scale }
    case .clamp(let low, let high):
      let low = Vector(repeating: Scalar(low))
      let high = Vector(repeating: Scalar(high))
      Kernels.accumulate(dx, dy, x, count) { dy, x in
        dy.replacing(with: 0, where: (x .< low) .| (x .> high))
      }
    case .atLeast: break
    case .sigmoid: Kernels.accumulate(dx, dy, y, count) { $0 * $1 * (1 - $1) }
    case .activation(let activation):
      activationAccumulate(dx, dy, activation.isFusible ? y : x, count, activation)
    }
  }

  /// Adds an activation's gradient, from its output if it is fusible, otherwise from its input.
  @inline(__always)
  private func activationAccumulate(
    _ dx: UnsafeMutablePointer<Scalar>, _ dy: UnsafePointer<Scalar>,
    _ known: UnsafePointer<Scalar>, _ count: Int, _ activation: Activation
  ) {
    switch activation {
    case .identity: Kernels.accumulate(dx, dy, count) { $0 }
    case .relu:
      Kernels.accumulate(dx, dy, known, count) { $0.replacing(with: 0, where: $1 .<= 0) }
    case .elu:
      Kernels.accumulate(dx, dy, known, count) {
        $0.replacing(with: $0 * $1 + $0, where: $1 .< 0)
      }
    case .tanh: Kernels.accumulate(dx, dy, known, count) { $0 - $0 * $1 * $1 }
    case .silu: Kernels.accumulate(dx, dy, known, count) { $0 * Kernels.siluDerivative($1) }
    case .gelu: Kernels.accumulate(dx, dy, known, count) { $0 * Kernels.geluDerivative($1) }
    }
  }

  /// An operand's values and, if it has one, its gradient.
  private typealias Operand = (x: UnsafeMutablePointer<Scalar>, dx: UnsafeMutablePointer<Scalar>?)

  @inline(__always)
  private func binaryBackward(
    _ operation: BinaryOperation, _ dy: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>,
    _ left: Operand, _ right: Operand, _ count: Int, _ broadcast: Instruction.Broadcast
  ) {
    guard broadcast == .none else {
      broadcastBackward(operation, dy, left, right, count, broadcast)
      return
    }
    typealias Vector = Scalar.Vector
    let half = Vector(repeating: 0.5)
    if let dx = left.dx {
      switch operation {
      case .add, .subtract: Kernels.accumulate(dx, dy, count) { $0 }
      case .multiply: Kernels.accumulate(dx, dy, right.x, count) { $0 * $1 }
      case .divide: Kernels.accumulate(dx, dy, right.x, count) { $0 / $1 }
      // A tie splits the gradient, as in PyTorch.
      case .minimum:
        Kernels.accumulate(dx, dy, left.x, right.x, count) { dy, a, b in
          dy.replacing(with: 0, where: a .> b).replacing(with: dy * half, where: a .== b)
        }
      case .maximum:
        Kernels.accumulate(dx, dy, left.x, right.x, count) { dy, a, b in
          dy.replacing(with: 0, where: a .< b).replacing(with: dy * half, where: a .== b)
        }
      }
    }
    if let dx = right.dx {
      switch operation {
      case .add: Kernels.accumulate(dx, dy, count) { $0 }
      case .subtract: Kernels.accumulate(dx, dy, count) { -$0 }
      case .multiply: Kernels.accumulate(dx, dy, left.x, count) { $0 * $1 }
      case .divide: Kernels.accumulate(dx, dy, y, right.x, count) { -$0 * $1 / $2 }
      case .minimum:
        Kernels.accumulate(dx, dy, left.x, right.x, count) { dy, a, b in
          dy.replacing(with: 0, where: b .> a).replacing(with: dy * half, where: a .== b)
        }
      case .maximum:
        Kernels.accumulate(dx, dy, left.x, right.x, count) { dy, a, b in
          dy.replacing(with: 0, where: b .< a).replacing(with: dy * half, where: a .== b)
        }
      }
    }
  }

  /// Sums the gradients of the elements that share a number of one operand.
  ///
  /// Such operations are rare, and a loop over elements is fast enough.
  private func broadcastBackward(
    _ operation: BinaryOperation, _ dy: UnsafePointer<Scalar>, _ left: Operand, _ right: Operand,
    _ count: Int, _ broadcast: Instruction.Broadcast
  ) {
    for index in 0..<count {
      let leftIndex = broadcast.leftIndex(index)
      let rightIndex = broadcast.rightIndex(index)
      let a = left.x[leftIndex]
      let b = right.x[rightIndex]
      let (da, db): (Scalar, Scalar) =
        switch operation {
        case .add: (1, 1)
        case .subtract: (1, -1)
        case .multiply: (b, a)
        case .divide: (1 / b, -a / (b * b))
        case .minimum: a == b ? (0.5, 0.5) : a < b ? (1, 0) : (0, 1)
        case .maximum: a == b ? (0.5, 0.5) : a > b ? (1, 0) : (0, 1)
        }
      if let dx = left.dx { dx[leftIndex] += dy[index] * da }
      if let dx = right.dx { dx[rightIndex] += dy[index] * db }
    }
  }
}
