import Rollout

/// Runs a traced graph forwards and backwards in memory planned once.
///
/// Float executors do the work, Double executors check them. After the first run nothing is
/// allocated, no reference is counted and nothing is looked up by name.
///
/// ```swift
/// let executor = Executor<Float>(graph, outputs: [logits], loss: loss)
/// executor.weightsChanged()
/// executor.bind(batch.view)
/// executor.forward()
/// executor.backward()          // fills executor.gradients
/// ```
package final class Executor<Scalar: KernelScalar> {
  /// The weights in the graph's parameter layout; call `weightsChanged` after changing them.
  package let weights: FlatVector<Scalar>
  /// The gradient of the loss by each weight from the last `backward`; empty without a loss.
  package let gradients: FlatVector<Scalar>

  let prologue: UnsafeMutableBufferPointer<Instruction>
  let body: UnsafeMutableBufferPointer<Instruction>
  /// The address of each slot's values.
  let values: UnsafeMutablePointer<UnsafeMutableRawPointer>
  /// The address of each slot's gradient; nil for none.
  let slotGradients: UnsafeMutablePointer<UnsafeMutablePointer<Scalar>?>

  private let arena: FlatVector<Scalar>
  let gradientArena: FlatVector<Scalar>
  /// The parts of the arena of gradients that a backward pass adds to.
  let gradientParts: UnsafeMutableBufferPointer<Range<Int>>
  /// The smallest range of weights outside of which every gradient is 0.
  package let learnedRange: Range<Int>
  private let scratch: FlatVector<Scalar>
  let bindings: UnsafeMutableBufferPointer<FragmentBinding>
  /// The threads that share the chunks of `phases`; nil if there are none.
  package let pool: ThreadPool?
  /// The pool, if it is not paused; nil to run the body as one list.
  var threads: ThreadPool? { pool?.isPaused == false ? pool : nil }
  let phases: UnsafeMutableBufferPointer<Phase>
  /// The chunks of the prologue; empty if one thread runs it.
  let prologueChunks: Range<Int>
  let chunkSteps: UnsafeMutableBufferPointer<Instruction>
  let chunks: UnsafeMutableBufferPointer<Range<Int>>
  /// The work that threads share at present.
  var present = SharedWork.forward(0)
  let loss: Slot
  private let graph: Graph
  /// The number of values of each slot that belongs to a tensor.
  let elementCounts: FlatVector<Int>
  /// True for each node with memory; nodes that no output depends on have none.
  private let isPlaced: [Bool]

  /// Plans a graph.
  ///
  /// - Parameters:
  ///   - graph: the traced graph.
  ///   - outputs: the tensors to compute; they stay readable after a run.
  ///   - loss: a scalar to differentiate.
  ///   - weights: the vector of weights to share; `nil` to create a vector of zeros.
  ///   - threads: the threads that share the work of large steps; results do not depend on them.
  ///   - smallestStretch: the estimated nanoseconds from which steps are shared; nil for the usual.
  /// - Precondition: `weights` has as many elements as the graph's parameters.
  package init(
    _ graph: Graph, outputs: [Tensor], loss: Tensor? = nil, weights: FlatVector<Scalar>? = nil,
    threads: ThreadPool? = nil, smallestStretch: Double? = nil
  ) {
    precondition(loss?.elementCount ?? 1 == 1, "a loss is a single number")
    let plan = Plan(
      graph, outputs: outputs, loss: loss,
      scalarType: Scalar.self == Float.self ? .float32 : .float64,
      threadCount: threads?.threadCount ?? 1,
      smallestStretch: smallestStretch ?? Plan.usualStretch)
    pool = plan.phases.isEmpty ? nil : threads
    phases = .copy(of: plan.phases)
    prologueChunks = plan.prologueChunks
    chunkSteps = .copy(of: plan.chunkSteps)
    chunks = .copy(of: plan.chunks)
    let weightCount = graph.parameters.elementCount
    self.graph = graph
    self.weights = weights ?? FlatVector(repeating: 0, count: weightCount)
    precondition(
      self.weights.count == weightCount, "\(self.weights.count) weights for \(weightCount)")
    gradients = FlatVector(repeating: 0, count: loss == nil ? 0 : weightCount)
    let arenaCount = plan.arenaByteCount / MemoryLayout<Scalar>.stride
    arena = FlatVector(repeating: 0, count: arenaCount)
    gradientArena = FlatVector(repeating: 0, count: loss == nil ? 0 : arenaCount)
    scratch = FlatVector(
      repeating: 0, count: plan.scratchByteCount / MemoryLayout<Scalar>.stride)
    gradientParts = .copy(of: loss == nil ? [] : plan.gradientParts())
    learnedRange = plan.learnedRange()
    isPlaced = plan.places.map { if case .unused = $0 { false } else { true } }
    prologue = .copy(of: plan.prologue)
    body = .copy(of: plan.body)
    self.loss = loss.map { Slot($0.id) } ?? .none

    let slotCount = plan.places.count
    values = .allocate(capacity: slotCount)
    let counts = graph.nodes.map { $0.shape.reduce(1, *) }
    elementCounts = FlatVector(counts + Array(repeating: 0, count: slotCount - counts.count))
    slotGradients = .allocate(capacity: slotCount)
    slotGradients.initialize(repeating: nil, count: slotCount)
    values.initialize(repeating: UnsafeMutableRawPointer(arena.base), count: slotCount)
    var bound: [FragmentBinding] = []
    for (index, place) in plan.places.enumerated() {
      let carriesGradient = plan.needsGradient[index]
      switch place {
      case .unused: break
      case .arena(let start):
        values[index] = UnsafeMutableRawPointer(arena.base) + start
        if carriesGradient {
          // Only elements of the executor's scalar carry gradients. The offset is therefore a whole
          // number of them.
          slotGradients[index] = gradientArena.base + start / MemoryLayout<Scalar>.stride
        }
      case .scratch(let start):
        values[index] = UnsafeMutableRawPointer(scratch.base) + start
        if carriesGradient {
          slotGradients[index] = scratch.base + start / MemoryLayout<Scalar>.stride
        }
      case .weights(let start):
        values[index] = UnsafeMutableRawPointer(self.weights.base + start)
        if carriesGradient { slotGradients[index] = gradients.base + start }
      case .fragment(let offset, let rowStride):
        bound.append(FragmentBinding(slot: Slot(index), offset: offset, rowStride: rowStride))
      }
    }
    bindings = .copy(of: bound)
    for (slot, value) in plan.constants { self[slot][0] = Scalar(value) }
  }

  deinit {
    prologue.deallocate()
    body.deallocate()
    gradientParts.deallocate()
    phases.deallocate()
    chunkSteps.deallocate()
    chunks.deallocate()
    bindings.deallocate()
    values.deallocate()
    slotGradients.deallocate()
  }

  // MARK: Reading and setting

  /// Returns a copy of a tensor's values, row-major.
  ///
  /// - Precondition: the tensor is an output, or an output depends on it.
  package func values(of tensor: Tensor) -> [Scalar] {
    let pointer = pointer(to: tensor)
    return Array(UnsafeBufferPointer(start: pointer, count: tensor.elementCount))
  }

  /// Returns the values of a tensor in place; the next pass overwrites them.
  ///
  /// The executor has to be a parameter or a local variable.
  ///
  /// - Precondition: as for `values(of:)`.
  @_lifetime(borrow self)
  package func span(of tensor: Tensor) -> Span<Scalar> {
    _overrideLifetime(
      Span(_unsafeStart: pointer(to: tensor), count: tensor.elementCount), borrowing: self)
  }

  /// Sets the first value of a tensor, such as a coefficient.
  ///
  /// - Precondition: an output depends on the tensor.
  package func set(_ tensor: Tensor, to number: Scalar) { pointer(to: tensor)[0] = number }

  /// Returns the first value of a tensor, such as a loss or a metric.
  ///
  /// - Precondition: the tensor is an output, or an output depends on it.
  package func value(of tensor: Tensor) -> Scalar { pointer(to: tensor)[0] }

  /// Sets an input that is not bound to a fragment; does nothing if no output depends on it.
  ///
  /// - Precondition: the tensor is such an input with as many elements.
  package func set(_ tensor: Tensor, to numbers: [Scalar]) {
    precondition(tensor.elementType == nil && numbers.count == tensor.elementCount)
    guard isMemory(tensor) else { return }
    let target = self[Slot(tensor.id)]
    for (index, number) in numbers.enumerated() { target[index] = number }
  }

  /// Fills an input that is not bound to a fragment with standard normal numbers.
  ///
  /// The stream advances by the same number of words even if no output depends on the input.
  ///
  /// - Precondition: the tensor is such an input.
  package func drawNormal(_ tensor: Tensor, using random: inout PCG64) {
    let isUsed = isMemory(tensor)
    let target = self[Slot(tensor.id)]
    for index in 0..<tensor.elementCount {
      let number = random.standardNormal()
      if isUsed { target[index] = Scalar(number) }
    }
  }

  /// Sets an int32 input that is not bound to a fragment; does nothing if no output depends on it.
  ///
  /// - Precondition: the tensor is such an input with as many elements.
  package func set(_ tensor: Tensor, toIntegers numbers: [Int32]) {
    precondition(tensor.elementType == .int32 && numbers.count == tensor.elementCount)
    guard isMemory(tensor) else { return }
    let target = values[tensor.id].assumingMemoryBound(to: Int32.self)
    for (index, number) in numbers.enumerated() { target[index] = number }
  }

  /// Returns true if an unbound input has memory, because some output depends on it.
  private func isMemory(_ tensor: Tensor) -> Bool {
    precondition(tensor.graph === graph, "a tensor of another graph")
    precondition(
      graph.nodes[tensor.id].operation == .input(.memory),
      "only inputs that are not bound to a fragment can be set")
    return isPlaced[tensor.id]
  }

  /// Returns the address of a tensor's values.
  ///
  /// It is valid while the executor lives, for a bound input until the next binding.
  package func pointer(to tensor: Tensor) -> UnsafeMutablePointer<Scalar> {
    precondition(tensor.graph === graph, "a tensor of another graph")
    precondition(isPlaced[tensor.id], "this executor does not compute the tensor")
    return self[Slot(tensor.id)]
  }

  @inline(__always)
  subscript(_ slot: Slot) -> UnsafeMutablePointer<Scalar> {
    values[Int(slot.index)].assumingMemoryBound(to: Scalar.self)
  }

  @inline(__always)
  func integers(_ slot: Slot) -> UnsafePointer<Int32> {
    UnsafePointer(values[Int(slot.index)].assumingMemoryBound(to: Int32.self))
  }

  @inline(__always)
  func gradient(_ slot: Slot) -> UnsafeMutablePointer<Scalar>? {
    slotGradients[Int(slot.index)]
  }
}

/// The place in a fragment that a slot is bound to, in bytes.
///
/// It is not a type within `Executor`, whose generic parameter would be looked up at each binding.
struct FragmentBinding: BitwiseCopyable {
  var slot: Slot
  var offset: Int
  var rowStride: Int
}

extension UnsafeMutableBufferPointer {
  /// Allocates a buffer with a copy of the elements; the caller deallocates it.
  static func copy(of elements: [Element]) -> UnsafeMutableBufferPointer {
    let buffer = UnsafeMutableBufferPointer.allocate(capacity: elements.count)
    _ = buffer.initialize(from: elements)
    return buffer
  }
}
