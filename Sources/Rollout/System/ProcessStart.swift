import Glibc

/// The steps of a process of this program before anything else.
package enum ProcessStart {
  /// Prepares the process: standard descriptors that are open, and failed writes that are errors.
  ///
  /// Call it before anything is opened. Calling it again changes nothing.
  package static func prepare() {
    openStandardDescriptors()
    SystemCalls.ignoreBrokenPipes()
    SystemCalls.ignoreFileSizeSignals()
  }

  /// The sentence for a process that has no `/proc`, without a full stop; nil where it has one.
  ///
  /// Swift reads the command line there, so that a program without it sees no arguments at all.
  package static var missingProc: String? {
    access("/proc/self/exe", F_OK) == 0
      ? nil
      : """
      /proc is not mounted, and the command line is read and workers are started there: mount it \
      with 'mount -t proc proc /proc'
      """
  }

  /// Opens `/dev/null` for each of descriptors 0 to 2 that the caller closed.
  ///
  /// The next file to be opened would get the number otherwise, and progress would be written to
  /// it.
  private static func openStandardDescriptors() {
    for (number, flags) in [(0, O_RDONLY), (1, O_WRONLY), (2, O_WRONLY)] as [(Int32, Int32)]
    where fcntl(number, F_GETFD) == -1 && errno == EBADF {
      var opened = open("/dev/null", flags)
      // A directory can be opened anywhere, and refuses what is read and written.
      if opened < 0 { opened = open("/", O_RDONLY) }
      // The lowest free number is the one that is looked for, unless another thread opens files.
      if opened >= 0, opened != number {
        dup2(opened, number)
        close(opened)
      }
    }
  }
}
