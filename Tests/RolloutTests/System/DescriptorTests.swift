import Glibc
import Rollout
import Testing

struct DescriptorTests {
  @Test func `a descriptor that was taken is open until its new owner closes it`() throws {
    let number = try SystemCalls.open("/dev/null", O_RDONLY).take()
    #expect(fcntl(number, F_GETFD) & FD_CLOEXEC == FD_CLOEXEC)
    try SystemCalls.close(number)
  }

  @Test func `a descriptor is closed when its owner goes`() async {
    // In a separate process: otherwise another test could be given the same number at once.
    await #expect(processExitsWith: .success) {
      let number: Int32
      do {
        let descriptor = try SystemCalls.open("/dev/null", O_RDONLY)
        number = descriptor.rawValue
      }
      try #require(fcntl(number, F_GETFD) == -1)
      try #require(errno == EBADF)
    }
  }
}
