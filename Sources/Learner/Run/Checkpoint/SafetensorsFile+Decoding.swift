import Foundation

extension SafetensorsFile {
  /// Decodes the bytes of a file, and checks all that can be checked before a value is used.
  ///
  /// A checksum in the metadata is verified and then removed.
  ///
  /// - Throws: ``CheckpointError`` with the numbers that do not agree.
  package init(decoding data: Data) throws(CheckpointError) {
    let headerByteCount = try SafetensorsFile.headerByteCount(of: data)
    let start = data.startIndex + 8 + headerByteCount
    let header = try SafetensorsHeader(scanning: [UInt8](data[data.startIndex + 8..<start]))
    let entries = header.entries.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
    try SafetensorsFile.check(entries, dataByteCount: data.endIndex - start)
    var metadata = header.metadata
    try SafetensorsFile.verifyChecksum(of: data, metadata: metadata)
    metadata[SafetensorsFile.checksumKey] = nil
    self.init(
      tensors: entries.map { entry in
        // A copy, which starts at index 0 and does not keep the whole file alive.
        let bytes = Data(data[start + entry.begin..<start + entry.end])
        return Tensor(name: entry.name, type: entry.type, shape: entry.shape, bytes: bytes)
      },
      metadata: metadata)
  }

  private static func headerByteCount(of data: Data) throws(CheckpointError) -> Int {
    guard data.count >= 8 else {
      throw CheckpointError(
        .truncated, "it has \(data.count) bytes, and safetensors start with 8 bytes of length")
    }
    let count = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let opening = data.dropFirst(8).first
    if let opening, opening != UInt8(ascii: "{") {
      throw CheckpointError(
        .notSafetensors,
        "it is not a safetensors file: it starts with the bytes \(hexadecimal(data.prefix(9))),"
          + " and the ninth should be 7b, '{'")
    }
    guard count <= maximumHeaderByteCount else {
      throw CheckpointError(
        .notSafetensors,
        "it is not a safetensors file: a header of \(count) bytes exceeds the limit of"
          + " \(maximumHeaderByteCount)")
    }
    guard count > 0 else {
      throw CheckpointError(.notSafetensors, "it is not a safetensors file: its header is empty")
    }
    guard Int(count) <= data.count - 8 else {
      throw CheckpointError(
        .truncated,
        "it is truncated: its header has \(count) bytes, of which \(data.count - 8) are there")
    }
    return Int(count)
  }

  /// Checks that the tensors, sorted by offset, cover the data once and completely.
  private static func check(
    _ entries: [SafetensorsHeader.Entry], dataByteCount: Int
  ) throws(CheckpointError) {
    var covered = 0
    var previous = ""
    for entry in entries {
      try checkSize(of: entry)
      if entry.begin > covered {
        throw CheckpointError(
          .malformed, "bytes \(covered) to \(entry.begin) of its data belong to no tensor")
      }
      if entry.begin < covered {
        throw CheckpointError(
          .malformed,
          "tensors '\(previous)' and '\(entry.name)' overlap: one ends at byte \(covered),"
            + " the other begins at \(entry.begin)")
      }
      covered = entry.end
      previous = entry.name
    }
    if covered > dataByteCount {
      throw CheckpointError(
        .truncated,
        "it is truncated: its tensors have \(covered) bytes, of which \(dataByteCount) are there")
    }
    if covered < dataByteCount {
      throw CheckpointError(
        .malformed,
        "it is too long: its tensors have \(covered) bytes, and \(dataByteCount) are there")
    }
  }

  private static func checkSize(of entry: SafetensorsHeader.Entry) throws(CheckpointError) {
    var wanted = entry.type.byteCount
    for extent in entry.shape {
      let (product, overflow) = wanted.multipliedReportingOverflow(by: extent)
      if overflow {
        throw CheckpointError(
          .malformed, "tensor '\(entry.name)' of shape \(entry.shape) is larger than any memory")
      }
      wanted = product
    }
    guard wanted == entry.end - entry.begin else {
      throw CheckpointError(
        .malformed,
        "tensor '\(entry.name)' of type \(entry.type.rawValue) and shape \(entry.shape) needs"
          + " \(wanted) bytes, and the header gives it \(entry.end - entry.begin)")
    }
  }

  private static func hexadecimal(_ bytes: Data) -> String {
    bytes.map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined(separator: " ")
  }
}
