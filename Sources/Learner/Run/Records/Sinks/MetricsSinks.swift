/// The sinks of a run, none of which can end it.
struct MetricsSinks {
  private var sinks: [any MetricsSink]
  /// The indices of the sinks that failed.
  private var failed: Set<Int> = []
  private let say: (String) -> Void

  /// Prepares sinks.
  ///
  /// - Parameter say: prints a sentence.
  /// - Throws: the first error of a sink.
  init(_ sinks: [any MetricsSink], for run: RecordedRun, say: @escaping (String) -> Void) throws {
    self.sinks = sinks
    self.say = say
    for index in sinks.indices { try self.sinks[index].begin(run) }
  }

  /// Adds a record to every sink.
  mutating func append(_ record: MetricsRecord) {
    forEach { (sink) throws in try sink.append(record) }
  }

  /// Writes the records that are held back.
  mutating func flush() {
    forEach { (sink) throws in try sink.flush() }
  }

  private mutating func forEach(_ body: (inout any MetricsSink) throws -> Void) {
    for index in sinks.indices {
      do {
        try body(&sinks[index])
      } catch {
        guard failed.insert(index).inserted else { continue }
        say("\(error); training goes on, and further failures of these metrics are not reported")
      }
    }
  }
}
