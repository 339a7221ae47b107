/// Which process a worker is at this moment, and how far that one has come.
package struct WorkerStatus: Sendable, Equatable {
  /// The process's number.
  package let pid: Int32
  /// How often the worker had been replaced before.
  package let incarnation: UInt32
  /// Fragments that this process has handed over; those of the processes before it do not count.
  package let fragmentCount: Int
}
