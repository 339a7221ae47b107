/// The numeric type of a leaf's elements.
public enum ElementType: String, Sendable, Codable, CaseIterable {
  case float32, float64, int32, int64, uint8, bool

  /// The size of one element in bytes.
  package var byteCount: Int {
    switch self {
    case .uint8, .bool: 1
    case .float32, .int32: 4
    case .float64, .int64: 8
    }
  }
}

/// A Swift type that is stored as one element.
public protocol RecordableScalar: BitwiseCopyable, Sendable {
  /// The element type under which values are stored.
  static var elementType: ElementType { get }
}

extension Float: RecordableScalar {
  /// Stored as float32.
  public static var elementType: ElementType { .float32 }
}

extension Double: RecordableScalar {
  /// Stored as float64.
  public static var elementType: ElementType { .float64 }
}

extension Int32: RecordableScalar {
  /// Stored as int32.
  public static var elementType: ElementType { .int32 }
}

extension Int64: RecordableScalar {
  /// Stored as int64.
  public static var elementType: ElementType { .int64 }
}

extension UInt8: RecordableScalar {
  /// Stored as uint8.
  public static var elementType: ElementType { .uint8 }
}

extension Bool: RecordableScalar {
  /// Stored as one byte, 0 or 1.
  public static var elementType: ElementType { .bool }
}
