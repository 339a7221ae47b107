import Glibc

/// The first steps of every process of this program.
package enum ProcessStart {
  /// Opens missing standard descriptors, and makes failed writes errors instead of signals.
  ///
  /// Call it before anything is opened. Repeated calls change nothing.
  package static func prepare() {
    openStandardDescriptors()
    SystemCalls.ignoreBrokenPipes()
    SystemCalls.ignoreFileSizeSignals()
  }

  /// The error text for a system without `/proc`, without a period; nil if `/proc` exists.
  ///
  /// Swift reads the command line from `/proc`, so without it a program sees no arguments at all.
  package static var missingProc: String? {
    access("/proc/self/exe", F_OK) == 0
      ? nil
      : """
      /proc is not mounted, but rlplay reads the command line and starts workers there: mount it \
      with 'mount -t proc proc /proc'
      """
  }

  /// Opens `/dev/null` for each of the descriptors 0 to 2 that the parent process closed.
  ///
  /// Otherwise the next file to be opened would get the number, and progress output would be
  /// written to it.
  private static func openStandardDescriptors() {
    for (number, flags) in [(0, O_RDONLY), (1, O_WRONLY), (2, O_WRONLY)] as [(Int32, Int32)]
    where fcntl(number, F_GETFD) == -1 && errno == EBADF {
      var opened = open("/dev/null", flags)
      // The root directory can always be opened, and reads and writes of it fail.
      if opened < 0 { opened = open("/", O_RDONLY) }
      // The system returns the lowest free number, which is `number` unless another thread opens
      // files.
      if opened >= 0, opened != number {
        dup2(opened, number)
        close(opened)
      }
    }
  }
}
