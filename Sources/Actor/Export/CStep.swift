import Rollout

/// The statements of a step in C: one loop, or a few, for each operation of the trace.
struct CStep {
  private let step: StepTrace
  private(set) var lines: [String] = []
  /// The address of each node's first element.
  private var addresses: [Int: String] = [:]

  init(_ step: StepTrace) { self.step = step }

  /// Returns the expression of the address of a node's first element.
  func expression(_ id: Int) -> String {
    guard let address = addresses[id] else {
      preconditionFailure("operation \(id) precedes its operand")
    }
    return address
  }

  /// Sets the address of a node's values.
  mutating func bind(_ id: Int, to address: String) { addresses[id] = address }

  /// Sets the address of an input.
  mutating func bind(_ tensor: Tensor, to address: String) { bind(tensor.id, to: address) }

  /// Copies an input, which may be overwritten while its old values are needed.
  mutating func copy(_ tensor: Tensor, from address: String) {
    let out = declare(tensor.id)
    loop(tensor.elementCount) { "\(out)[\($0)] = \(address)[\($0)];" }
  }

  /// Adds a loop over `count` elements around one statement.
  mutating func loop(_ count: Int, _ statement: (_ index: String) -> String) {
    lines.append("for (int i = 0; i < \(count); i++) \(statement("i"))")
  }

  /// Adds a loop over rows and `width` elements of each around one statement.
  private mutating func loop(
    _ rows: Int, _ width: Int, _ statement: (_ row: String, _ index: String) -> String
  ) {
    lines.append("for (int r = 0; r < \(rows); r++)")
    lines.append("  for (int i = 0; i < \(width); i++) \(statement("r", "i"))")
  }

  /// Adds a loop over rows around several statements.
  private mutating func rows(_ count: Int, _ statements: [String]) {
    lines.append("for (int r = 0; r < \(count); r++) {")
    lines += statements.map { "  \($0)" } + ["}"]
  }

  /// Declares the memory of a node's result and returns its name.
  private mutating func declare(_ id: Int) -> String {
    let node = step.node(id)
    let count = max(node.shape.reduce(1, *), 1)
    lines.append("\((node.elementType ?? .float32).cType) t\(id)[\(count)];")
    addresses[id] = "t\(id)"
    return "t\(id)"
  }

  // MARK: Operations

  /// Adds the statements of an operation.
  mutating func emit(_ id: Int) {
    let node = step.node(id)
    let operands = step.operands(of: id)
    let shapes = operands.map { step.node($0).shape }
    let count = node.shape.reduce(1, *)
    let width = node.shape.last ?? 1
    let rowCount = count / max(width, 1)
    if addresses[id] != nil { return }
    if let alias = alias(node, operands) { return addresses[id] = alias }
    let out = declare(id)
    let x = operands.map { expression($0) }
    switch node.operation {
    case .input, .parameter, .alias, .accumulateBackwards:
      preconditionFailure("\(node.operation) has no statements")
    case .constant(let value): lines.append("\(out)[0] = \(CText.number(value));")
    case .convert: loop(count) { "\(out)[\($0)] = (float)\(x[0])[\($0)];" }
    case .unary(let operation):
      loop(count) { "\(out)[\($0)] = \(operation.c("\(x[0])[\($0)]"));" }
    case .binary(let operation):
      let (left, right) = Self.indices(.init(shapes[0], shapes[1]))
      loop(count) { _ in "\(out)[i] = \(operation.c("\(x[0])[\(left)]", "\(x[1])[\(right)]"));" }
    case .reduce(let reduction): reduce(reduction, out, x[0], shapes[0].reduce(1, *))
    case .linear(let activation):
      let (inputs, outputs) = (shapes[1][1], shapes[1][0])
      rows(
        rowCount,
        [
          "for (int o = 0; o < \(outputs); o++) {",
          "  float sum = \(x.count > 2 ? "\(x[2])[o]" : "0.0f");",
          "  for (int i = 0; i < \(inputs); i++)",
          "    sum += \(x[1])[o * \(inputs) + i] * \(x[0])[r * \(inputs) + i];",
          "  \(out)[r * \(outputs) + o] = \(activation.c("sum"));",
          "}",
        ])
    case .convolution(let stride, let activation):
      convolve(out, x, image: shapes[0], weight: shapes[1], node.shape, stride, activation)
    case .layerNorm(let epsilon):
      rows(
        rowCount,
        [
          "const float *row = \(x[0]) + r * \(width);",
          "float mean = 0.0f, variance = 0.0f;",
          "for (int i = 0; i < \(width); i++) mean += row[i];",
          "mean /= \(CText.number(Float(width)));",
          "for (int i = 0; i < \(width); i++) variance += (row[i] - mean) * (row[i] - mean);",
          "float scale = 1.0f / sqrtf(variance / \(CText.number(Float(width)))"
            + " + \(CText.number(epsilon)));",
          "for (int i = 0; i < \(width); i++)",
          "  \(out)[r * \(width) + i] = (row[i] - mean) * scale * \(x[1])[i] + \(x[2])[i];",
        ])
    case .recurrent(let cell): recurrent(cell, id, out)
    case .embedding:
      checkChoices(x[1], rowCount, shapes[0][0])
      loop(rowCount, width) {
        "\(out)[\($0) * \(width) + \($1)] = \(x[0])[\(x[1])[r] * \(width) + i];"
      }
    case .concatenate:
      var start = 0
      for (part, shape) in zip(x, shapes) {
        let partWidth = shape.last ?? 1
        loop(rowCount, partWidth) { row, i in
          "\(out)[\(row) * \(width) + \(start) + \(i)] = \(part)[\(row) * \(partWidth) + \(i)];"
        }
        start += partWidth
      }
    case .columns(let start):
      let stride = shapes[0].last ?? 1
      loop(rowCount, width) { row, index in
        "\(out)[\(row) * \(width) + \(index)] = \(x[0])[\(row) * \(stride) + \(start) + \(index)];"
      }
    case .repeatRows: loop(rowCount, width) { "\(out)[\($0) * \(width) + \($1)] = \(x[0])[\($1)];" }
    case .oneHot:
      checkChoices(x[0], rowCount, width)
      loop(rowCount, width) {
        "\(out)[\($0) * \(width) + \($1)] = \(x[0])[\($0)] == \($1) ? 1.0f : 0.0f;"
      }
    case .oneHotBits:
      loop(rowCount, width) { row, i in
        let bit = "(\(x[0])[\(row)] >> (\(i) < 31 ? \(i) : 31)) & 1"
        return "\(out)[\(row) * \(width) + \(i)] = (float)(\(bit));"
      }
    case .indexOfLargest:
      let classes = shapes[0].last ?? 1
      rows(
        count,
        [
          "\(out)[r] = 0;",
          "for (int i = 1; i < \(classes); i++)",
          "  if (\(x[0])[r * \(classes) + i] > \(x[0])[r * \(classes) + \(out)[r]]) \(out)[r] = i;",
        ])
    case .swapLastAxes:
      let (height, columns) = (shapes[0][shapes[0].count - 2], shapes[0][shapes[0].count - 1])
      rows(
        count / max(height * columns, 1),
        [
          "for (int i = 0; i < \(height); i++)",
          "  for (int j = 0; j < \(columns); j++)",
          "    \(out)[(r * \(columns) + j) * \(height) + i] ="
            + " \(x[0])[(r * \(height) + i) * \(columns) + j];",
        ])
    case .sumLastAxis:
      let columns = shapes[0].last ?? 1
      rows(
        count,
        [
          "\(out)[r] = 0.0f;",
          "for (int i = 0; i < \(columns); i++) \(out)[r] += \(x[0])[r * \(columns) + i];",
        ])
    case .logSoftmax:
      rows(
        rowCount,
        [
          "const float *row = \(x[0]) + r * \(width);",
          "float largest = row[0], sum = 0.0f;",
          "for (int i = 1; i < \(width); i++) if (row[i] > largest) largest = row[i];",
          "for (int i = 0; i < \(width); i++) sum += expf(row[i] - largest);",
          "for (int i = 0; i < \(width); i++)",
          "  \(out)[r * \(width) + i] = row[i] - largest - logf(sum);",
        ])
    case .pick:
      let classes = shapes[0].last ?? 1
      checkChoices(x[1], count, classes)
      loop(count) { "\(out)[\($0)] = \(x[0])[\($0) * \(classes) + \(x[1])[\($0)]];" }
    case .choose:
      let each = count / max(shapes[0].reduce(1, *), 1)
      let (left, right) = (shapes[1] == node.shape, shapes[2] == node.shape)
      loop(count) {
        "\(out)[\($0)] = \(x[0])[\($0) / \(each)] != 0.0f ? \(x[1])[\(left ? $0 : "0")]"
          + " : \(x[2])[\(right ? $0 : "0")];"
      }
    }
  }

  /// Returns the address of a result that is in its operand's memory; `nil` for others.
  private func alias(_ node: Graph.Node, _ operands: [Int]) -> String? {
    switch node.operation {
    case .alias(.offset(let start)): "(\(expression(operands[0])) + \(start))"
    case .alias: expression(operands[0])
    case .convert where step.node(operands[0]).elementType == .float32: expression(operands[0])
    default: nil
    }
  }

  /// Adds a check that choices are within 0 ..< limit.
  private mutating func checkChoices(_ x: String, _ count: Int, _ limit: Int) {
    loop(count) { "if (\(x)[\($0)] < 0 || \(x)[\($0)] >= \(limit)) return -1;" }
  }

  /// Returns the indices of both operands for the element `i`.
  private static func indices(_ broadcast: Instruction.Broadcast) -> (left: String, right: String) {
    switch broadcast {
    case .none: ("i", "i")
    case .left: ("0", "i")
    case .right: ("i", "0")
    case .leftRows(let width): ("i / \(width)", "i")
    case .rightRows(let width): ("i", "i / \(width)")
    }
  }

  private mutating func reduce(_ reduction: Reduction, _ out: String, _ x: String, _ count: Int) {
    func sum(_ term: String) -> String {
      "for (int i = 0; i < \(count); i++) \(out)[0] += \(term);"
    }
    let number = CText.number(Float(count))
    switch reduction {
    case .sum: lines += ["\(out)[0] = 0.0f;", sum("\(x)[i]")]
    case .mean: lines += ["\(out)[0] = 0.0f;", sum("\(x)[i]"), "\(out)[0] /= \(number);"]
    case .largest:
      lines += [
        "\(out)[0] = \(x)[0];",
        "for (int i = 1; i < \(count); i++) if (\(x)[i] > \(out)[0]) \(out)[0] = \(x)[i];",
      ]
    case .deviation:
      lines += [
        "{", "  float mean = 0.0f;", "  for (int i = 0; i < \(count); i++) mean += \(x)[i];",
        "  mean /= \(number);", "  \(out)[0] = 0.0f;",
        "  \(sum("(\(x)[i] - mean) * (\(x)[i] - mean)"))",
        "  \(out)[0] = sqrtf(\(out)[0] / \(CText.number(Float(max(count - 1, 1)))));", "}",
      ]
    }
  }

  private mutating func convolve(
    _ out: String, _ x: [String], image: [Int], weight: [Int], _ shape: [Int], _ stride: Int,
    _ activation: Activation
  ) {
    let (channels, height, width) = (
      image[image.count - 3], image[image.count - 2], image[image.count - 1]
    )
    let kernel = weight[2]
    let size = shape.suffix(3).map { $0 }
    rows(
      image.dropLast(3).reduce(1, *) * size[0],
      [
        "for (int y = 0; y < \(size[1]); y++)",
        "  for (int z = 0; z < \(size[2]); z++) {",
        "    float sum = \(x[2])[r % \(size[0])];",
        "    for (int c = 0; c < \(channels); c++)",
        "      for (int j = 0; j < \(kernel); j++)",
        "        for (int k = 0; k < \(kernel); k++)",
        "          sum += \(x[1])[((r % \(size[0]) * \(channels) + c) * \(kernel) + j)"
          + " * \(kernel) + k]",
        "            * \(x[0])[((r / \(size[0]) * \(channels) + c) * \(height)"
          + " + y * \(stride) + j) * \(width) + z * \(stride) + k];",
        "    \(out)[(r * \(size[1]) + y) * \(size[2]) + z] = \(activation.c("sum"));",
        "  }",
      ])
  }

  /// Adds the rows of an LSTM or a GRU; the result is [states, T, 1, size].
  private mutating func recurrent(_ cell: RecurrentCell, _ id: Int, _ out: String) {
    let node = step.node(id)
    let operands = node.operands
    let (steps, environments, size) = (node.shape[1], node.shape[2], node.shape[3])
    let gates = cell.gateCount * size
    let x = operands.enumerated().map { $0 == 3 && !step.resets(id) ? "" : expression($1) }
    let row = "(r * \(environments) + b)"
    let cells = steps * environments * size
    func before(_ state: Int) -> String {
      let previous = "\(out)[\(state * cells) + (\(row) - \(environments)) * \(size) + i]"
      let first = "\(x[4 + state])[b * \(size) + i]"
      let value = steps == 1 ? first : "(r > 0 ? \(previous) : \(first))"
      return step.resets(id) ? "(\(x[3])[\(row)] != 0.0f ? 0.0f : \(value))" : value
    }
    func gate(_ number: Int) -> String { "p[\(number * size) + i] + q[\(number * size) + i]" }
    var statements = [
      "for (int b = 0; b < \(environments); b++) {",
      "  const float *p = \(x[0]) + \(row) * \(gates);",
      "  float h[\(size)], q[\(gates)];",
      "  for (int i = 0; i < \(size); i++) h[i] = \(before(0));",
      "  for (int o = 0; o < \(gates); o++) {",
      "    q[o] = \(x[2])[o];",
      "    for (int i = 0; i < \(size); i++) q[o] += \(x[1])[o * \(size) + i] * h[i];",
      "  }",
      "  for (int i = 0; i < \(size); i++) {",
    ]
    func sigmoid(_ x: String) -> String { UnaryOperation.sigmoid.c(x) }
    switch cell {
    case .lstm:
      statements += [
        "    float in = \(sigmoid("(\(gate(0)))")), forget = \(sigmoid("(\(gate(1)))"));",
        "    float c = forget * \(before(1)) + in * tanhf(\(gate(2)));",
        "    \(out)[\(cells) + \(row) * \(size) + i] = c;",
        "    \(out)[\(row) * \(size) + i] = \(sigmoid("(\(gate(3)))")) * tanhf(c);",
      ]
    case .gru:
      statements += [
        "    float reset = \(sigmoid("(\(gate(0)))")), update = \(sigmoid("(\(gate(1)))"));",
        "    float n = tanhf(p[\(2 * size) + i] + reset * q[\(2 * size) + i]);",
        "    \(out)[\(row) * \(size) + i] = n + update * (h[i] - n);",
      ]
    }
    rows(steps, statements + ["  }", "}"])
  }
}
