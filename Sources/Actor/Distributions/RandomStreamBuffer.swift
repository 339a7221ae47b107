import Rollout

/// One random stream per environment, advanced in place.
public final class RandomStreamBuffer {
  private let streams: FlatVector<PCG64>
  /// The place of the first environment's stream; above 0 if the streams are shared.
  private let first: Int

  /// Creates a buffer with copies of the streams, one for each environment.
  package init(_ streams: [PCG64]) {
    self.streams = FlatVector(streams)
    first = 0
  }

  /// Shares the streams of another buffer's environments from one on, numbered from 0.
  init(sharing owner: RandomStreamBuffer, from first: Int) {
    streams = owner.streams
    self.first = owner.first + first
  }

  /// The stream of an environment.
  @inline(__always)
  public subscript(environment: Int) -> PCG64 {
    get { streams[first &+ environment] }
    _modify { yield &streams[first &+ environment] }
  }

  /// The streams in place.
  var values: RowValues<PCG64> { RowValues(streams, first..<streams.count) }

  /// Measures, saves or restores all streams.
  func transfer(_ snapshot: inout SnapshotCursor) { snapshot.transfer(streams: streams) }
}
