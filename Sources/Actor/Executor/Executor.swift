import Rollout

/// Runs a traced graph, forwards and backwards, over memory planned once.
///
/// An executor in Float is the engine; one in Double checks it. After the first run nothing is allocated, no reference is
/// counted and nothing is looked up by name.
///
///     let executor = Executor<Float>(graph, outputs: [logits], loss: loss)
///     executor.weightsChanged()
///     executor.bind(batch.view)
///     executor.forward()
///     executor.backward()          // fills executor.gradients
public final class Executor<Scalar: KernelScalar> {
  /// The weights, as the graph's parameter layout slices them; call `weightsChanged` after changing them.
  public let weights: FlatVector<Scalar>
  /// The loss's gradient by each weight, as the last `backward` left it; empty without a loss.
  public let gradients: FlatVector<Scalar>

  let prologue: UnsafeMutableBufferPointer<Instruction>
  let body: UnsafeMutableBufferPointer<Instruction>
  /// The address of each slot's values.
  let values: UnsafeMutablePointer<UnsafeMutableRawPointer>
  /// The address of each slot's gradient; nil where none flows.
  let slotGradients: UnsafeMutablePointer<UnsafeMutablePointer<Scalar>?>

  private let arena: FlatVector<Scalar>
  private let gradientArena: FlatVector<Scalar>
  private let scratch: FlatVector<Scalar>
  private let bindings: UnsafeMutableBufferPointer<Binding>
  private let loss: Slot
  private let graph: Graph
  /// Whether a node's values lie anywhere: not so when nothing that was asked for needs them.
  private let isPlaced: [Bool]

  private struct Binding: BitwiseCopyable {
    var slot: Slot
    var offset: Int
    var rowStride: Int
  }

  /// Plans a graph.
  ///
  /// - Parameters:
  ///   - outputs: what has to be computed, and stays readable after a run.
  ///   - loss: a single number to take gradients of.
  ///   - weights: the weights to use in place; a vector of zeros is made when there is none.
  /// - Precondition: `weights` has as many numbers as the graph's parameters.
  public init(
    _ graph: Graph, outputs: [Tensor], loss: Tensor? = nil, weights: FlatVector<Scalar>? = nil
  ) {
    precondition(loss?.elementCount ?? 1 == 1, "a loss is a single number")
    let plan = Plan(
      graph, outputs: outputs, loss: loss,
      scalarType: Scalar.self == Float.self ? .float32 : .float64)
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
    isPlaced = plan.places.map { if case .unused = $0 { false } else { true } }
    prologue = .copy(of: plan.prologue)
    body = .copy(of: plan.body)
    self.loss = loss.map { Slot($0.id) } ?? .none

    let slotCount = plan.places.count
    values = .allocate(capacity: slotCount)
    slotGradients = .allocate(capacity: slotCount)
    slotGradients.initialize(repeating: nil, count: slotCount)
    values.initialize(repeating: UnsafeMutableRawPointer(arena.base), count: slotCount)
    var bound: [Binding] = []
    for (index, place) in plan.places.enumerated() {
      let carriesGradient = plan.needsGradient[index]
      switch place {
      case .unused: break
      case .arena(let start):
        values[index] = UnsafeMutableRawPointer(arena.base) + start
        if carriesGradient {
          // Only the executor's own numbers carry gradients, so these bytes are whole elements.
          slotGradients[index] = gradientArena.base + start / MemoryLayout<Scalar>.stride
        }
      case .scratch(let start):
        values[index] = UnsafeMutableRawPointer(scratch.base) + start
      case .weights(let start):
        values[index] = UnsafeMutableRawPointer(self.weights.base + start)
        if carriesGradient { slotGradients[index] = gradients.base + start }
      case .fragment(let offset, let rowStride):
        bound.append(Binding(slot: Slot(index), offset: offset, rowStride: rowStride))
      }
    }
    bindings = .copy(of: bound)
    for (slot, value) in plan.constants { self[slot][0] = Scalar(value) }
  }

  deinit {
    prologue.deallocate()
    body.deallocate()
    bindings.deallocate()
    values.deallocate()
    slotGradients.deallocate()
  }

  // MARK: Running

  /// Renews what is derived from the weights; to be called after they changed and before the next run.
  public func weightsChanged() { run(prologue) }

  /// Points the graph's inputs at a fragment's memory, rows counted from `row`.
  ///
  /// - Precondition: the fragment has the layout that the graph's columns came from, and lives until the next binding.
  public func bind(_ fragment: FragmentView, row: Int = 0) {
    for binding in bindings {
      values[Int(binding.slot.index)] =
        fragment.base + (binding.offset &+ row &* binding.rowStride)
    }
  }

  /// Computes all outputs and the loss.
  public func forward() { run(body) }

  /// Computes the loss's gradient by every weight; needs a `forward` before it.
  ///
  /// - Precondition: the executor was given a loss.
  public func backward() {
    gradients.clear()
    addGradients()
  }

  /// Adds the loss's gradient by every weight to what `gradients` hold; needs a `forward` before it.
  ///
  /// To numbers that are not 0 it adds term by term, so that the sum may differ from the two gradients' sum in its last bits.
  ///
  /// - Precondition: the executor was given a loss.
  public func addGradients() {
    precondition(loss.isPresent, "no loss to take gradients of")
    gradientArena.clear()
    guard let seed = slotGradients[Int(loss.index)] else { return }
    seed[0] = 1
    runBackward(body)
  }

  // MARK: Reading and setting

  /// The values of an output, row-major, copied.
  ///
  /// - Precondition: it is an output, or an output depends on it.
  public func values(of tensor: Tensor) -> [Scalar] {
    let pointer = pointer(to: tensor)
    return Array(UnsafeBufferPointer(start: pointer, count: tensor.elementCount))
  }

  /// The first value of an output: of a loss or a metric.
  ///
  /// - Precondition: it is an output, or an output depends on it.
  public func value(of tensor: Tensor) -> Scalar { pointer(to: tensor)[0] }

  /// Sets an input that is not bound to a fragment; harmless when nothing depends on it.
  ///
  /// - Precondition: the tensor is such an input and takes that many numbers.
  public func set(_ tensor: Tensor, to numbers: [Scalar]) {
    precondition(tensor.elementType == nil && numbers.count == tensor.elementCount)
    guard isMemory(tensor) else { return }
    let target = self[Slot(tensor.id)]
    for (index, number) in numbers.enumerated() { target[index] = number }
  }

  /// Sets an input of integers that is not bound to a fragment; harmless when nothing depends on it.
  ///
  /// - Precondition: the tensor is such an input and takes that many numbers.
  public func set(_ tensor: Tensor, toIntegers numbers: [Int32]) {
    precondition(tensor.elementType == .int32 && numbers.count == tensor.elementCount)
    guard isMemory(tensor) else { return }
    let target = values[tensor.id].assumingMemoryBound(to: Int32.self)
    for (index, number) in numbers.enumerated() { target[index] = number }
  }

  /// Whether an input has memory of its own here; only those that something depends on do.
  private func isMemory(_ tensor: Tensor) -> Bool {
    precondition(tensor.graph === graph, "a tensor of another graph")
    precondition(
      graph.nodes[tensor.id].operation == .input(.memory),
      "only inputs that are not bound to a fragment can be set")
    return isPlaced[tensor.id]
  }

  /// Where a tensor's values lie; valid while the executor lives, for an input until the next binding.
  package func pointer(to tensor: Tensor) -> UnsafeMutablePointer<Scalar> {
    precondition(tensor.graph === graph, "a tensor of another graph")
    precondition(isPlaced[tensor.id], "nobody asked this executor for this tensor")
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

extension UnsafeMutableBufferPointer {
  /// Memory of its own with the same elements; the caller deallocates it.
  static func copy(of elements: [Element]) -> UnsafeMutableBufferPointer {
    let buffer = UnsafeMutableBufferPointer.allocate(capacity: elements.count)
    _ = buffer.initialize(from: elements)
    return buffer
  }
}
