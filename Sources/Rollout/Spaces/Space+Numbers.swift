extension Space {
  /// Returns a value as numbers in the structure of the space, each leaf row-major.
  ///
  /// A bool is 0 or 1.
  package func numbers(in leaves: LeafRow) -> Nested<[Double]> {
    var leaves = leaves
    return self.leaves.map { leaf in
      defer { leaves = leaves.dropping(1) }
      return (0..<leaf.elementCount).map { leaves.number(as: leaf.elementType, at: $0) }
    }
  }

  /// Stores a value given as numbers in the structure of the space.
  ///
  /// Bounds of a Box are not checked, since observations of many environments exceed them.
  ///
  /// - Parameter subject: the value in words, to begin an error with.
  /// - Throws: `SpaceMismatch` if the structure, a leaf's size or a number does not fit.
  package func store(
    _ numbers: Nested<[Double]>, in leaves: LeafRow, as subject: String
  ) throws(SpaceMismatch) {
    guard let pairs = parts.zip(numbers) else {
      throw SpaceMismatch(
        description: "\(subject) has other parts than \(self): use its parts in their order")
    }
    var leaves = leaves
    for ((part, values), path) in Swift.zip(pairs.leaves, parts.paths(below: subject)) {
      let count = leaves.elementCount
      guard values.count == count else {
        throw SpaceMismatch(
          description: """
            \(path) has \(values.count) \(values.count == 1 ? "number" : "numbers"), but \(part) \
            takes \(count)
            """)
      }
      for (index, value) in values.enumerated() {
        let (range, type) = part.storable(at: index)
        guard range.contains(value), !type.isWhole || value == value.rounded() else {
          let place = count == 1 ? path : "\(path)[\(index)]"
          func text(_ value: Double) -> String { JSONValue.number(value).text }
          throw SpaceMismatch(
            description: """
              \(place) is \(value.isFinite ? text(value) : "\(value)"), but \(part) takes \
              \(type.isWhole ? "whole numbers" : "numbers") from \(text(range.lowerBound)) to \
              \(text(range.upperBound))
              """)
        }
        leaves.store(number: value, as: type, at: index)
      }
      leaves = leaves.dropping(1)
    }
  }

  /// Returns the numbers that an element of a leaf can hold.
  private func storable(at index: Int) -> (ClosedRange<Double>, ElementType) {
    switch self {
    case .discrete(let count): (0...Double(count - 1), .int32)
    case .multiDiscrete(let counts): (0...Double(counts[index] - 1), .int32)
    case .multiBinary: (0...1, .uint8)
    case .box(_, _, _, let type): (type.range, type)
    case .tuple, .dict: preconditionFailure("\(self) is no leaf")
    }
  }

  // MARK: JSON

  /// Reads a value: a number or a list for a leaf, a list for a Tuple, an object for a Dict.
  ///
  /// The list of a leaf has the leaf's shape, or is flat.
  ///
  /// - Parameter subject: the value in words, to begin an error with.
  /// - Throws: `SpaceMismatch` if the structure or a leaf's shape differs.
  package func numbers(
    from json: JSONValue, as subject: String
  ) throws(SpaceMismatch) -> Nested<[Double]> {
    switch (self, json) {
    case (.tuple(let spaces), .list(let values)) where values.count == spaces.count:
      var items: [Nested<[Double]>] = []
      for (index, (space, value)) in Swift.zip(spaces, values).enumerated() {
        items.append(try space.numbers(from: value, as: "\(subject).\(index)"))
      }
      return .list(items)
    case (.dict(let fields), .object(let object)):
      let names = fields.map(\.name)
      if let other = object.entries.first(where: { !names.contains($0.key) })?.key {
        throw SpaceMismatch(
          description: """
            \(subject) has the part '\(other)', but \(self) has only \
            \(names.joined(separator: ", "))
            """)
      }
      var items: [(name: String, value: Nested<[Double]>)] = []
      for field in fields {
        guard let value = object[field.name] else {
          throw SpaceMismatch(
            description: "\(subject) lacks the part '\(field.name)' of \(self)")
        }
        items.append(
          (field.name, try field.space.numbers(from: value, as: "\(subject).\(field.name)")))
      }
      return .fields(items)
    case (.tuple, _), (.dict, _):
      throw SpaceMismatch(description: "\(subject) is \(json.shortText), where \(self) belongs")
    default:
      let shape = leaves.value?.shape ?? []
      let flat = shape.count > 1 ? json.numbers([shape.reduce(1, *)]) : nil
      guard let numbers = flat ?? json.numbers(shape[...]) else {
        throw SpaceMismatch(
          description: """
            \(subject) is \(json.shortText), but \(self) takes \
            \(shape.isEmpty ? "a number" : "a list of the shape \(shape)")
            """)
      }
      return .leaf(numbers)
    }
  }

  /// Returns the JSON of a value: a number or nested lists for a leaf, an object for a Dict.
  package func json(of numbers: Nested<[Double]>) -> JSONValue {
    switch (self, numbers) {
    case (.tuple(let spaces), .list(let items)):
      return .list(Swift.zip(spaces, items).map { $0.json(of: $1) })
    case (.dict(let fields), .fields(let items)):
      return .object(
        OrderedJSON(
          entries: Swift.zip(fields, items).map { ($0.name, $0.space.json(of: $1.value)) }))
    default:
      var rest = (numbers.value ?? [])[...]
      func list(_ shape: ArraySlice<Int>) -> JSONValue {
        guard let count = shape.first else { return .number(rest.popFirst() ?? .nan) }
        return .list((0..<count).map { _ in list(shape.dropFirst()) })
      }
      return list((leaves.value?.shape ?? [])[...])
    }
  }
}

extension ElementType {
  /// The finite numbers that an element can hold.
  fileprivate var range: ClosedRange<Double> {
    switch self {
    case .float32:
      -Double(Float.greatestFiniteMagnitude)...Double(Float.greatestFiniteMagnitude)
    case .float64: -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    case .int32: Double(Int32.min)...Double(Int32.max)
    // Not all integers are exact beyond 2⁵³, the largest ones of int64 among them.
    case .int64: -0x1p53...0x1p53
    case .uint8: 0...255
    case .bool: 0...1
    }
  }
}

extension JSONValue {
  /// The numbers of nested lists of a shape, row-major; nil for another shape.
  fileprivate func numbers(_ shape: ArraySlice<Int>) -> [Double]? {
    guard let count = shape.first else {
      // Elements that are 0 or 1 may be written as false and true.
      if case .boolean(let value) = self { return [value ? 1 : 0] }
      return number.map { [$0] }
    }
    guard case .list(let items) = self, items.count == count else { return nil }
    var all: [Double] = []
    for item in items {
      guard let numbers = item.numbers(shape.dropFirst()) else { return nil }
      all += numbers
    }
    return all
  }

  /// The value on one line, shortened for a sentence.
  fileprivate var shortText: String {
    text.count > 60 ? "\(text.prefix(57))…" : text
  }
}
