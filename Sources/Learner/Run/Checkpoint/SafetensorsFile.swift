import Foundation
import Rollout

/// The content of a safetensors file: named tensors, and metadata of strings.
package struct SafetensorsFile: Equatable, Sendable {
  /// A named array of one element type, row-major.
  package struct Tensor: Equatable, Sendable {
    /// The name, unique within a file.
    package let name: String
    /// The element type.
    package let type: SafetensorsType
    /// The extent of each axis; empty for a scalar.
    package let shape: [Int]
    /// The elements, little-endian.
    package let bytes: Data

    /// Creates a tensor of values, given row by row.
    ///
    /// - Precondition: `values` has as many elements as `shape`.
    package init<Element: SafetensorsElement>(name: String, shape: [Int], values: [Element]) {
      precondition(
        shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == values.count,
        "tensor '\(name)' of shape \(shape) cannot have \(values.count) values")
      let littleEndian = values.map { $0.safetensorsBits.littleEndian }
      self.name = name
      self.type = Element.safetensorsType
      self.shape = shape
      self.bytes = Data(bytesOf: littleEndian.span)
    }

    init(name: String, type: SafetensorsType, shape: [Int], bytes: Data) {
      self.name = name
      self.type = type
      self.shape = shape
      self.bytes = bytes
    }

    /// Returns the array under another name.
    func renamed(_ name: String) -> Tensor {
      Tensor(name: name, type: type, shape: shape, bytes: bytes)
    }

    /// Returns the values, row by row; nil if they are of another type.
    package func values<Element: SafetensorsElement>(of _: Element.Type) -> [Element]? {
      guard Element.safetensorsType == type else { return nil }
      return bytes.integers(as: Element.Bits.self).map {
        Element(safetensorsBits: Element.Bits(littleEndian: $0))
      }
    }
  }

  /// The longest header that the format allows, in bytes.
  static let maximumHeaderByteCount = 100_000_000
  /// The key of the metadata among the header's tensors.
  static let metadataKey = "__metadata__"

  /// The tensors; after reading, in the order of the file.
  package var tensors: [Tensor]
  /// The metadata.
  package var metadata: [String: String]

  /// Creates a file of tensors; their order does not change the bytes.
  package init(tensors: [Tensor], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The tensor of a name; nil if there is none.
  package subscript(name: String) -> Tensor? {
    tensors.first { $0.name.utf8.elementsEqual(name.utf8) }
  }

  /// Returns the bytes of the file; equal content gives equal bytes.
  ///
  /// `docs/run-directory.md` describes the layout.
  ///
  /// - Precondition: names are unique and none is `__metadata__`; the header has at most the
  ///   format's 100,000,000 bytes.
  package func encoded() -> Data {
    let ordered = tensors.sorted { left, right in
      left.type == right.type
        ? left.name.precedesInBytes(right.name) : left.type.rank > right.type.rank
    }
    let names = Set(ordered.map { Array($0.name.utf8) })
    precondition(
      names.count == ordered.count && !names.contains(Array(SafetensorsFile.metadataKey.utf8)),
      "tensor names must be unique and not \(SafetensorsFile.metadataKey)")

    // Entries are joined as text. Names with different bytes may be equal as Swift strings, and a
    // dictionary keyed by strings would merge them.
    var entries: [String] = []
    if !metadata.isEmpty {
      var table = OrderedJSON()
      for key in metadata.keys.sorted(by: { $0.precedesInBytes($1) }) {
        table.set(key, metadata[key])
      }
      entries.append("\"\(SafetensorsFile.metadataKey)\":\(table.encoded())")
    }
    var offset = 0
    for tensor in ordered {
      var description = OrderedJSON()
      description.set("dtype", tensor.type.rawValue)
      description.set("shape", tensor.shape)
      description.set("data_offsets", [offset, offset + tensor.bytes.count])
      entries.append("\(JSONValue.quoted(tensor.name)):\(description.encoded())")
      offset += tensor.bytes.count
    }

    var header = Data("{\(entries.joined(separator: ","))}".utf8)
    header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -header.count & 7))
    precondition(
      header.count <= SafetensorsFile.maximumHeaderByteCount,
      "a header of \(header.count) bytes is longer than safetensors allow")
    var file = Data(capacity: 8 + header.count + offset)
    for byte in 0..<8 { file.append(UInt8(truncatingIfNeeded: header.count >> (8 * byte))) }
    file.append(header)
    for tensor in ordered { file.append(tensor.bytes) }
    return file
  }
}

extension String {
  /// Returns true if the text comes first in the order of UTF-8 bytes.
  ///
  /// This is the order of the reference writer. It does not depend on the version of Unicode's
  /// tables.
  fileprivate func precedesInBytes(_ other: String) -> Bool {
    utf8.lexicographicallyPrecedes(other.utf8)
  }
}
