/// The Python program that plays Gymnasium environments.
///
/// docs/gymnasium.md describes its protocol.
enum BridgeProgram {
  /// The program for `python3 -c`, which reads the main program from standard input.
  ///
  /// It first removes the working directory from the module path. Before the safe path of Python
  /// 3.11, `-c` puts the directory there, and a file in it could take the place of one of Python's
  /// modules.
  static let loader =
    "import sys; sys.path[:] = [p for p in sys.path if p]; b = sys.stdin.buffer; "
    + "exec(compile(b.read(int(b.readline())), 'rlplay', 'exec'))"

  /// The main program.
  static var source: String {
    [start, values, spaces, leaves, making, service, vectors, loop].joined(separator: "\n\n\n")
  }
}

extension BridgeProgram {
  /// Descriptors, signals and errors: the part that runs before Gymnasium is imported.
  static let start = #"""
    import fcntl, hashlib, importlib, importlib.abc, importlib.util, itertools, json, mmap
    import math, operator, os, signal, struct, sys, traceback


    class Refused(Exception):
        """An error with a complete message, shown without a traceback."""

        def __init__(self, kind, text):
            super().__init__(text)
            self.kind = kind


    def one_line(value):
        return " ".join(str(value).split())


    def die_with(process, descriptor):
        """Asks the kernel to kill this process and its children when the other process ends.

        The descriptor is the read end of a pipe that is never written to. The signal goes to the
        process group, which includes an environment's children unless they leave it.
        """
        if os.getpgrp() == os.getpgid(process):
            os.setpgid(0, 0)
        end = os.open(f"/proc/{process}/fd/{descriptor}", os.O_RDONLY)
        F_SETSIG = 10
        fcntl.fcntl(end, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(end, F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(end, fcntl.F_SETFL, os.O_RDONLY | os.O_ASYNC)


    def write_all(descriptor, data):
        data = memoryview(data)
        while data:
            data = data[os.write(descriptor, data):]


    def read_exactly(descriptor, count):
        """Reads count bytes; ends this process at the end of the file."""
        data = os.read(descriptor, count)
        while len(data) < count:
            part = os.read(descriptor, count - len(data))
            if not part:
                leave()
            data += part
        return data


    def leave():
        for index, environment in enumerate(ENVIRONMENTS):
            try:
                tell("closing", index)
            except OSError:
                # The other process is gone. If this process ended before the kernel's signal,
                # the signal would not reach its children.
                os.killpg(os.getpgrp(), signal.SIGKILL)
            try:
                environment.close()
            except BaseException:
                pass
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:
                pass
        os._exit(0)


    def reply(outcome, data=b""):
        write_all(REPLIES, struct.pack("<II", outcome, len(data)) + data)


    def tell(activity, environment):
        """Reports an environment that is being made or closed, outside of any request."""
        reply(2, struct.pack("<II", ("making", "closing").index(activity), environment))


    def encoded(value):
        """Returns JSON in UTF-8 with lone surrogates replaced, as UTF-8 cannot hold them."""
        text = json.dumps(value, ensure_ascii=False)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


    def reply_fault(error, environment=-1, phase=""):
        try:
            kind, text = "exception", one_line(error)
        except Exception:
            kind, text = "exception", "its text cannot be shown"
        if isinstance(error, Refused):
            kind, trace = error.kind, ""
        else:
            text = f"{type(error).__name__}: {text}" if text else type(error).__name__
            frames = error.__traceback__
            while frames and frames.tb_frame.f_code.co_filename == "rlplay":
                frames = frames.tb_next
            trace = "".join(traceback.format_exception(type(error), error, frames))
            last = traceback.extract_tb(frames)[-1:]
            if last:
                if not str(error):
                    text += f": {last[0].line}"
                file = os.path.basename(last[0].filename)
                text += f" ({file}, line {last[0].lineno}, in {last[0].name})"
        fault = {"kind": kind, "text": text, "traceback": trace, "environment": environment,
                 "phase": phase}
        reply(1, encoded(fault))


    # If the interpreter is a script, it may have closed some of these descriptors. The next file
    # would get the number of a closed one.
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)

    # These signals may reach every process of a group or a job. This process ignores them: the
    # learner decides when it ends, and environments are closed then.
    for name in ("SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU", "SIGPWR"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    # SIGTERM is ignored here, but not in processes that an environment forks or starts.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.siginterrupt(signal.SIGTERM, False)
    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    SETTINGS = json.loads(sys.stdin.buffer.readline())
    ENVIRONMENTS = []
    REQUESTS, REPLIES = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)
    die_with(SETTINGS["process"], SETTINGS["life"])
    """#
}

extension BridgeProgram {
  /// The start of the program, and the loop that answers requests.
  static let loop = #"""
    def serve(service):
        unpack, done = struct.Struct("<III").unpack, struct.pack("<II", 0, 0)
        while True:
            what, first, end = unpack(read_exactly(REQUESTS, 12))
            try:
                if what == 2:
                    service.step(first, end)
                    # These bytes fit in the pipe in one write, and the reader expects no more.
                    os.write(REPLIES, done)
                elif what == 1:
                    service.reset(first, end)
                    reply(0)
                else:
                    service.phase = "render"
                    service.current[0] = first
                    draw = service.picture if what == 3 else service.final_picture
                    reply(0, draw(first))
            except BaseException as error:
                current = int(service.current[0])
                reply_fault(error, current if current < 0 else current % RESETTING, service.phase)
            service.current[0] = -1


    def start():
        declared = make_all()
        observation_leaves, observation = checked_leaves(
            declared.observation, "observation", declared.left_out)
        action_leaves, action = checked_leaves(declared.action, "action")
        for leaf in action_leaves:
            leaf.tell_bounds()
        reply(0, encoded({
            "observation": observation, "action": action, "declared": declared.description()}))
        _, length, _ = struct.unpack("<III", read_exactly(REQUESTS, 12))
        place = json.loads(read_exactly(REQUESTS, length))
        builder = builder_of(declared.action, itertools.count(), declared.autoreset is not None)
        if declared.autoreset:
            return VectorService(
                declared.autoreset, observation_leaves, action_leaves, builder, place)
        return Service(observation_leaves, action_leaves, builder, place)


    try:
        gym, np = import_gymnasium()
        service = start()
        reply(0)
    except BaseException as error:
        reply_fault(error)
        leave()
    serve(service)
    """#
}
