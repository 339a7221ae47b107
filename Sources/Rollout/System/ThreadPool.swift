import Glibc

/// Work that is divided into chunks.
package protocol ChunkedWork: AnyObject {
  /// Does one chunk, in any thread and in any order.
  ///
  /// Chunks run at the same time, so none may write what another one reads or writes.
  func run(chunk: Int)
}

extension ChunkedWork {
  /// Does all chunks, in the threads of a pool or, without one, in the caller's alone.
  package func run(_ chunkCount: Int, on threads: ThreadPool?) {
    if let threads {
      threads.run(chunkCount, of: self)
    } else {
      for chunk in 0..<chunkCount { run(chunk: chunk) }
    }
  }
}

/// Threads that do the chunks of one piece of work together with the thread that asks for it.
///
/// A chunk belongs to the thread that claims it first, by one atomic operation. A thread that the
/// operating system keeps waiting therefore delays nothing but a chunk that it has begun. The
/// thread that asks takes chunks from the front, the others from the back. Threads spin for a
/// moment after their last chunk and then sleep until the next work or `wake()`. Running work
/// allocates nothing, and takes no lock but to wake them.
///
/// A `PolicyUpdate` takes the pool that computes it. A pool serves one thread at a time; any number
/// of updates may share it one after the other.
public final class ThreadPool {
  /// The number of threads that do chunks, including the one that asks for them.
  package let threadCount: Int
  /// True if an update uses the pool only while that is faster than one thread.
  package let isAdaptive: Bool
  /// True if the thread that asks does all chunks itself.
  package var isPaused: Bool {
    get { board.isPaused }
    set { board.isPaused = newValue }
  }

  private let board: ThreadBoard
  private var helpers: [pthread_t] = []

  /// Starts the threads, one fewer than asked for.
  ///
  /// They block all signals, which are for the program's own threads. If the system refuses a
  /// thread, the pool has fewer.
  ///
  /// - Parameters:
  ///   - threadCount: the number of threads, at least 1.
  ///   - isAdaptive: true if updates measure their pace with all threads and with one, and use the
  ///     faster way. One is faster while other programs need the processors.
  public init(threadCount: Int, isAdaptive: Bool = false) {
    self.isAdaptive = isAdaptive
    precondition(threadCount > 0, "\(threadCount) threads")
    board = ThreadBoard()
    var (all, before) = (sigset_t(), sigset_t())
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    for _ in 1..<threadCount {
      var thread = pthread_t()
      let argument = Unmanaged.passRetained(board)
      let result = pthread_create(&thread, nil, helperMain, argument.toOpaque())
      guard result == 0 else {
        argument.release()
        break
      }
      helpers.append(thread)
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
    self.threadCount = helpers.count + 1
  }

  deinit {
    board.end()
    for helper in helpers { pthread_join(helper, nil) }
  }

  /// Wakes threads that sleep, for work that comes at once.
  package func wake() { board.wake() }

  /// Does all chunks of a piece of work and returns when they are done; wakes threads that sleep.
  package func run(_ chunkCount: Int, of work: any ChunkedWork) {
    board.wake()
    board.run(chunkCount, of: work)
  }
}

/// The main function of a thread that helps.
private func helperMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  Unmanaged<ThreadBoard>.fromOpaque(argument).takeRetainedValue().help()
  return nil
}
