extension BridgeProgram {
  /// Spaces: their description, and the copying of observations and actions.
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
        return [type(space).__name__, one_line(space)]


    class Declared:
        """An environment's spaces as Gymnasium declares them, for comparison and messages."""

        def __init__(self, environment):
            self.observation = environment.observation_space
            self.action = environment.action_space

        def text(self, what):
            return shortened(getattr(self, what))

        def digest(self, what):
            return hashlib.sha256(encoded(details(getattr(self, what)))).hexdigest()

        def note(self, other, what):
            same = self.text(what) == other.text(what)
            return " (they differ in single elements)" if same else ""

        def description(self):
            return {what: {"text": self.text(what), "digest": self.digest(what)}
                    for what in ("observation", "action")}


    def bound(number):
        """Returns a bound for JSON, with None for infinities."""
        return float(number) if np.isfinite(number) else None


    def leaves_of(space, keys=()):
        """Returns the leaves of a space in declared order, and its description."""
        if isinstance(space, gym.spaces.Dict):
            items = list(space.spaces.items())
            kind, names = "dict", [str(key) for key, _ in items]
        elif isinstance(space, gym.spaces.Tuple):
            items = list(enumerate(space.spaces))
            kind, names = "tuple", []
        else:
            leaf = Leaf(space, keys)
            return [leaf], leaf.description
        leaves, parts = [], []
        for key, part in items:
            below, description = leaves_of(part, keys + (key,))
            leaves += below
            parts.append(description)
        return leaves, {"kind": kind, "names": names, "parts": parts}


    def builder_of(space, counter):
        """Returns a function that builds one environment's action from the leaves' batches."""
        if isinstance(space, gym.spaces.Dict):
            items = [(key, builder_of(part, counter)) for key, part in space.spaces.items()]
            return lambda batches, index: {key: part(batches, index) for key, part in items}
        if isinstance(space, gym.spaces.Tuple):
            parts = [builder_of(part, counter) for part in space.spaces]
            return lambda batches, index: tuple(part(batches, index) for part in parts)
        leaf = next(counter)
        return lambda batches, index: batches[leaf][index]


    STORABLE = "Box, Discrete, MultiDiscrete, MultiBinary, Dict and Tuple"
    # The name of an observation's part with 1 for each allowed action.
    ACTION_MASK = "action_mask"


    def storable_keys(space):
        """Returns the keys of a Dict's parts that can be stored."""
        keys = []
        for key, part in space.spaces.items():
            try:
                leaves_of(part, (key,))
                keys.append(key)
            except Refused:
                pass
        return keys


    def checked_leaves(space, what):
        """Returns the leaves of an environment's space, or raises an error with a remedy."""
        try:
            return leaves_of(space)
        except Refused as error:
            raise Refused(error.kind, str(error) + "; " + remedy(space, what)) from None


    def remedy(space, what):
        """Returns the remedy for a space with parts that cannot be stored."""
        name = SETTINGS["id"]
        keys = []
        if what == "observation" and isinstance(space, gym.spaces.Dict):
            keys = storable_keys(space)
        if not keys:
            return ("change the space with a wrapper, in a module that registers the wrapped "
                    "environment, and play gym:MODULE:ID")
        head, _, rest = name.partition("/")
        source = name
        if name not in gym.registry and ":" not in name and rest:
            source = f"{head}:{rest}"
        return (
            "to leave such parts out, write a module mine.py with the lines 'import gymnasium as "
            "gym' and 'gym.register(\"Mine-v0\", lambda **o: gym.wrappers.FilterObservation("
            f"gym.make(\"{source}\", **o), {json.dumps(keys)}))', and play gym:mine:Mine-v0")


    class Leaf:
        """A space that is not a container, with the conversion of its values to memory."""

        def __init__(self, space, keys):
            self.space, self.keys, self.uneven = space, keys, False
            self.where = ".".join(str(key) for key in keys)
            if isinstance(space, gym.spaces.Box):
                self.declared, self.shape = space.dtype, space.shape
                element = exact_type(space.dtype)
                if element is None:
                    self.refuse_space(
                        f"numbers of type {space.dtype} cannot be stored, unlike float64 and int64")
                self.refuse_empty()
                low, high = space.low, space.high
                self.uneven = bool((low != low.flat[0]).any() or (high != high.flat[0]).any())
                self.store = self.store_array
                if keys == (ACTION_MASK,) and self.declared.kind in "iu":
                    if 0 <= low.min() and high.max() <= 1:
                        element, self.store = "uint8", self.store_choices
                        self.start, self.counts = 0, np.full(space.shape, 2)
                self.description = {
                    "kind": "box", "shape": list(space.shape), "elementType": element,
                    "low": bound(low.min()), "high": bound(high.max())}
            elif isinstance(space, gym.spaces.Discrete):
                element, self.shape, self.declared = "int32", (), np.dtype(np.int64)
                self.start, self.count = int(space.start), int(space.n)
                self.refuse_beyond_int32(self.count)
                self.description = {"kind": "discrete", "count": self.count}
                self.store = self.store_choice
            elif isinstance(space, gym.spaces.MultiDiscrete):
                element, self.shape, self.declared = "int32", space.shape, space.dtype
                self.start = getattr(space, "start", np.zeros_like(space.nvec))
                self.counts = space.nvec
                self.refuse_empty()
                self.refuse_beyond_int32(int(self.counts.max()))
                counts = [int(count) for count in self.counts.reshape(-1)]
                self.description = {"kind": "multi-discrete", "counts": counts}
                self.store = self.store_choices
            elif isinstance(space, gym.spaces.MultiBinary):
                element, self.shape, self.declared = "uint8", space.shape, space.dtype
                self.refuse_empty()
                size = int(np.prod(space.shape))
                self.description = {"kind": "multi-binary", "count": size}
                self.start, self.counts = 0, np.full(space.shape, 2)
                self.store = self.store_choices
            else:
                self.refuse_space(f"only {STORABLE} can be stored")
            self.element = np.dtype(element)

        def refuse_space(self, reason):
            part = f" (its part '{self.where}')" if self.where else ""
            raise Refused(
                "environment", f"it has the space {shortened(self.space)}{part}: {reason}")

        def refuse_empty(self):
            if not all(self.space.shape):
                self.refuse_space("a space without numbers cannot be played")

        def refuse_beyond_int32(self, count):
            if count > 2**31 - 1:
                self.refuse_space(f"{count} choices are too many: use at most {2**31 - 1}")

        def tell_bounds(self):
            """Adds the bounds of single elements to the description if they differ."""
            if self.uneven:
                self.description["lows"] = [bound(low) for low in self.space.low.flat]
                self.description["highs"] = [bound(high) for high in self.space.high.flat]

        def view(self, memory, offset, count):
            """Returns a row of memory as an array [count, ...]."""
            size = int(np.prod(self.shape))
            flat = np.frombuffer(memory, self.element, count * size, offset)
            return flat.reshape((count,) + tuple(self.shape))

        def mismatch(self, value, found):
            part = f" '{self.where}'" if self.where else ""
            raise Refused(
                "exception", f"the observation{part} {found}, but its space is "
                f"{shortened(self.space)}; it is {described(value)}")

        def part(self, observation):
            try:
                for key in self.keys:
                    observation = observation[key]
                return observation
            except (KeyError, IndexError, TypeError):
                part = self.where
                raise Refused(
                    "exception", f"the observation '{part}' is missing, but its space is "
                    f"{shortened(self.space)}; the whole observation is {described(observation)}"
                ) from None

        def array(self, value):
            """Returns an array of the space's shape, with numbers that its type can hold."""
            array = as_array(value)
            if array is None:
                self.mismatch(value, f"is a {type(value).__name__} and not an array")
            kind = array.dtype.kind
            if kind not in "biuf":
                self.mismatch(value, f"is of type {array.dtype}")
            if array.shape != self.shape:
                self.mismatch(value, f"has the shape {array.shape}")
            if array.dtype == self.declared:
                return array
            with np.errstate(all="ignore"):
                cast = array.astype(self.element if self.declared.kind == "f" else self.declared)
                if self.declared.kind != "f":
                    if (cast != array).any():
                        self.mismatch(value, f"of type {array.dtype} holds {shown(array)}")
                elif kind == "f":
                    beyond = np.isinf(cast) & np.isfinite(array)
                    if beyond.any():
                        number = array[beyond].flat[0]
                        self.mismatch(
                            value, f"holds {number}, which is beyond the range of {self.element}")
            return array

        def store_array(self, view, index, observation):
            value = self.part(observation) if self.keys else observation
            if (type(value) is not np.ndarray or value.dtype != self.declared
                    or value.shape != self.shape):
                value = self.array(value)
            view[index] = value

        def store_choice(self, view, index, observation):
            value = self.part(observation) if self.keys else observation
            whole = whole_number(value)
            if whole is None:
                self.mismatch(value, f"is the {type(value).__name__} {shown(value)}")
            choice = whole - self.start
            if not 0 <= choice < self.count:
                self.mismatch(value, f"is {shown(value)}")
            view[index] = choice

        def store_choices(self, view, index, observation):
            value = self.part(observation) if self.keys else observation
            choices = self.array(value) - self.start
            if (choices < 0).any() or (choices >= self.counts).any():
                self.mismatch(value, f"is {shown(value)}")
            view[index] = choices

        def batch(self, view):
            """Returns the actions of some environments as copies, which they may keep."""
            if isinstance(self.space, gym.spaces.Box):
                return view.astype(self.declared)
            return (view + self.start).astype(self.declared)
    """#
}
