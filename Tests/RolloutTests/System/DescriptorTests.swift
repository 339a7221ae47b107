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

extension DescriptorTests {
  @Test func `what is opened never gets the number of a closed standard stream`() async {
    await #expect(processExitsWith: .success) {
      close(STDIN_FILENO)
      close(STDERR_FILENO)
      let file = try SystemCalls.open("/dev/null", O_RDONLY)
      let pipe = try SystemCalls.pipe()
      let memory = try SharedMemory(creating: 4096)
      let numbers = [
        file.rawValue, pipe.readEnd.rawValue, pipe.writeEnd.rawValue, memory.descriptor,
      ]
      // Without standard error a failed expectation says nothing, but the exit code tells.
      for number in numbers {
        try #require(number > STDERR_FILENO)
        try #require(fcntl(number, F_GETFD) & FD_CLOEXEC == FD_CLOEXEC)
      }
      try #require(fcntl(STDERR_FILENO, F_GETFD) == -1)
    }
  }

  @Test func `preparing a process opens the null device for closed standard streams`() async {
    await #expect(processExitsWith: .success) {
      for number in 0...2 as ClosedRange<Int32> { close(number) }
      ProcessStart.prepare()
      for number in 0...2 {
        try #require(try SystemCalls.readLink("/proc/self/fd/\(number)") == "/dev/null")
      }
      #expect(write(STDERR_FILENO, "x", 1) == 1)
    }
  }
}
