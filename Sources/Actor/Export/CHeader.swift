import Rollout

extension ExportedPolicy {
  /// Returns a C header with the policy as a function, for one environment.
  ///
  /// It has C99, includes only `<math.h>` and allocates nothing.
  ///
  /// - Parameter name: the prefix of all names; other characters than letters and digits become
  ///   underscores.
  public func header(named name: String) -> String {
    var header = CHeader(self, CText.word(name))
    return header.text()
  }
}

/// The translation of a policy's step to C.
struct CHeader {
  private let policy: ExportedPolicy
  private let prefix: String
  private let inputs: [Member]
  private let state: [Member]
  private let outputs: [Member]
  private var names = CText()
  private var weights: [String] = []
  private var step: CStep

  /// A member of a structure with its tensor in the step.
  private struct Member {
    var name: String
    var value: ExportedPolicy.Value
    var tensor: Tensor
    /// The tensor with the value for the next step.
    var next: Tensor?

    /// The declaration, such as `float obs[4];`.
    var declaration: String {
      let extent = value.shape.isEmpty ? "" : "[\(value.elementCount)]"
      let shape = value.shape.count > 1 ? "  /* \(value.shape), row-major */" : ""
      return "  \(value.cType) \(name)\(extent);\(shape)"
    }

    /// Returns the address of the first element in a structure.
    func address(_ structure: String) -> String {
      value.shape.isEmpty ? "(&\(structure)->\(name))" : "\(structure)->\(name)"
    }
  }

  init(_ policy: ExportedPolicy, _ prefix: String) {
    self.policy = policy
    self.prefix = prefix
    let outputs = policy.step.outputs
    let nextNames = Set(policy.inputs.filter(\.isCarried).map(\.next.name))
    func members(_ ports: [StepTrace.Port]) -> [Member] {
      var names = CText()
      // An empty array is no member of a structure.
      return ports.filter { $0.value.elementCount > 0 }.map { port in
        Member(
          name: names.identifier(port.value.name), value: port.value, tensor: port.tensor,
          next: port.value.isCarried
            ? outputs.first { $0.value.name == port.value.next.name }?.tensor : nil)
      }
    }
    inputs = members(policy.step.inputs.filter { !$0.value.isCarried })
    state = members(policy.step.inputs.filter(\.value.isCarried))
    self.outputs = members(outputs.filter { !nextNames.contains($0.value.name) })
    step = CStep(policy.step)
    // No weights may have the name of a type or of the function.
    for name in ["input", "state", "output", "step"] {
      _ = names.identifier("\(prefix)_\(name)")
    }
  }

  /// The parameters of the function with their types.
  private var parameters: [String] {
    (inputs.isEmpty ? [] : ["const \(prefix)_input *input"])
      + (state.isEmpty ? [] : ["\(prefix)_state *state"]) + ["\(prefix)_output *output"]
  }

  mutating func text() -> String {
    for member in inputs { step.bind(member.tensor, to: member.address("input")) }
    for member in state {
      step.copy(member.tensor, from: member.address("state"))
    }
    for id in policy.step.order {
      if case .parameter(let offset, _) = policy.step.node(id).operation {
        step.bind(id, to: declareWeights(at: offset))
      } else {
        step.emit(id)
      }
    }
    for member in outputs { store(member, member.tensor, in: "output") }
    for member in state {
      if let next = member.next { store(member, next, in: "state") }
    }
    let guardName = "\(prefix.uppercased())_H"
    var lines = [
      introduction, "#ifndef \(guardName)", "#define \(guardName)", "", "#include <math.h>",
    ]
    lines += structure("input", "The inputs of a step.", inputs)
    lines += structure(
      "state", "The values carried from step to step; zeros at the beginning of an episode.", state)
    lines += structure("output", "The results of a step.", outputs)
    lines += [""] + weights
    lines += [
      "", "/* Makes a step; returns 0, or -1 without any change if a choice is out of range. */",
      "static inline int \(prefix)_step(\(parameters.joined(separator: ", "))) {",
    ]
    lines += step.lines.map { "  \($0)" } + ["  return 0;", "}", "", "#endif", ""]
    return lines.joined(separator: "\n")
  }

  /// The first comment.
  private var introduction: String {
    let facts = policy.facts.map { " * \(CText.comment("\($0.name): \($0.text)"))" }
    return
      (["/* A policy of rlplay \(releaseVersion).", " *"] + facts + [" */"])
      .joined(separator: "\n")
  }

  private func structure(_ name: String, _ summary: String, _ members: [Member]) -> [String] {
    members.isEmpty
      ? []
      : ["", "/* \(summary) */", "typedef struct {"] + members.map(\.declaration)
        + ["} \(prefix)_\(name);"]
  }

  /// Declares a parameter's values once and returns the name of the array.
  private mutating func declareWeights(at offset: Int) -> String {
    guard let entry = policy.step.graph.parameters.entries.first(where: { $0.offset == offset })
    else { preconditionFailure("no parameter at \(offset)") }
    let name = names.identifier("\(prefix)_\(entry.name)")
    let values = policy.weights[entry.range].map { CText.number($0) }
    weights.append(
      "static const float \(name)[\(max(values.count, 1))] = {  /* \(entry.shape) */")
    let lines = stride(from: 0, to: values.count, by: 8).map {
      "  " + values[$0..<min($0 + 8, values.count)].joined(separator: ", ")
    }
    weights.append((values.isEmpty ? "  0.0f" : lines.joined(separator: ",\n")) + "};")
    return name
  }

  private mutating func store(_ member: Member, _ tensor: Tensor, in structure: String) {
    let value = step.expression(tensor.id)
    step.loop(member.value.elementCount) {
      "\(member.address(structure))[\($0)] = (\(member.value.cType))\(value)[\($0)];"
    }
  }
}

extension ExportedPolicy.Value {
  /// The type of an element in C.
  fileprivate var cType: String {
    isWhole ? "int" : elementType.cType
  }
}

extension ElementType {
  /// The type in C with the same values.
  var cType: String {
    switch self {
    case .float32: "float"
    case .float64: "double"
    case .int32: "int"
    case .int64: "long long"
    case .uint8, .bool: "unsigned char"
    }
  }
}
