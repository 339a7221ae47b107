/// The header of a safetensors file, before it is compared with the file's length.
struct SafetensorsHeader {
  /// The entry of a tensor, as written in the header.
  struct Entry {
    let name: String
    let type: SafetensorsType
    let shape: [Int]
    let begin: Int
    let end: Int
  }

  private(set) var metadata: [String: String] = [:]
  private(set) var entries: [Entry] = []

  /// Scans the JSON of a header.
  ///
  /// It uses a scanner for this form of object. JSONSerialization keeps one of two equal keys
  /// without an error, and may convert an integer through a Double. Here a duplicate key and a
  /// number that is not a 64-bit integer are errors. Nesting cannot exhaust the stack, because only
  /// the depth of the format is scanned.
  ///
  /// - Throws: ``CheckpointError`` with the finding, and its byte in the header if that matters.
  init(scanning bytes: [UInt8]) throws(CheckpointError) {
    var scanner = HeaderScanner(bytes: bytes)
    guard bytes.first == UInt8(ascii: "{") else {
      throw CheckpointError(
        .notSafetensors, "it is not a safetensors file: its header does not start with '{'")
    }
    // Compared by bytes: Swift treats composed and decomposed letters as equal, the format does
    // not.
    var names: Set<[UInt8]> = []
    var description = SafetensorsHeader()
    try scanner.object { (scanner, name) throws(CheckpointError) in
      guard names.insert(Array(name.utf8)).inserted else {
        throw CheckpointError(.malformed, "its header has two entries named '\(name)'")
      }
      if name == SafetensorsFile.metadataKey {
        try description.scanMetadata(&scanner)
      } else {
        try description.scanEntry(named: name, &scanner)
      }
    }
    try scanner.finish()
    self = description
  }

  private init() {}

  private mutating func scanMetadata(_ scanner: inout HeaderScanner) throws(CheckpointError) {
    var table: [String: String] = [:]
    try scanner.object { (scanner, key) throws(CheckpointError) in
      guard table[key] == nil else {
        throw CheckpointError(.malformed, "its metadata have two entries named '\(key)'")
      }
      table[key] = try scanner.string()
    }
    metadata = table
  }

  private mutating func scanEntry(
    named name: String, _ scanner: inout HeaderScanner
  ) throws(CheckpointError) {
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { (scanner, key) throws(CheckpointError) in
      switch key {
      case "dtype" where typeName == nil: typeName = try scanner.string()
      case "shape" where shape == nil: shape = try scanner.integers()
      case "data_offsets" where offsets == nil: offsets = try scanner.integers()
      case "dtype", "shape", "data_offsets":
        throw CheckpointError(.malformed, "the entry of tensor '\(name)' has '\(key)' twice")
      default:
        throw CheckpointError(.malformed, "the entry of tensor '\(name)' has an unknown '\(key)'")
      }
    }
    guard let typeName, let shape, let offsets else {
      throw CheckpointError(
        .malformed, "the entry of tensor '\(name)' lacks one of 'dtype', 'shape', 'data_offsets'")
    }
    guard let type = SafetensorsType(rawValue: typeName) else {
      let known = SafetensorsType.allCases.map(\.rawValue).joined(separator: ", ")
      throw CheckpointError(
        .malformed, "tensor '\(name)' has the unknown element type '\(typeName)' (known: \(known))")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw CheckpointError(
        .malformed, "tensor '\(name)' has the data offsets \(offsets), which are not [begin, end]")
    }
    entries.append(
      Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1]))
  }
}
