import Foundation
import Learner
import Rollout
import Testing

struct MPIRanksTests {
  @Test func `a process that was not launched is alone and opens no library`() async {
    await #expect(processExitsWith: .success) {
      let ranks = try MPIRanks.join(environment: ["SLURM_NTASKS": "4"], inRankOrder: true)
      #expect(ranks is Alone)
      #expect((ranks.rank, ranks.count, ranks.hostCount) == (0, 1, 1))
      #expect(ranks.library == nil)
      let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
      #expect(!maps.contains("libmpi"))
    }
  }
}
