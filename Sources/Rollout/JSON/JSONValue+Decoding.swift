extension JSONValue: Decodable {
  /// Decodes any JSON value; keys are sorted, since a decoder does not preserve their order.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let boolean = try? container.decode(Bool.self) {
      self = .boolean(boolean)
    } else if let integer = try? container.decode(Int.self) {
      self = .integer(integer)
    } else if let integer = try? container.decode(UInt64.self) {
      self = .unsigned(integer)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let string = try? container.decode(String.self) {
      self = .text(string)
    } else if let list = try? container.decode([JSONValue].self) {
      self = .list(list)
    } else {
      let values = try container.decode([String: JSONValue].self)
      var object = OrderedJSON()
      for (key, value) in values.sorted(by: { $0.key < $1.key }) { object.set(key, value) }
      self = .object(object)
    }
  }

  /// The value for display: a string without quotes, anything else as JSON on one line.
  package var text: String {
    if case .text(let text) = self { return text }
    var line = ""
    write(to: &line, indentation: nil)
    return line
  }
}
