import Rollout

extension ExportedPolicy {
  /// The version of ONNX's operators.
  package static let opset = 17
  /// The version of ONNX's format.
  package static let irVersion = 8

  /// Returns the ONNX model, with the first axis `batch` of every input and output.
  ///
  /// - Throws: `PolicyError` if it has 2 GiB or more, which the format does not allow.
  public func onnx() throws(PolicyError) -> [UInt8] {
    var model = ONNXTranslation(self)
    let bytes = model.encoded()
    guard bytes.count < 1 << 31 else {
      throw PolicyError(
        "the model has \(bytes.count) bytes, but ONNX allows less than 2 GiB: use a smaller network"
      )
    }
    return bytes
  }
}

/// The translation of a policy's step to operators of ONNX.
///
/// Results have the shapes of the traced graph, [1, B, …] with B unknown. Integers of the graph are
/// int64.
struct ONNXTranslation {
  private let policy: ExportedPolicy
  let step: StepTrace
  var graph: ONNXEncoder
  /// The name of each node's result.
  private var names: [Int: String] = [:]
  private var transposes: [Int: String] = [:]
  /// The name of B, int64 [1].
  private var batch = ""

  init(_ policy: ExportedPolicy) {
    self.policy = policy
    step = policy.several.two
    graph = ONNXEncoder((policy.inputs + policy.outputs).map(\.name))
  }

  mutating func encoded() -> [UInt8] {
    for port in step.inputs {
      graph.add(port.value, isInput: true)
      names[port.tensor.id] = read(port)
    }
    batch = graph.add(
      "Shape", [step.inputs[0].value.name], .integer("start", 0), .integer("end", 1))
    for id in step.order where names[id] == nil { names[id] = result(of: id) }
    for port in step.outputs {
      var result = name(port.tensor.id)
      let type = port.tensor.elementType.map(Self.type) ?? .float32
      if type != port.value.elementType { result = cast(result, to: port.value.elementType) }
      let shape = graph.integers([-1] + port.value.shape)
      graph.add("Reshape", [result, shape], name: port.value.name)
      graph.add(port.value, isInput: false)
    }
    return graph.model(
      opset: ExportedPolicy.opset, irVersion: ExportedPolicy.irVersion, facts: policy.facts
    ).bytes
  }

  /// The element type of a graph's tensor within the model.
  private static func type(_ type: ElementType) -> ElementType { type == .int32 ? .int64 : type }

  func name(_ id: Int) -> String {
    guard let name = names[id] else { preconditionFailure("operation \(id) precedes its operand") }
    return name
  }

  func node(_ id: Int) -> Graph.Node { step.node(id) }

  /// Adds the axis of rows to an input.
  private mutating func read(_ port: StepTrace.Port) -> String {
    var input = port.value.name
    if port.value.elementType == .int32 { input = cast(input, to: .int64) }
    return port.tensor.shape.count > port.value.shape.count + 1
      ? graph.add("Unsqueeze", [input, graph.integers([0])]) : input
  }

  mutating func cast(_ x: String, to type: ElementType) -> String {
    graph.add("Cast", [x], .integer("to", type.onnx))
  }

  private mutating func reshaped(_ x: String, _ id: Int) -> String {
    graph.add("Reshape", [x, graph.integers(policy.dimensions(id))])
  }

  mutating func unsqueezed(_ x: String, _ axes: [Int] = [-1]) -> String {
    graph.add("Unsqueeze", [x, graph.integers(axes)])
  }

  mutating func slice(_ x: String, axis: Int, _ range: Range<Int>) -> String {
    graph.add(
      "Slice",
      [
        x, graph.integers([range.lowerBound]), graph.integers([range.upperBound]),
        graph.integers([axis]),
      ])
  }

  // MARK: Operations

  private mutating func result(of id: Int) -> String {
    let node = node(id)
    let operands = step.operands(of: id)
    func shape(_ position: Int) -> [Int] { step.node(node.operands[position]).shape }
    switch node.operation {
    case .input, .accumulateBackwards: preconditionFailure("\(node.operation) in a step")
    case .parameter(let offset, _): return parameter(offset, node.shape)
    case .constant(let value): return graph.number(value)
    case .convert:
      let type = step.node(operands[0]).elementType
      return type == nil || type == .float32
        ? name(operands[0]) : cast(name(operands[0]), to: .float32)
    case .alias(.stopGradient): return name(operands[0])
    case .alias(.reshape): return reshaped(name(operands[0]), id)
    case .alias(.offset(let start)):
      let row = max(shape(0).dropFirst().reduce(1, *), 1)
      return slice(name(operands[0]), axis: 0, start / row..<start / row + node.shape[0])
    case .unary(let operation): return unary(operation, name(operands[0]))
    case .binary(let operation): return binary(operation, operands, id)
    case .reduce(let reduction): return reduce(reduction, name(operands[0]), shape(0))
    case .linear(let activation):
      let product = graph.add("MatMul", [name(operands[0]), transposed(operands[1])])
      let sum = operands.count > 2 ? graph.add("Add", [product, name(operands[2])]) : product
      return activated(sum, activation)
    case .convolution(let stride, let activation):
      let images = graph.add(
        "Reshape", [name(operands[0]), graph.integers([-1] + shape(0).suffix(3))])
      let sums = graph.add(
        "Conv", [images, name(operands[1]), name(operands[2])],
        .integers("strides", [stride, stride]))
      return activated(reshaped(sums, id), activation)
    case .layerNorm(let epsilon):
      return graph.add(
        "LayerNormalization", operands.map(name), .integer("axis", -1),
        .number("epsilon", epsilon))
    case .recurrent(let cell): return recurrent(cell, id)
    case .embedding: return graph.add("Gather", operands.map(name), .integer("axis", 0))
    case .concatenate: return graph.add("Concat", operands.map(name), .integer("axis", -1))
    case .columns(let start):
      return slice(name(operands[0]), axis: -1, start..<start + (node.shape.last ?? 1))
    case .repeatRows: return graph.add("Expand", [name(operands[0]), extents(id)])
    case .oneHot:
      let indices = graph.integers(Array(0..<(node.shape.last ?? 1)))
      return cast(
        graph.add("Equal", [unsqueezed(name(operands[0])), indices]), to: .float32)
    case .oneHotBits: return bits(name(operands[0]), node.shape.last ?? 1)
    case .indexOfLargest:
      return graph.add(
        "ArgMax", [name(operands[0])], .integer("axis", -1), .integer("keepdims", 0))
    case .swapLastAxes:
      let axes = Array(node.shape.indices)
      return graph.add(
        "Transpose", [name(operands[0])],
        .integers("perm", axes.dropLast(2) + axes.suffix(2).reversed()))
    case .sumLastAxis:
      return graph.add(
        "ReduceSum", [name(operands[0]), graph.integers([-1])], .integer("keepdims", 0))
    case .logSoftmax: return graph.add("LogSoftmax", [name(operands[0])], .integer("axis", -1))
    case .pick:
      let picked = graph.add(
        "GatherElements", [name(operands[0]), unsqueezed(name(operands[1]))], .integer("axis", -1))
      return graph.add("Squeeze", [picked, graph.integers([-1])])
    case .choose:
      let flags = graph.add("Cast", [name(operands[0])], .integer("to", ElementType.bool.onnx))
      let further = Array(shape(0).count..<node.shape.count)
      return graph.add(
        "Where",
        [
          further.isEmpty ? flags : unsqueezed(flags, further), name(operands[1]),
          name(operands[2]),
        ])
    }
  }

  private mutating func parameter(_ offset: Int, _ shape: [Int]) -> String {
    let entries = step.graph.parameters.entries
    guard let entry = entries.first(where: { $0.offset == offset && $0.shape == shape }) else {
      preconditionFailure("no parameter at \(offset)")
    }
    return graph.add(weights: Array(policy.weights[entry.range]), shape, named: entry.name)
  }

  mutating func transposed(_ weight: Int) -> String {
    if let name = transposes[weight] { return name }
    let name = graph.add("Transpose", [name(weight)], .integers("perm", [1, 0]))
    transposes[weight] = name
    return name
  }

  private mutating func unary(_ operation: UnaryOperation, _ x: String) -> String {
    switch operation {
    case .exponential: return graph.add("Exp", [x])
    case .logarithm: return graph.add("Log", [x])
    case .square: return graph.add("Mul", [x, x])
    case .affine(let scale, let shift):
      let scaled = scale == 1 ? x : graph.add("Mul", [x, graph.number(scale)])
      return shift == 0 ? scaled : graph.add("Add", [scaled, graph.number(shift)])
    case .clamp(let low, let high):
      return graph.add("Clip", [x, graph.number(low), graph.number(high)])
    case .atLeast(let bound):
      return cast(graph.add("GreaterOrEqual", [x, graph.number(bound)]), to: .float32)
    case .sigmoid: return graph.add("Sigmoid", [x])
    case .activation(let activation): return activated(x, activation)
    }
  }

  private mutating func activated(_ x: String, _ activation: Activation) -> String {
    switch activation {
    case .identity: return x
    case .relu: return graph.add("Relu", [x])
    case .elu: return graph.add("Elu", [x])
    case .tanh: return graph.add("Tanh", [x])
    case .silu: return graph.add("Mul", [x, graph.add("Sigmoid", [x])])
    case .gelu:
      // Φ(x) = (1 + erf(x / √2)) / 2
      let erf = graph.add("Erf", [graph.add("Mul", [x, graph.number(0.5.squareRoot())])])
      let doubled = graph.add("Add", [erf, graph.number(1)])
      return graph.add("Mul", [graph.add("Mul", [x, graph.number(0.5)]), doubled])
    }
  }

  private mutating func binary(
    _ operation: BinaryOperation, _ operands: [Int], _ id: Int
  ) -> String {
    let type =
      switch operation {
      case .add: "Add"
      case .subtract: "Sub"
      case .multiply: "Mul"
      case .divide: "Div"
      case .minimum: "Min"
      case .maximum: "Max"
      }
    let result = node(id).shape
    let fitting = operands.map { operand -> String in
      let shape = node(operand).shape
      let count = shape.reduce(1, *)
      if shape == result { return name(operand) }
      if count == result.reduce(1, *) { return reshaped(name(operand), id) }
      // One number for all elements, or one for each row of the last axis.
      return count == 1
        ? graph.add("Reshape", [name(operand), graph.integers([])]) : unsqueezed(name(operand))
    }
    return graph.add(type, fitting)
  }

  private mutating func reduce(_ reduction: Reduction, _ x: String, _ shape: [Int]) -> String {
    switch reduction {
    case .sum: return graph.add("ReduceSum", [x], .integer("keepdims", 0))
    case .mean: return graph.add("ReduceMean", [x], .integer("keepdims", 0))
    case .largest: return graph.add("ReduceMax", [x], .integer("keepdims", 0))
    case .deviation:
      let mean = graph.add("ReduceMean", [x], .integer("keepdims", 0))
      let difference = graph.add("Sub", [x, mean])
      let squares = graph.add("ReduceSumSquare", [difference], .integer("keepdims", 0))
      let count = Double(max(shape.reduce(1, *) - 1, 1))
      return graph.add("Sqrt", [graph.add("Div", [squares, graph.number(count)])])
    }
  }

  /// Returns the bits of integers, two's complement, lowest first.
  private mutating func bits(_ x: String, _ count: Int) -> String {
    // Shifts are defined for unsigned numbers.
    func unsigned(_ name: String) -> String { graph.add("Cast", [name], .integer("to", 13)) }
    let places = unsigned(graph.integers(Array(0..<count)))
    let shifted = graph.add(
      "BitShift", [unsigned(unsqueezed(x)), places], .text("direction", "RIGHT"))
    return cast(graph.add("Mod", [shifted, unsigned(graph.integers([2]))]), to: .float32)
  }

  /// Returns the name of a node's shape as a vector with the number of environments.
  private mutating func extents(_ id: Int) -> String {
    let (shape, dimensions) = (node(id).shape, policy.dimensions(id))
    guard let axis = dimensions.firstIndex(of: -1) else { return graph.integers(shape) }
    // The step is traced for two environments.
    let factor = shape[axis] / 2
    let extent = factor == 1 ? batch : graph.add("Mul", [batch, graph.integers([factor])])
    let parts = [
      axis > 0 ? graph.integers(Array(shape[..<axis])) : nil, extent,
      axis + 1 < shape.count ? graph.integers(Array(shape[(axis + 1)...])) : nil,
    ].compactMap(\.self)
    return parts.count == 1 ? parts[0] : graph.add("Concat", parts, .integer("axis", 0))
  }
}
