extension BridgeProgram {
  /// The storable spaces that are not containers, with the copying of their values.
  static let leaves = #"""
    class Leaf:
        """A space that is not a container, with the conversion of its values to memory."""

        def __init__(self, space, what, keys):
            self.space, self.what, self.keys, self.uneven = space, what, keys, False
            self.where = path_of(keys)
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
                element, self.shape = "int32", ()
                # An environment may refuse integers of another type than its own.
                self.declared = np.dtype(getattr(space, "dtype", None) or np.int64)
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
                self.refuse_space(f"only {STORABLE} can be stored", Unplayable)
            self.element = np.dtype(element)

        def refuse_space(self, reason, kind=Refused):
            subject = subject_of(self.what, self.keys)
            raise kind("environment", f"{subject} is {shortened(self.space)}: {reason}")

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

        def array(self, value, count=()):
            """Returns an array of the space's shape, with numbers that its type can hold.

            Its first axis is that of the environments, if `count` has their number.
            """
            array = as_array(value)
            if array is None:
                self.mismatch(value, f"is a {type(value).__name__} and not an array")
            kind = array.dtype.kind
            if kind not in "biuf":
                self.mismatch(value, f"is of type {array.dtype}")
            if array.shape != count + tuple(self.shape):
                owner = f" for {count[0]} environments" if count else ""
                self.mismatch(value, f"has the shape {array.shape}{owner}")
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

        def store_all(self, view, observation, rows):
            """Stores a vector environment's observation, or only the rows that a mask names."""
            value = self.part(observation) if self.keys else observation
            shape = (len(view),)
            if (type(value) is not np.ndarray or value.dtype != self.declared
                    or value.shape != shape + tuple(self.shape)):
                value = self.array(value, shape)
            value = value[rows]
            if self.store != self.store_array:
                counts = self.count if self.store == self.store_choice else self.counts
                choices = value - self.start
                if (choices < 0).any() or (choices >= counts).any():
                    self.mismatch(value, f"is {shown(value)}")
                value = choices
            view[rows] = value

        def batch(self, view):
            """Returns the actions of some environments as copies, which they may keep."""
            if isinstance(self.space, gym.spaces.Box):
                return view.astype(self.declared)
            return (view + self.start).astype(self.declared)
    """#
}
