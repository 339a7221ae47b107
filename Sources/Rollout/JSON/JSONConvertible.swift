/// A type that converts to a value of an ``OrderedJSON``; a nil optional becomes `null`.
package protocol JSONConvertible {
  /// The JSON value.
  var jsonValue: JSONValue { get }
}

extension JSONValue: JSONConvertible {
  package var jsonValue: JSONValue { self }
}

extension OrderedJSON: JSONConvertible {
  package var jsonValue: JSONValue { .object(self) }
}

extension Bool: JSONConvertible {
  package var jsonValue: JSONValue { .boolean(self) }
}

extension Int: JSONConvertible {
  package var jsonValue: JSONValue { .integer(self) }
}

extension UInt64: JSONConvertible {
  package var jsonValue: JSONValue { .unsigned(self) }
}

extension Double: JSONConvertible {
  package var jsonValue: JSONValue { .number(self) }
}

extension Float: JSONConvertible {
  package var jsonValue: JSONValue { .single(self) }
}

extension String: JSONConvertible {
  package var jsonValue: JSONValue { .text(self) }
}

extension Optional: JSONConvertible where Wrapped: JSONConvertible {
  package var jsonValue: JSONValue { self?.jsonValue ?? .null }
}

extension Array: JSONConvertible where Element: JSONConvertible {
  package var jsonValue: JSONValue { .list(map(\.jsonValue)) }
}
