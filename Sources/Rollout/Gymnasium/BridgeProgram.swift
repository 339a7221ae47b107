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
    [start, values, spaces, environments, service].joined(separator: "\n\n\n")
  }

  /// Descriptors, signals and errors: the part that runs before Gymnasium is imported.
  private static let start = #"""
    import fcntl, hashlib, importlib, importlib.util, itertools, json, mmap, operator, os, signal
    import struct, sys, traceback


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

  /// Names, registration and the creation of environments.
  private static let environments = #"""
    def import_gymnasium():
        try:
            import gymnasium, numpy
            return gymnasium, numpy
        except ImportError as error:
            raise Refused(
                "python",
                f"{sys.executable} cannot import gymnasium ({one_line(error)}): run "
                "'python3 -m pip install gymnasium' with that interpreter, or name another one "
                "with --python PATH") from None


    def import_module(name):
        """Imports a module; returns False if there is none."""
        try:
            if not name.isidentifier() or importlib.util.find_spec(name) is None:
                return False
        except ValueError:
            return False
        importlib.import_module(name)
        return True


    def allow_working_directory():
        """Lets modules be found in the working directory."""
        # As the last entry of the path, the directory hides no other module.
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())


    def resolve(name):
        """Imports the module that a name begins with, and returns the name to make."""
        if ":" in name:
            allow_working_directory()
        head, slash, rest = name.partition("/")
        if ":" in name or not slash or name in gym.registry:
            return name
        if not import_module(head) and "/" in rest:
            raise Refused(
                "environment", f"there is no Python module '{head}' to import for '{name}'")
        if "/" in rest:
            return rest
        return rest if name not in gym.registry and rest in gym.registry else name


    def look_up(target):
        """Returns the class that a text names: module.Class, or module:Class."""
        module, colon, name = target.partition(":")
        if colon:
            allow_working_directory()
        else:
            module, _, name = target.rpartition(".")
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if not f"{module}.".startswith(f"{error.name}."):
                raise
            hint = "" if colon else (
                f"; write {module}:{name} if it is in the working directory")
            raise Refused(
                "environment", f"there is no Python module '{error.name}' for the wrapper "
                f"{target}{hint}") from None
        try:
            return operator.attrgetter(name)(found)
        except AttributeError as error:
            raise Refused(
                "environment", f"there is no wrapper {target}: {one_line(error)}") from None


    def wrap(environment, name):
        """Returns an environment inside the wrappers that the settings name."""
        for target, arguments in SETTINGS["wrappers"]:
            wrapper = look_up(target)
            try:
                environment = wrapper(environment, **json.loads(arguments))
            except (gym.error.Error, TypeError, ValueError, AssertionError) as error:
                raise Refused(
                    "environment", f"the wrapper {target} cannot be put around '{name}': "
                    f"{type(error).__name__}: {one_line(error)}") from error
            if not hasattr(environment, "step"):
                raise Refused(
                    "environment", f"the wrapper {target} made {described(environment)}, but an "
                    "environment is needed")
        return environment


    def make(name, limit, rendering):
        options = {"disable_env_checker": True, **json.loads(SETTINGS["arguments"])}
        if rendering:
            options["render_mode"] = "rgb_array"
        if limit == 0:
            # Before version 1.0, Gymnasium had no value for "no limit".
            limit = -1 if int(gym.__version__.split(".")[0]) >= 1 else 2**62
        try:
            if limit is not None:
                options["max_episode_steps"] = limit
            environment = gym.make(name, **options)
        except (gym.error.Error, ModuleNotFoundError) as error:
            raise Refused("environment", f"'{name}' cannot be made: {one_line(error)}") from None
        except TypeError as error:
            # Gymnasium adds the arguments to the text.
            if "keyword argument" not in str(error):
                raise
            raise Refused("environment", f"'{name}' cannot be made: {one_line(error)}") from None
        return wrap(environment, name)


    def make_all():
        name = resolve(SETTINGS["id"])
        for index in range(SETTINGS["count"]):
            tell("making", index)
            ENVIRONMENTS.append(make(name, SETTINGS.get("limit"), SETTINGS["rendering"]))
        first = Declared(ENVIRONMENTS[0])
        for index, environment in enumerate(ENVIRONMENTS):
            other = Declared(environment)
            for what in ("observation", "action"):
                if other.digest(what) != first.digest(what):
                    raise Refused(
                        "spaces", f"environment {index} of the batch has the {what} space "
                        f"{other.text(what)}, but environment 0 has {first.text(what)}"
                        f"{first.note(other, what)}: a batch needs environments with equal spaces")
        return first
    """#

  /// Requests and replies.
  private static let service = #"""
    class Service:
        """Steps the environments, with values in memory that the other process created."""

        def __init__(self, observation_leaves, action_leaves, action_builder, place):
            path = f"/proc/{place['process']}/fd/{place['descriptor']}"
            with open(path, "r+b", buffering=0) as file:
                memory = mmap.mmap(file.fileno(), place["byteCount"])
            count = len(ENVIRONMENTS)

            def views(leaves, offsets):
                return [leaf.view(memory, at, count) for leaf, at in zip(leaves, offsets)]

            def numbers(name, dtype, count=count):
                return np.frombuffer(memory, dtype, count, place[name])

            places = views(observation_leaves, place["obs"])
            final_places = views(observation_leaves, place["finalObs"])
            self.stores = [(leaf.store, view) for leaf, view in zip(observation_leaves, places)]
            self.final_stores = [
                (leaf.store, view) for leaf, view in zip(observation_leaves, final_places)]
            self.actions = list(zip(action_leaves, views(action_leaves, place["act"])))
            self.build = action_builder
            self.rewards = numbers("rewards", np.float32)
            self.terminated = numbers("terminated", np.bool_)
            self.truncated = numbers("truncated", np.bool_)
            self.frozen = numbers("frozen", np.bool_)
            self.seeds = numbers("seeds", np.int64)
            self.lives = numbers("lives", np.int64)
            self.infos = [
                (path, np.frombuffer(memory, np.float32, count, at))
                for path, at in zip(SETTINGS["information"], place["info"])]
            for index, environment in enumerate(ENVIRONMENTS):
                task = environment.unwrapped
                self.lives[index] = 0 if hasattr(task, "ale") or hasattr(task, "lives") else -1
            self.current = numbers("current", np.int64, 1)
            self.phase = ""
            # Environments that are rendered, and the final pictures of their last episodes.
            self.watched = set()
            self.final_pictures = {}

        def note(self, index, info, source):
            if type(info) is not dict:
                check_info(info, source)
            if "lives" in info:
                self.lives[index] = lives_in(info)

        def record(self, index, info):
            """Stores the numbers of a step's info."""
            if type(info) is not dict:
                check_info(info, "step")
            for path, view in self.infos:
                view[index] = info_number(info, path)

        def reset(self, first, end):
            self.phase = "reset"
            for index in range(first, end):
                self.current[0] = RESETTING + index
                seed = int(self.seeds[index])
                observation, info = reset_values(
                    ENVIRONMENTS[index].reset(seed=seed if seed >= 0 else None))
                self.note(index, info, "reset")
                for store, view in self.stores:
                    store(view, index, observation)
            self.current[0] = -1

        def step(self, first, end):
            # Only rows of this request are read, as others may be in the course of being written.
            batches = [leaf.batch(view[first:end]) for leaf, view in self.actions]
            frozen = self.frozen[first:end].tolist()
            for place, index in enumerate(range(first, end)):
                if frozen[place]:
                    continue
                self.current[0] = index
                self.phase = "step"
                environment = ENVIRONMENTS[index]
                outcome = environment.step(self.build(batches, place))
                observation, reward, terminated, truncated, info = step_values(outcome)
                if type(reward) is not float:
                    reward = reward_number(reward)
                if not -FLOAT32_LIMIT < reward < FLOAT32_LIMIT:
                    refuse_reward(reward)
                if terminated is not True and terminated is not False:
                    terminated = flag("terminated", terminated)
                if truncated is not True and truncated is not False:
                    truncated = flag("truncated", truncated)
                self.rewards[index] = reward
                self.terminated[index] = terminated
                self.truncated[index] = truncated
                if self.infos:
                    self.record(index, info)
                source = "step"
                if terminated or truncated:
                    for store, view in self.final_stores:
                        store(view, index, observation)
                    if index in self.watched:
                        self.phase = "render"
                        self.final_pictures[index] = self.draw(index)
                    # Lives are those of the next episode, which reset returns.
                    if type(info) is not dict:
                        check_info(info, source)
                    self.phase, source = "reset after step", "reset"
                    self.current[0] = RESETTING + index
                    observation, info = reset_values(environment.reset())
                self.note(index, info, source)
                for store, view in self.stores:
                    store(view, index, observation)
            self.current[0] = -1

        def picture(self, index):
            self.watched.add(index)
            return self.draw(index)

        def final_picture(self, index):
            return self.final_pictures.get(index, b"")

        def draw(self, index):
            pixels = np.asarray(ENVIRONMENTS[index].render())
            if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
                raise Refused(
                    "exception", f"render returned an array of type {pixels.dtype} and shape "
                    f"{pixels.shape}, but a picture needs type uint8 and shape (height, width, 3)")
            return struct.pack("<II", pixels.shape[1], pixels.shape[0]) + pixels.tobytes()


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
        observation_leaves, observation = checked_leaves(declared.observation, "observation")
        action_leaves, action = checked_leaves(declared.action, "action")
        for leaf in action_leaves:
            leaf.tell_bounds()
        reply(0, encoded({
            "observation": observation, "action": action, "declared": declared.description()}))
        _, length, _ = struct.unpack("<III", read_exactly(REQUESTS, 12))
        place = json.loads(read_exactly(REQUESTS, length))
        builder = builder_of(declared.action, itertools.count())
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
