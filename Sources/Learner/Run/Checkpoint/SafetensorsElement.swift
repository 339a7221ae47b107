/// The element types that rlplay writes, in the order of the reference writer.
package enum SafetensorsType: String, CaseIterable, Sendable {
  // The reference writer puts tensors of later cases first, which aligns them.
  case bool = "BOOL"
  case uint8 = "U8"
  case int32 = "I32"
  case float32 = "F32"
  case float64 = "F64"
  case int64 = "I64"
  case uint64 = "U64"

  /// The bytes of one element.
  package var byteCount: Int {
    switch self {
    case .bool, .uint8: 1
    case .int32, .float32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// The place in the reference writer's order; the highest is written first.
  var rank: Int {
    SafetensorsType.allCases.firstIndex(of: self) ?? 0
  }
}

/// A Swift type with the bits of a safetensors element type.
package protocol SafetensorsElement {
  /// An integer of the same width.
  associatedtype Bits: FixedWidthInteger & BitwiseCopyable

  /// The element type in the file.
  static var safetensorsType: SafetensorsType { get }

  /// The bits of the value, which keep NaN and −0.
  var safetensorsBits: Bits { get }

  /// Creates the value with these bits.
  init(safetensorsBits: Bits)
}

extension Float: SafetensorsElement {
  /// The element type F32.
  package static var safetensorsType: SafetensorsType { .float32 }
  /// The bit pattern.
  package var safetensorsBits: UInt32 { bitPattern }
  /// Creates the number with this bit pattern.
  package init(safetensorsBits: UInt32) { self.init(bitPattern: safetensorsBits) }
}

extension Double: SafetensorsElement {
  /// The element type F64.
  package static var safetensorsType: SafetensorsType { .float64 }
  /// The bit pattern.
  package var safetensorsBits: UInt64 { bitPattern }
  /// Creates the number with this bit pattern.
  package init(safetensorsBits: UInt64) { self.init(bitPattern: safetensorsBits) }
}

extension Int32: SafetensorsElement {
  /// The element type I32.
  package static var safetensorsType: SafetensorsType { .int32 }
  /// The number itself.
  package var safetensorsBits: Int32 { self }
  /// Creates the number.
  package init(safetensorsBits: Int32) { self = safetensorsBits }
}

extension Int64: SafetensorsElement {
  /// The element type I64.
  package static var safetensorsType: SafetensorsType { .int64 }
  /// The number itself.
  package var safetensorsBits: Int64 { self }
  /// Creates the number.
  package init(safetensorsBits: Int64) { self = safetensorsBits }
}

extension UInt64: SafetensorsElement {
  /// The element type U64.
  package static var safetensorsType: SafetensorsType { .uint64 }
  /// The number itself.
  package var safetensorsBits: UInt64 { self }
  /// Creates the number.
  package init(safetensorsBits: UInt64) { self = safetensorsBits }
}

extension UInt8: SafetensorsElement {
  /// The element type U8.
  package static var safetensorsType: SafetensorsType { .uint8 }
  /// The number itself.
  package var safetensorsBits: UInt8 { self }
  /// Creates the number.
  package init(safetensorsBits: UInt8) { self = safetensorsBits }
}

extension Bool: SafetensorsElement {
  /// The element type BOOL.
  package static var safetensorsType: SafetensorsType { .bool }
  /// One for true, zero for false.
  package var safetensorsBits: UInt8 { self ? 1 : 0 }
  /// Creates false from zero, and true from any other number.
  package init(safetensorsBits: UInt8) { self = safetensorsBits != 0 }
}
