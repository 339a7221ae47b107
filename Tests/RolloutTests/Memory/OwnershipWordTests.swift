import Rollout
import Testing

struct OwnershipWordTests {
  @Test(
    arguments: [
      (OwnershipState.free, 0),
      (.filling(worker: 0, incarnation: 0), 0x4000_0000_0000_0000),
      (.filling(worker: 3, incarnation: 7), 0x4000_0003_0000_0007),
      (.filling(worker: 0x3FFF_FFFF, incarnation: .max), 0x7FFF_FFFF_FFFF_FFFF),
      (.ready(ticket: 0), 0x8000_0000_0000_0000),
      (.ready(ticket: 5), 0x8000_0000_0000_0005),
      (.ready(ticket: 0x3FFF_FFFF_FFFF_FFFF), 0xBFFF_FFFF_FFFF_FFFF),
      (.learning, 0xC000_0000_0000_0000),
    ] as [(OwnershipState, UInt64)])
  func `a state has the bits that the page on shared memory draws`(
    state: OwnershipState, word: UInt64
  ) {
    #expect(state.word == word)
    #expect(OwnershipState(word: word) == state)
  }

  @Test func `ready words compare as their tickets do`() {
    #expect(OwnershipState.ready(ticket: 8).word < OwnershipState.ready(ticket: 9).word)
  }
}
