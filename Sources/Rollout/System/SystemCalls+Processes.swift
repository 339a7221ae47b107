import Foundation
import Glibc

extension SystemCalls {
  /// The identifier (pid) of this process.
  package static var processIdentifier: Int32 { getpid() }

  /// The identifier of the parent process; another one after that process has ended.
  package static var parentProcessIdentifier: Int32 { getppid() }

  /// Sends a signal to a process; signal 0 only tests whether the process exists.
  package static func kill(_ process: Int32, signal: Int32) throws(SystemError) {
    do {
      _ = try checked("kill") { Glibc.kill(process, signal) }
    } catch {
      throw error.with(detail: "signal \(signal) to process \(process)")
    }
  }

  /// Kills this process and its process group if it leads one; otherwise does nothing.
  package static func killOwnGroup() {
    if getpgrp() == getpid() { _ = Glibc.kill(0, SIGKILL) }
  }

  /// Unblocks signals in this thread, and in the threads that it starts from now on.
  ///
  /// The parent process determines the initial set of blocked signals. A thread of a Dispatch pool,
  /// for example, blocks nearly all of them.
  package static func unblockSignals(_ signals: [Int32]) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    // This fails only for an unknown operation.
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// The number of processors that are online, at least one.
  package static var coreCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// The number of cores on which this process may run, at least one.
  ///
  /// A launcher or a batch system may have bound the process to a part of the machine.
  package static var allowedCoreCount: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    guard let list = line?.split(separator: "\t").last else { return coreCount }
    return max(1, coreCount(inList: list))
  }

  /// Returns the number of cores in the kernel's notation, such as "0-3,8".
  static func coreCount(inList list: some StringProtocol) -> Int {
    list.split(separator: ",").reduce(0) { count, part in
      let bounds = part.split(separator: "-").compactMap { Int($0) }
      guard let first = bounds.first, let last = bounds.last else { return count }
      return count + last - first + 1
    }
  }

  /// Makes this thread, and those that it starts, wait for a processor when they are woken.
  ///
  /// A thread of the default policy may displace the one that runs there. This does nothing in a
  /// thread that was started with another policy. Called by the first thread, it counts for the
  /// processes that this one starts.
  package static func waitForProcessors() {
    guard sched_getscheduler(0) == SCHED_OTHER else { return }
    // SCHED_BATCH, which Glibc's module leaves out.
    let batch: Int32 = 3
    var parameters = sched_param()
    // Every thread may do this. Where a sandbox refuses, it stays as it is.
    sched_setscheduler(0, batch, &parameters)
  }

  /// The size of the machine's memory in bytes, without swap.
  package static var physicalByteCount: Int {
    sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
  }

  /// Makes a write to a pipe without a reader fail with `EPIPE` instead of ending the process.
  ///
  /// It applies to the whole process. Repeated calls change nothing.
  package static func ignoreBrokenPipes() {
    _ = signal(SIGPIPE, SIG_IGN)
  }

  /// Makes a write beyond the file size limit fail with `EFBIG` instead of ending the process.
  package static func ignoreFileSizeSignals() {
    _ = signal(SIGXFSZ, SIG_IGN)
  }

  /// Returns true if a child process has ended and waits to be reaped; does not reap it.
  package static func hasEnded(_ child: Int32) -> Bool {
    var information = siginfo_t()
    let result = waitid(P_PID, id_t(child), &information, WEXITED | WNOHANG | WNOWAIT)
    return result == 0 && information.si_signo == SIGCHLD
  }

  /// Reaps a child process if it has ended.
  ///
  /// - Returns: its status, as from `waitpid`; nil if it runs or has been reaped already.
  package static func reap(_ child: Int32) -> Int32? {
    var status: Int32 = 0
    return waitpid(child, &status, WNOHANG) == child ? status : nil
  }

  /// Sleeps for some time, or until a signal arrives.
  static func sleep(nanoseconds: UInt64) {
    var time = timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    nanosleep(&time, nil)
  }

  /// Returns the nanoseconds of a monotonic clock, the same for all processes until a reboot.
  package static func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    // This fails only for an unknown clock.
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

extension SystemCalls {
  /// Returns the limits on the number of open files.
  ///
  /// The soft limit is in effect, and can be raised up to the hard limit.
  package static func openFileLimit() throws(SystemError) -> (soft: Int, hard: Int) {
    var limit = rlimit()
    _ = try checked("getrlimit") { getrlimit(openFiles, &limit) }
    return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
  }

  /// Sets the limits on open files for this process and the processes that it starts.
  package static func setOpenFileLimit(_ limit: (soft: Int, hard: Int)) throws(SystemError) {
    var value = rlimit(rlim_cur: rlim_t(limit.soft), rlim_max: rlim_t(limit.hard))
    // "No limit" is the largest UInt64, which `openFileLimit()` has clamped to the largest Int.
    if limit.hard == .max { value.rlim_max = .max }
    _ = try checked("setrlimit") { setrlimit(openFiles, &value) }
  }

  private static var openFiles: __rlimit_resource_t {
    __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  }
}
