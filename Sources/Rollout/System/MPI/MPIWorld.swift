import Foundation
import Glibc

/// The ranks that a launcher started, connected by an MPI library.
///
/// It is for one thread. No call blocks in the library, because that is a loop that takes a core
/// away from the workers: each starts an operation and looks for its end now and then.
package final class MPIWorld {
  package let rank: Int
  package let count: Int
  /// The name and version of the library.
  package let library: String?
  /// The number of machines on which the ranks run.
  package private(set) var hostCount = 1

  private let functions: MPIFunctions
  private let constants: MPIConstants
  /// True if sums of `Float` have an order that depends on neither library nor network.
  package var addsInRankOrder: Bool
  /// The largest number of elements in one operation; counts are C integers.
  private let largestCount: Int
  /// Memory that is larger than any library's MPI_Status.
  private let status: UnsafeMutableRawPointer
  /// Memory for sums in rank order, which grows as needed.
  private var scratch: UnsafeMutableRawBufferPointer
  private var patience = Patience()

  /// Joins the other ranks.
  ///
  /// - Parameters:
  ///   - library: the open library.
  ///   - launcher: the program that started the process.
  ///   - addsInRankOrder: true for sums of `Float` in the order of the ranks.
  ///   - largestCount: the largest number of elements in one operation.
  /// - Throws: `RankError`, also if the library finds another number of ranks than the launcher
  ///   started.
  package init(
    _ library: MPILibrary, launcher: Launcher, addsInRankOrder: Bool, largestCount: Int = 1 << 28
  ) throws(RankError) {
    functions = library.functions
    constants = library.constants
    var provided: CInt = 0
    try functions.check(
      "MPI_Init_thread", functions.initThread(nil, nil, constants.threadFunneled, &provided))
    // Otherwise an error would end the process without a sentence.
    try functions.check(
      "MPI_Comm_set_errhandler", functions.setErrorHandler(constants.world, constants.errorsReturn))
    var (rank, count): (CInt, CInt) = (0, 0)
    try functions.check("MPI_Comm_rank", functions.rank(constants.world, &rank))
    try functions.check("MPI_Comm_size", functions.count(constants.world, &count))
    guard launcher.count == Int(count) else {
      throw RankError(
        """
        \(launcher.family) started \(launcher.count) ranks (\(launcher.countVariable)), but \
        \(library.name) (\(library.file)) finds \(count): it is not the launcher's library; name \
        that one in \(MPILibrary.variable)
        """)
    }
    self.rank = Int(rank)
    self.count = Int(count)
    self.library = library.name
    self.addsInRankOrder = addsInRankOrder
    self.largestCount = largestCount
    status = .allocate(byteCount: 128, alignment: 16)
    scratch = .allocate(byteCount: 1 << 16, alignment: 64)
    hostCount = try countHosts()
  }

  deinit {
    status.deallocate()
    scratch.deallocate()
  }

  private func countHosts() throws(RankError) -> Int {
    let hosts = Set(try gather(Array(ProcessInfo.processInfo.hostName.utf8)))
    return try broadcast(hosts.count.bytes).integer
  }

  // MARK: Sums

  /// Adds vectors of equal length over all ranks, element by element and in place.
  ///
  /// - Parameter attend: called about once a millisecond while this rank waits.
  package func sum(_ values: FlatVector<Float>, attend: () -> Void) throws(RankError) {
    if addsInRankOrder || isShort(values) {
      return try sumInRankOrder(values, constants.float, attend)
    }
    var start = 0
    while start < values.count {
      let length = min(largestCount, values.count - start)
      var request: UInt = 0
      try functions.check(
        "MPI_Iallreduce",
        functions.startAllreduce(
          constants.inPlace, values.base + start, CInt(length), constants.float, constants.sum,
          constants.world, &request))
      try wait(&request, byteCount: length * 4, attend)
      start += length
    }
  }

  /// Adds vectors of equal length over all ranks in the order of the ranks, in place.
  ///
  /// - Parameter attend: called about once a millisecond while this rank waits.
  package func sum(_ values: FlatVector<Double>, attend: () -> Void) throws(RankError) {
    try sumInRankOrder(values, constants.double, attend)
  }

  /// Returns true for vectors that all ranks have room for.
  ///
  /// Each rank then receives the vectors of all others at once. The library's own sum of a short
  /// vector takes as many messages one after the other as a tree is high, twice in Open MPI.
  private func isShort<Element>(_ values: FlatVector<Element>) -> Bool {
    values.count * MemoryLayout<Element>.stride * count <= 1 << 16
  }

  /// Adds in the order of the ranks: a short vector at each rank, or else a slice at each rank,
  /// which then distributes it.
  ///
  /// The traffic of a long vector is that of a ring: twice the vector for each rank.
  private func sumInRankOrder<Element: BinaryFloatingPoint & BitwiseCopyable>(
    _ values: FlatVector<Element>, _ type: UInt, _ attend: () -> Void
  ) throws(RankError) {
    var start = 0
    while start < values.count {
      let length = min(largestCount, values.count - start)
      let isShort = isShort(values)
      // The last slices of a vector may be padded.
      let slice = isShort ? length : (length + count - 1) / count
      let (parts, sums) = room(for: Element.self, count: slice * count)
      parts.baseAddress?.update(from: values.base + start, count: length)
      /// Passes elements to each rank, receives as many from each, and waits for the end.
      func exchange(
        _ name: StaticString, _ begin: MPIFunctions.Exchange,
        _ sent: UnsafeMutableBufferPointer<Element>,
        _ received: UnsafeMutableBufferPointer<Element>, count: Int
      ) throws(RankError) {
        var request: UInt = 0
        try functions.check(
          name,
          begin(
            sent.baseAddress, CInt(count), type, received.baseAddress, CInt(count), type,
            constants.world, &request))
        try wait(&request, byteCount: length * MemoryLayout<Element>.stride, attend)
      }
      if isShort {
        try exchange(
          "MPI_Iallgather", functions.startAllgather, parts, sums, count: length)
      } else {
        parts[length...].update(repeating: 0)
        try exchange(
          "MPI_Ialltoall", functions.startAlltoall, parts, sums, count: slice)
      }
      for rank in 1..<max(count, 1) {
        for index in 0..<slice { sums[index] += sums[rank * slice + index] }
      }
      if !isShort {
        try exchange(
          "MPI_Iallgather", functions.startAllgather, sums, parts, count: slice)
      }
      let result = isShort ? sums : parts
      result.baseAddress.map { (values.base + start).update(from: $0, count: length) }
      start += length
    }
  }

  /// Returns two buffers of `count` elements in the reused memory.
  private func room<Element: BitwiseCopyable>(
    for type: Element.Type, count: Int
  ) -> (UnsafeMutableBufferPointer<Element>, UnsafeMutableBufferPointer<Element>) {
    let byteCount = 2 * count * MemoryLayout<Element>.stride
    if scratch.count < byteCount {
      scratch.deallocate()
      scratch = .allocate(byteCount: byteCount, alignment: 64)
    }
    let all = scratch.bindMemory(to: type)
    return (.init(rebasing: all[..<count]), .init(rebasing: all[count..<(2 * count)]))
  }

  // MARK: Bytes

  /// Returns the bytes that rank 0 passed; those of other ranks are ignored.
  package func broadcast(_ bytes: [UInt8]) throws(RankError) -> [UInt8] {
    var header = bytes.count.bytes
    try broadcast(&header)
    var bytes = rank == 0 ? bytes : [UInt8](repeating: 0, count: header.integer)
    try broadcast(&bytes)
    return bytes
  }

  private func broadcast(_ bytes: inout [UInt8]) throws(RankError) {
    var start = 0
    while start < bytes.count {
      let length = min(largestCount, bytes.count - start)
      try withMutableBytes(&bytes) { (buffer) throws(RankError) in
        var request: UInt = 0
        try functions.check(
          "MPI_Ibcast",
          functions.startBroadcast(
            buffer.baseAddress.map { $0 + start }, CInt(length), constants.byte, 0,
            constants.world, &request))
        try wait(&request, byteCount: length, {})
      }
      start += length
    }
  }

  /// Returns the bytes of all ranks in their order at rank 0, and an empty array at the others.
  package func gather(_ bytes: [UInt8]) throws(RankError) -> [[UInt8]] {
    // All ranks pass as many bytes as the one with most, so rank 0 tells them that number.
    let sizes = try gather(equal: bytes.count.bytes).map(\.integer)
    let largest = try broadcast((sizes.max() ?? 0).bytes).integer
    let padded = bytes + [UInt8](repeating: 0, count: largest - bytes.count)
    return zip(try gather(equal: padded), sizes).map { Array($0.prefix($1)) }
  }

  /// Gathers arrays of the same size.
  private func gather(equal bytes: [UInt8]) throws(RankError) -> [[UInt8]] {
    var bytes = bytes
    var all = [[UInt8]](repeating: [], count: rank == 0 ? count : 0)
    var start = 0
    while start < bytes.count {
      let length = min(max(1, largestCount / count), bytes.count - start)
      var received = [UInt8](repeating: 0, count: rank == 0 ? length * count : 0)
      try withMutableBytes(&bytes) { (own) throws(RankError) in
        try withMutableBytes(&received) { (buffer) throws(RankError) in
          var request: UInt = 0
          try functions.check(
            "MPI_Igather",
            functions.startGather(
              own.baseAddress.map { $0 + start }, CInt(length), constants.byte,
              buffer.baseAddress, CInt(length), constants.byte, 0, constants.world, &request))
          try wait(&request, byteCount: length, {})
        }
      }
      for rank in all.indices { all[rank] += received[(rank * length)..<((rank + 1) * length)] }
      start += length
    }
    return all
  }

  private func withMutableBytes(
    _ bytes: inout [UInt8], _ body: (UnsafeMutableRawBufferPointer) throws(RankError) -> Void
  ) throws(RankError) {
    var failure: RankError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(RankError) { try body(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  // MARK: Waiting and leaving

  private func wait(
    _ request: inout UInt, byteCount: Int, _ attend: () -> Void
  ) throws(RankError) {
    let began = SystemCalls.monotonicNanoseconds()
    var attended = began
    var isDone: CInt = 0
    while true {
      try functions.check("MPI_Test", functions.test(&request, &isDone, status))
      let now = SystemCalls.monotonicNanoseconds()
      if isDone != 0 { return patience.record(now - began, byteCount: byteCount) }
      if now - attended > 1_000_000 {
        attended = now
        attend()
      }
      let pause = patience.sleepNanoseconds(after: now - began, byteCount: byteCount)
      if pause == 0 { sched_yield() } else { SystemCalls.sleep(nanoseconds: pause) }
    }
  }

  /// Leaves the other ranks in peace; no function is called afterwards.
  package func leave() {
    // The library's own wait for the last rank would take a core.
    try? sum(FlatVector<Double>([0])) {}
    _ = functions.finalize()
  }

  /// Ends all ranks at once.
  package func abort(code: Int32) -> Never {
    _ = functions.abort(constants.world, code)
    exit(code)
  }
}

extension Int {
  fileprivate var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }
}

extension [UInt8] {
  fileprivate var integer: Int { reversed().reduce(0) { $0 << 8 | Int($1) } }
}
