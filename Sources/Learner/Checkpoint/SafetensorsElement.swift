/// The element types that rlplay writes, in the reference writer's order of alignment.
public enum SafetensorsType: String, CaseIterable, Sendable {
  // The order decides which tensor comes first in a file; a later case comes first.
  case bool = "BOOL"
  case uint8 = "U8"
  case int32 = "I32"
  case float32 = "F32"
  case float64 = "F64"
  case int64 = "I64"
  case uint64 = "U64"

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8: 1
    case .int32, .float32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// Place in the reference writer's order; the highest is written first.
  var rank: Int {
    SafetensorsType.allCases.firstIndex(of: self) ?? 0
  }
}

/// A Swift type that has a safetensors element type of the same bits.
public protocol SafetensorsElement {
  /// An integer of the same width.
  associatedtype Bits: FixedWidthInteger

  /// The name of the type in the file.
  static var safetensorsType: SafetensorsType { get }

  /// The value's bits; those of NaN and −0 included.
  var safetensorsBits: Bits { get }

  /// The value with these bits.
  init(safetensorsBits: Bits)
}

extension Float: SafetensorsElement {
  /// F32.
  public static var safetensorsType: SafetensorsType { .float32 }
  /// The bit pattern.
  public var safetensorsBits: UInt32 { bitPattern }
  /// The number with this bit pattern.
  public init(safetensorsBits: UInt32) { self.init(bitPattern: safetensorsBits) }
}

extension Double: SafetensorsElement {
  /// F64.
  public static var safetensorsType: SafetensorsType { .float64 }
  /// The bit pattern.
  public var safetensorsBits: UInt64 { bitPattern }
  /// The number with this bit pattern.
  public init(safetensorsBits: UInt64) { self.init(bitPattern: safetensorsBits) }
}

extension Int32: SafetensorsElement {
  /// I32.
  public static var safetensorsType: SafetensorsType { .int32 }
  /// The number itself.
  public var safetensorsBits: Int32 { self }
  /// The number itself.
  public init(safetensorsBits: Int32) { self = safetensorsBits }
}

extension Int64: SafetensorsElement {
  /// I64.
  public static var safetensorsType: SafetensorsType { .int64 }
  /// The number itself.
  public var safetensorsBits: Int64 { self }
  /// The number itself.
  public init(safetensorsBits: Int64) { self = safetensorsBits }
}

extension UInt64: SafetensorsElement {
  /// U64.
  public static var safetensorsType: SafetensorsType { .uint64 }
  /// The number itself.
  public var safetensorsBits: UInt64 { self }
  /// The number itself.
  public init(safetensorsBits: UInt64) { self = safetensorsBits }
}

extension UInt8: SafetensorsElement {
  /// U8.
  public static var safetensorsType: SafetensorsType { .uint8 }
  /// The number itself.
  public var safetensorsBits: UInt8 { self }
  /// The number itself.
  public init(safetensorsBits: UInt8) { self = safetensorsBits }
}

extension Bool: SafetensorsElement {
  /// BOOL.
  public static var safetensorsType: SafetensorsType { .bool }
  /// One for true, zero for false.
  public var safetensorsBits: UInt8 { self ? 1 : 0 }
  /// True unless zero.
  public init(safetensorsBits: UInt8) { self = safetensorsBits != 0 }
}
