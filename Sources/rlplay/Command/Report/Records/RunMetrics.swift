import Foundation
import Learner
import Rollout

/// The records of a run's `metrics.jsonl`, read as far as the file goes.
struct RunMetrics {
  /// The numbers of one metric: values, and the indices of the records that have them.
  struct Column {
    private(set) var records: [Int] = []
    private(set) var values: [Double] = []

    mutating func append(_ value: Double, record: Int) {
      records.append(record)
      values.append(value)
    }
  }

  /// The metrics with a number in at least one record, by name.
  private(set) var columns: [String: Column] = [:]
  /// The names of `columns` in the order in which they first appeared.
  private(set) var names: [String] = []
  /// The counts of each histogram over the whole run, by name: the limit of each bin and its count.
  private(set) var histograms: [String: [Double: Int]] = [:]
  /// The environment steps of each record; those of the evaluated weights for an evaluation.
  private(set) var steps: [Double] = []
  /// The wall time of each record in seconds.
  private(set) var seconds: [Double] = []

  private let url: URL
  /// The number of bytes that were read, up to the end of a line.
  private var position: UInt64 = 0
  private var newestSteps = -Double.infinity

  /// Creates the metrics of a run, without reading any.
  init(of directory: RunDirectory) { url = directory.metrics }

  /// Reads the lines that were added since the last call; lines of other content are skipped.
  ///
  /// Everything is read again if a resumed run removed records meanwhile.
  ///
  /// - Returns: true if there are new records.
  mutating func update() -> Bool {
    guard let file = FileHandle(reading: url) else { return false }
    defer { try? file.close() }
    let size = (try? file.seekToEnd()) ?? 0
    if size < position { self = RunMetrics(url: url) }
    guard size > position, (try? file.seek(toOffset: position)) != nil else { return false }
    let continues = position > 0
    var rest = Data()
    while let block = try? file.read(upToCount: 1 << 20), !block.isEmpty {
      rest += block
      var start = rest.startIndex
      while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
        let isOlder = append(line: rest[start..<end])
        if isOlder, continues {
          self = RunMetrics(url: url)
          return update()
        }
        start = rest.index(after: end)
      }
      position += UInt64(start - rest.startIndex)
      rest = Data(rest[start...])
    }
    return true
  }

  private init(url: URL) { self.url = url }

  /// Returns true if the record is older than the one before it.
  private mutating func append(line: Data) -> Bool {
    guard case .object(let object)? = try? JSONReader.value(of: line),
      let trained = object["env_steps"]?.number
    else { return false }
    let isOlder = trained < newestSteps
    newestSteps = trained
    let record = steps.count
    steps.append(object["eval_env_steps"]?.number ?? trained)
    seconds.append(object["seconds"]?.number ?? .nan)
    for (name, value) in object.entries {
      if let number = value.number {
        if columns[name] == nil { names.append(name) }
        columns[name, default: Column()].append(number, record: record)
      } else if case .object(let bins) = value {
        for (limit, count) in bins.entries {
          guard let limit = limit == "inf" ? .infinity : Double(limit), !limit.isNaN,
            let count = count.number.flatMap({ Int(exactly: $0) }), count > 0
          else { continue }
          let sum = histograms[name]?[limit, default: 0].addingReportingOverflow(count)
          guard sum?.overflow != true else { continue }
          histograms[name, default: [:]][limit] = sum?.partialValue ?? count
        }
      }
    }
    return isOlder
  }
}

extension RunMetrics {
  /// The quantity on the horizontal axis.
  enum Clock: String, CaseIterable {
    case steps
    case time
  }

  /// Returns the points of a metric in the order of their x; empty without the metric.
  func points(_ name: String, over clock: Clock) -> [Point] {
    guard let column = columns[name] else { return [] }
    let places = clock == .steps ? steps : seconds
    let points = zip(column.records, column.values).compactMap { record, value in
      places[record].isFinite ? Point(x: places[record], y: value) : nil
    }
    // Evaluations of older weights may end later than those of newer ones.
    return points.sorted { $0.x < $1.x }
  }
}

extension FileHandle {
  /// Opens a file to read; nil if there is none, or if opening it would wait.
  convenience init?(reading url: URL) {
    guard let descriptor = try? SystemCalls.openFile(url.path).take() else { return nil }
    self.init(fileDescriptor: descriptor, closeOnDealloc: true)
  }
}
