/// A worker's current process and its progress.
package struct WorkerStatus: Sendable, Equatable {
  /// The process identifier.
  package let pid: Int32
  /// The number of earlier replacements of the worker.
  package let incarnation: UInt32
  /// The fragments of this process, without those of its predecessors.
  package let fragmentCount: Int
}
