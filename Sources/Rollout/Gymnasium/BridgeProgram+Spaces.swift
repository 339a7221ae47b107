extension BridgeProgram {
  /// Spaces: their description, and the parts that can be stored.
  static let spaces = #"""
    def exact_type(dtype):
        """Returns rlplay's element type that holds every number of a type; None if none does."""
        name = np.dtype(dtype).name
        wider = {"float16": "float32", "int8": "int32", "int16": "int32", "uint16": "int32",
                 "uint32": "int64"}
        name = wider.get(name, name)
        known = ("float32", "float64", "int32", "int64", "uint8", "bool")
        return name if name in known else None


    def details(space):
        """Returns all properties that distinguish a space, as values for JSON."""
        if isinstance(space, gym.spaces.Dict):
            return ["dict", [[str(key), details(part)] for key, part in space.spaces.items()]]
        if isinstance(space, gym.spaces.Tuple):
            return ["tuple", [details(part) for part in space.spaces]]
        if isinstance(space, gym.spaces.Box):
            bounds = [hashlib.sha256(np.ascontiguousarray(side).tobytes()).hexdigest()
                      for side in (space.low, space.high)]
            return ["box", str(space.dtype), list(space.shape), bounds]
        if isinstance(space, gym.spaces.Discrete):
            return ["discrete", int(space.n), int(space.start)]
        if isinstance(space, gym.spaces.MultiDiscrete):
            start = getattr(space, "start", np.zeros_like(space.nvec))
            return ["multi-discrete", str(space.dtype), space.nvec.tolist(), start.tolist()]
        if isinstance(space, gym.spaces.MultiBinary):
            return ["multi-binary", list(space.shape)]
        # The text of another space may contain addresses of this process.
        return [type(space).__name__]


    def episode_steps_of(environment, autoreset):
        """Returns the number of steps at which an episode is truncated; None if there is none."""
        limits = []
        if autoreset:
            limits.append(getattr(getattr(environment, "spec", None), "max_episode_steps", None))
        while isinstance(environment, gym.Wrapper):
            limits.append(getattr(environment, "_max_episode_steps", None))
            environment = environment.env
        return min((steps for steps in limits if type(steps) is int and steps > 0), default=None)


    def frame_skip_of(environment):
        """Returns the frames of one action of Atari's environments; None if no number is known."""
        arguments = getattr(getattr(environment, "spec", None), "kwargs", None) or {}
        counts = [arguments.get("frameskip")]
        while isinstance(environment, gym.Wrapper):
            counts.append(vars(environment).get("frame_skip"))
            environment = environment.env
        counts = [count for count in counts if type(count) is int]
        return math.prod(counts) if counts else None


    class Declared:
        """An environment's spaces as Gymnasium declares them, for comparison and messages."""

        def __init__(self, environment, autoreset=None):
            single = "single_" if autoreset else ""
            self.observation = getattr(environment, single + "observation_space")
            self.action = getattr(environment, single + "action_space")
            self.autoreset, self.left_out = autoreset, []
            self.episode_steps = episode_steps_of(environment, autoreset)
            self.frame_skip = frame_skip_of(environment)

        def text(self, what):
            return shortened(getattr(self, what))

        def digest(self, what):
            return hashlib.sha256(encoded(details(getattr(self, what)))).hexdigest()

        def note(self, other, what):
            same = self.text(what) == other.text(what)
            return " (they differ in single elements)" if same else ""

        def description(self):
            return {
                "leftOut": self.left_out, "autoreset": self.autoreset,
                "episodeSteps": self.episode_steps, "frameSkip": self.frame_skip,
                **{what: {"text": self.text(what), "digest": self.digest(what)}
                   for what in ("observation", "action")}}


    def bound(number):
        """Returns a bound for JSON, with None for infinities."""
        return float(number) if np.isfinite(number) else None


    class Unplayable(Refused):
        """An error about a space of a kind that cannot be stored."""


    def path_of(keys):
        return ".".join(str(key) for key in keys)


    def subject_of(what, keys):
        """Returns the subject of a sentence about a space of the environment, or a part of it."""
        space = f"the {what} space of '{SETTINGS['id']}'"
        return f"the part '{path_of(keys)}' of {space}" if keys else space


    def leaves_of(space, what, left_out=None, keys=()):
        """Returns the leaves of a space in declared order, and its description.

        If `left_out` is a list, parts of a kind that cannot be stored are left out, and their
        paths are added to it.
        """
        if isinstance(space, gym.spaces.Dict):
            items = list(space.spaces.items())
            kind = "dict"
        elif isinstance(space, gym.spaces.Tuple):
            items = list(enumerate(space.spaces))
            kind = "tuple"
        else:
            leaf = Leaf(space, what, keys)
            return [leaf], leaf.description
        leaves, names, parts, without = [], [], [], []
        for key, part in items:
            inner = keys + (key,)
            try:
                below, description = leaves_of(
                    part, what, None if left_out is None else without, inner)
            except Unplayable:
                if left_out is None:
                    raise
                without.append(path_of(inner))
                continue
            leaves += below
            names.append(str(key))
            parts.append(description)
        if items and not leaves:
            raise Unplayable(
                "environment", f"{subject_of(what, keys)} is {shortened(space)}, which has no part "
                f"that can be stored: only {STORABLE} can")
        if left_out is not None:
            left_out += without
        return leaves, {"kind": kind, "names": names if kind == "dict" else [], "parts": parts}


    def builder_of(space, counter, is_vector=False):
        """Returns a function that builds an action from the leaves' batches.

        It builds one environment's action, or that of all if they are a vector environment.
        """
        if isinstance(space, gym.spaces.Dict):
            items = [(key, builder_of(part, counter, is_vector))
                     for key, part in space.spaces.items()]
            return lambda batches, index: {key: part(batches, index) for key, part in items}
        if isinstance(space, gym.spaces.Tuple):
            parts = [builder_of(part, counter, is_vector) for part in space.spaces]
            return lambda batches, index: tuple(part(batches, index) for part in parts)
        leaf = next(counter)
        if is_vector:
            return lambda batches, index: batches[leaf]
        if isinstance(space, gym.spaces.Box) and not space.shape:
            # An array without axes, not a number.
            return lambda batches, index: batches[leaf][index, ...]
        return lambda batches, index: batches[leaf][index]


    STORABLE = "Box, Discrete, MultiDiscrete, MultiBinary, Dict and Tuple"
    # The name of an observation's part with 1 for each allowed action.
    ACTION_MASK = "action_mask"


    def storable_keys(space):
        """Returns the keys of a Dict's parts that can be stored."""
        keys = []
        for key, part in space.spaces.items():
            try:
                leaves_of(part, "observation", [], (key,))
                keys.append(key)
            except Refused:
                pass
        return keys


    def checked_leaves(space, what, left_out=None):
        """Returns the leaves of an environment's space, or raises an error with a remedy."""
        try:
            return leaves_of(space, what, left_out)
        except Refused as error:
            raise Refused(error.kind, f"{error}; {remedy(space, what)}") from None


    def remedy(space, what):
        """Returns the remedy for a space with parts that cannot be stored."""
        keys = []
        if what == "observation" and isinstance(space, gym.spaces.Dict):
            keys = storable_keys(space)
        if keys:
            return ("to leave such parts out, use --gym-wrap 'gymnasium.wrappers.FilterObservation:"
                    f"filter_keys={json.dumps(keys, separators=(',', ':'))}'")
        return "change the space with a wrapper, named by --gym-wrap MODULE.CLASS"
    """#
}
