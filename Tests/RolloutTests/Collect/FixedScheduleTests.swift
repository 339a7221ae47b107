import Rollout
import Testing

struct FixedScheduleTests {
  @Test(arguments: [1, 2, 3, 16], [1, 2, 5])
  func `a replaced worker begins with its first fragment that was not taken`(
    workerCount: Int, fragmentsPerBatch: Int
  ) {
    let schedule = FixedSchedule(
      workerCount: workerCount, bufferCount: 2 * workerCount,
      fragmentsPerBatch: fragmentsPerBatch, lag: 1)
    // Counted by going through the run, fragment by fragment.
    var taken = Array(repeating: 0, count: workerCount)
    for count in 0..<50 {
      for worker in 0..<workerCount {
        #expect(schedule.index(worker: worker, afterTaking: count) == taken[worker])
      }
      let (worker, index) = schedule.origin(sequence: count)
      #expect(index == taken[worker])
      taken[worker] += 1
    }
  }

  @Test func `no buffer is used by two workers`() {
    // 24 buffers are not a multiple of 16 workers: eight are left over.
    let schedule = FixedSchedule(workerCount: 16, bufferCount: 24, fragmentsPerBatch: 2, lag: 8)
    var owners: [Int: Int] = [:]
    for worker in 0..<16 {
      for index in 0..<5 {
        let buffer = schedule.buffer(worker: worker, index: index)
        #expect(schedule.buffers(of: worker).contains(buffer))
        #expect(owners[buffer] ?? worker == worker)
        owners[buffer] = worker
      }
    }
  }
}
