extension BridgeProgram {
  /// Spaces: their description, observations into rows of memory, actions out of them.
  static let spaces = #"""
    def exact_type(dtype):
        """The type that holds every number of a type, of those that rlplay has; None if none does."""
        name = np.dtype(dtype).name
        wider = {"float16": "float32", "int8": "int32", "int16": "int32", "uint16": "int32",
                 "uint32": "int64"}
        name = wider.get(name, name)
        known = ("float32", "float64", "int32", "int64", "uint8", "bool")
        return name if name in known else None


    def bound(number):
        """A bound for JSON: no infinities, which are None."""
        return float(number) if np.isfinite(number) else None


    def leaves_of(space, keys=()):
        """The leaves of a space in declared order, and its description."""
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
        """A function that puts one environment's action together from the leaves' batches."""
        if isinstance(space, gym.spaces.Dict):
            items = [(key, builder_of(part, counter)) for key, part in space.spaces.items()]
            return lambda batches, index: {key: part(batches, index) for key, part in items}
        if isinstance(space, gym.spaces.Tuple):
            parts = [builder_of(part, counter) for part in space.spaces]
            return lambda batches, index: tuple(part(batches, index) for part in parts)
        leaf = next(counter)
        return lambda batches, index: batches[leaf][index]


    class Leaf:
        """A space that is no container, and where its values lie in memory."""

        RANK = {"b": 0, "u": 1, "i": 1, "f": 2}

        def __init__(self, space, keys):
            self.space, self.keys, self.clips = space, keys, False
            self.where = ".".join(str(key) for key in keys)
            if isinstance(space, gym.spaces.Box):
                self.declared, self.shape = space.dtype, space.shape
                element = exact_type(space.dtype)
                if element is None:
                    self.refuse_space(
                        f"numbers of type {space.dtype} cannot be stored, those of float64 and int64 can")
                self.refuse_empty()
                low, high = space.low, space.high
                uneven = (low != low.flat[0]).any() or (high != high.flat[0]).any()
                self.clips = bool(uneven) and self.declared.kind == "f"
                self.description = {
                    "kind": "box", "shape": list(space.shape), "elementType": element,
                    "low": bound(low.min()), "high": bound(high.max())}
                self.store = self.store_array
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
                self.refuse_space(
                    "Box, Discrete, MultiDiscrete, MultiBinary, Dict and Tuple can be played")
            self.element = np.dtype(element)

        def refuse_space(self, reason):
            part = f" (its part '{self.where}')" if self.where else ""
            raise Refused(
                "environment", f"it has the space {one_line(self.space)}{part}: {reason}")

        def refuse_empty(self):
            if not all(self.space.shape):
                self.refuse_space("a space of no numbers cannot be played")

        def refuse_beyond_int32(self, count):
            if count > 2**31 - 1:
                self.refuse_space(f"a choice among {count} is too large: use at most {2**31 - 1}")

        def view(self, memory, offset, count):
            """A row of memory as an array [count, ...]."""
            size = int(np.prod(self.shape))
            flat = np.frombuffer(memory, self.element, count * size, offset)
            return flat.reshape((count,) + tuple(self.shape))

        def mismatch(self, value, found):
            part = f" '{self.where}'" if self.where else ""
            raise Refused(
                "exception", f"the observation{part} {found} where its space is {one_line(self.space)}")

        def part(self, observation):
            try:
                for key in self.keys:
                    observation = observation[key]
                return observation
            except (KeyError, IndexError, TypeError):
                self.mismatch(observation, "is not there")

        def array(self, value):
            """An array of the space's shape whose numbers the space's type can hold."""
            try:
                array = np.asarray(value)
            except ValueError:
                self.mismatch(value, f"is a {type(value).__name__} that is no array")
            kind = array.dtype.kind
            if kind not in self.RANK or self.RANK[kind] > self.RANK[self.declared.kind]:
                self.mismatch(value, f"is of type {array.dtype}")
            if array.shape != self.shape:
                self.mismatch(value, f"has the shape {array.shape}")
            if kind != "f" and self.declared.kind != "f":
                if (array.astype(self.declared) != array).any():
                    self.mismatch(value, f"of type {array.dtype} holds {one_line(array)}")
            return array

        def store_array(self, view, index, observation):
            value = self.part(observation) if self.keys else observation
            if (type(value) is not np.ndarray or value.dtype != self.declared
                    or value.shape != self.shape):
                value = self.array(value)
            view[index] = value

        def store_choice(self, view, index, observation):
            value = self.part(observation)
            try:
                choice = operator.index(value) - self.start
            except TypeError:
                self.mismatch(value, f"is the {type(value).__name__} {one_line(value)}")
            if not 0 <= choice < self.count:
                self.mismatch(value, f"is {value}")
            view[index] = choice

        def store_choices(self, view, index, observation):
            value = self.part(observation)
            choices = self.array(value) - self.start
            if (choices < 0).any() or (choices >= self.counts).any():
                self.mismatch(value, f"is {one_line(value)}")
            view[index] = choices

        def batch(self, view):
            """The actions of some environments, in memory that an environment may keep."""
            if isinstance(self.space, gym.spaces.Box):
                if self.clips:
                    view = np.clip(view, self.space.low, self.space.high)
                return view.astype(self.declared)
            return (view + self.start).astype(self.declared)
    """#
}
