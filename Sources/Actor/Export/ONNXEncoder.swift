import Rollout

/// An encoder of ONNX's graph message: nodes, constants, inputs and outputs.
///
/// Numbers of fields are those of onnx.proto3, IR version 8.
struct ONNXEncoder {
  /// An attribute of a node.
  enum Attribute {
    case integer(String, Int)
    case integers(String, [Int])
    case number(String, Double)
    case text(String, String)
  }

  private var graph = ProtocolBuffer()
  private var constants: [String: String] = [:]
  private var taken: Set<String>
  private var count = 0

  /// Creates an empty graph.
  ///
  /// - Parameter names: the names of inputs and outputs.
  init(_ names: [String]) { taken = Set(names) }

  /// Adds a node and returns the name of its first result.
  ///
  /// - Parameters:
  ///   - name: the name of the result; `nil` for a new one.
  ///   - results: the number of results; further ones have names from `further(_:of:)`.
  @discardableResult
  mutating func add(
    _ type: String, _ operands: [String], _ attributes: Attribute..., name: String? = nil,
    results: Int = 1
  ) -> String {
    let name = name ?? unique("\(type)_\(count)")
    count += 1
    var node = ProtocolBuffer()
    for operand in operands { node.add(1, text: operand) }
    for result in 0..<results { node.add(2, text: Self.further(result, of: name)) }
    node.add(3, text: "node_\(count)")
    node.add(4, text: type)
    for attribute in attributes { node.add(5, attribute.message) }
    graph.add(1, node)
    return name
  }

  /// Returns the name of a node's result by its number.
  static func further(_ result: Int, of name: String) -> String {
    result == 0 ? name : "\(name).\(result)"
  }

  /// Adds weights as a constant and returns its name.
  mutating func add(weights: [Float], _ shape: [Int], named name: String) -> String {
    addConstant(name, .float32, shape) { $0.add(9, singles: weights) }
  }

  /// Returns the name of a vector of int64.
  mutating func integers(_ values: [Int]) -> String {
    shared("\(values)") {
      $0.addConstant("integers", .int64, [values.count]) { tensor in
        for value in values { tensor.add(7, integer: value) }
      }
    }
  }

  /// Returns the name of a scalar of float32.
  mutating func number(_ value: Double) -> String {
    shared("\(value)") {
      $0.addConstant("number", .float32, []) { $0.add(9, singles: [Float(value)]) }
    }
  }

  /// Adds an input or output with the first axis `batch`.
  mutating func add(_ value: ExportedPolicy.Value, isInput: Bool) {
    var first = ProtocolBuffer()
    first.add(2, text: "batch")
    var shape = ProtocolBuffer()
    shape.add(1, first)
    for extent in value.shape {
      var dimension = ProtocolBuffer()
      dimension.add(1, integer: extent)
      shape.add(1, dimension)
    }
    var tensor = ProtocolBuffer()
    tensor.add(1, integer: value.elementType.onnx)
    tensor.add(2, shape)
    var type = ProtocolBuffer()
    type.add(1, tensor)
    var information = ProtocolBuffer()
    information.add(1, text: value.name)
    information.add(2, type)
    graph.add(isInput ? 11 : 12, information)
  }

  /// Returns the encoded model.
  func model(opset: Int, irVersion: Int, facts: [(name: String, text: String)]) -> ProtocolBuffer {
    var named = graph
    named.add(2, text: "policy")
    var operators = ProtocolBuffer()
    operators.add(1, text: "")
    operators.add(2, integer: opset)
    var model = ProtocolBuffer()
    model.add(1, integer: irVersion)
    model.add(2, text: "rlplay")
    model.add(3, text: releaseVersion)
    model.add(7, named)
    model.add(8, operators)
    for (name, text) in facts {
      var entry = ProtocolBuffer()
      entry.add(1, text: name)
      entry.add(2, text: text)
      model.add(14, entry)
    }
    return model
  }

  /// Returns the name of a constant, which is added at its first use.
  private mutating func shared(_ key: String, _ add: (inout ONNXEncoder) -> String) -> String {
    if let name = constants[key] { return name }
    let name = add(&self)
    constants[key] = name
    return name
  }

  private mutating func addConstant(
    _ name: String, _ type: ElementType, _ shape: [Int], _ fill: (inout ProtocolBuffer) -> Void
  ) -> String {
    let name = unique(name)
    var tensor = ProtocolBuffer()
    for extent in shape { tensor.add(1, integer: extent) }
    tensor.add(2, integer: type.onnx)
    fill(&tensor)
    tensor.add(8, text: name)
    graph.add(5, tensor)
    return name
  }

  /// Returns a name that nothing else has.
  private mutating func unique(_ name: String) -> String {
    var name = name
    while !taken.insert(name).inserted { name += "_" }
    return name
  }
}

extension ONNXEncoder.Attribute {
  fileprivate var message: ProtocolBuffer {
    var message = ProtocolBuffer()
    switch self {
    case .number(let name, let value):
      message.add(1, text: name)
      message.add(2, single: Float(value))
      message.add(20, integer: 1)
    case .integer(let name, let value):
      message.add(1, text: name)
      message.add(3, integer: value)
      message.add(20, integer: 2)
    case .text(let name, let value):
      message.add(1, text: name)
      message.add(4, text: value)
      message.add(20, integer: 3)
    case .integers(let name, let values):
      message.add(1, text: name)
      for value in values { message.add(8, integer: value) }
      message.add(20, integer: 7)
    }
    return message
  }
}

extension ElementType {
  /// The number of the type in ONNX.
  var onnx: Int {
    switch self {
    case .float32: 1
    case .uint8: 2
    case .int32: 6
    case .int64: 7
    case .bool: 9
    case .float64: 11
    }
  }
}
