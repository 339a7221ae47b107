import Glibc

extension SystemCalls {
  /// This process's number.
  package static var processIdentifier: Int32 { getpid() }

  /// The number of the process that started this one; another one once that process is gone.
  package static var parentProcessIdentifier: Int32 { getppid() }

  /// Sends a signal to a process; signal 0 only asks whether it is there.
  package static func kill(_ process: Int32, signal: Int32) throws(SystemError) {
    do {
      _ = try checked("kill") { Glibc.kill(process, signal) }
    } catch {
      throw error.with(detail: "signal \(signal) to process \(process)")
    }
  }

  /// Kills this process and all of its process group, where it leads one.
  package static func killOwnGroup() {
    if getpgrp() == getpid() { _ = Glibc.kill(0, SIGKILL) }
  }

  /// Lets signals through to this thread, and to those that it starts from now on.
  ///
  /// Which signals are blocked is inherited from whoever started the process, and a thread of a
  /// Dispatch pool, say, blocks nearly all of them.
  package static func unblockSignals(_ signals: [Int32]) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    // Fails only for an operation that does not exist.
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// How many processors are online, at least one.
  package static var coreCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Bytes of memory that the machine has, without swap.
  package static var physicalByteCount: Int {
    sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
  }

  /// Lets a write to a pipe that nobody reads fail with `EPIPE`, rather than end the process.
  ///
  /// Holds for the whole process; calling it again changes nothing.
  package static func ignoreBrokenPipes() {
    _ = signal(SIGPIPE, SIG_IGN)
  }

  /// Lets a write beyond the limit on file sizes fail with `EFBIG`, rather than end the process.
  package static func ignoreFileSizeSignals() {
    _ = signal(SIGXFSZ, SIG_IGN)
  }

  /// Returns true if a child process has ended and waits to be reaped, which this leaves to others.
  package static func hasEnded(_ child: Int32) -> Bool {
    var information = siginfo_t()
    let result = waitid(P_PID, id_t(child), &information, WEXITED | WNOHANG | WNOWAIT)
    return result == 0 && information.si_signo == SIGCHLD
  }

  /// Reaps a child process that has ended.
  ///
  /// - Returns: its status, as `waitpid` gives it; nil if it runs or somebody else has reaped it.
  package static func reap(_ child: Int32) -> Int32? {
    var status: Int32 = 0
    return waitpid(child, &status, WNOHANG) == child ? status : nil
  }

  /// Nanoseconds on a clock that never jumps, the same for all processes until the next start.
  package static func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    // Fails only for a clock that does not exist.
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
