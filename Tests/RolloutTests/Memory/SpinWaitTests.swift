import Rollout
import Testing

/// Tests that a process looks for work as often as the number of processors suggests.
struct SpinWaitTests {
  /// Returns the number of looks of a wait for work that is there at the given look, or never.
  private func looks(_ spin: SpinWait, workAt number: Int = .max) -> Int {
    var looks = 0
    let found = spin.wait {
      looks += 1
      return looks == number ? number : nil
    }
    #expect(found == (number == .max ? nil : number))
    return looks
  }

  @Test func `with a processor for each process it looks again`() {
    let spin = SpinWait(processCount: 2, processorCount: 2)
    #expect(looks(spin, workAt: 1) == 1)
    #expect(looks(spin, workAt: 10) == 10)
    // It looks in groups of 16 after the first time.
    #expect(looks(spin) % 16 == 1)
  }

  @Test func `with fewer processors it looks once`() {
    let spin = SpinWait(processCount: 3, processorCount: 2)
    for _ in 0..<10 { #expect(looks(spin) == 1) }
  }

  @Test func `after waits in vain it looks once for twice as many waits, up to 64`() {
    let spin = SpinWait(processCount: 2, processorCount: 2)
    func expectRest(_ count: Int) {
      for _ in 0..<count { #expect(looks(spin) == 1) }
    }
    for count in [1, 2, 4, 8, 16, 32, 64, 64] {
      #expect(looks(spin) > 1)
      expectRest(count)
    }
    // Work that comes while it looks begins the count anew.
    #expect(looks(spin, workAt: 5) == 5)
    #expect(looks(spin) > 1)
    expectRest(1)
    #expect(looks(spin) > 1)
  }
}
