extension BridgeProgram {
  /// The checks of each field that an environment returns, and the descriptions of bad values.
  ///
  /// A value of another type is accepted if no information is lost. The texts do not depend on the
  /// version of NumPy.
  static let values = #"""
    # The word with the active environment's index has this added during a reset.
    RESETTING = 2**32
    # The smallest number that rounds to infinity in float32.
    FLOAT32_LIMIT = 2.0**128 - 2.0**103


    def shortened(value, limit=300):
        text = one_line(value)
        return text if len(text) <= limit else text[:limit - 3] + "..."


    def shown(value, depth=0):
        """Returns a value as a short text."""
        try:
            if isinstance(value, np.ndarray):
                return shortened(np.array2string(value, precision=6, threshold=8), 80)
            if isinstance(value, (list, tuple)) and depth < 2:
                parts = ", ".join(shown(part, depth + 1) for part in value[:6])
                return shortened(f"[{parts}{', ...' if len(value) > 6 else ''}]", 80)
            if isinstance(value, (str, bytes)):
                return shortened(repr(value), 80)
            return shortened(value, 80)
        except Exception:
            return "a value that cannot be shown"


    def described(value):
        """Returns the type, shape and value as part of a message."""
        if value is None:
            return "None"
        if isinstance(value, np.ndarray):
            return f"an array of type {value.dtype} and shape {value.shape}: {shown(value)}"
        name = type(value).__name__
        if isinstance(value, (list, tuple)):
            return f"a {name} of length {len(value)}: {shown(value)}"
        if isinstance(value, dict):
            keys = ", ".join(shown(key) for key in list(value)[:6])
            return f"a {name} with the keys {keys}" if value else f"an empty {name}"
        return f"the {name} {shown(value)}"


    def as_array(value):
        """Returns a value as an array; None if it cannot be converted."""
        try:
            return np.asarray(value)
        except Exception:
            return None


    def single_number(value):
        """Returns the only number in a value, as a NumPy scalar; None if there is not just one."""
        array = as_array(value)
        if array is not None and array.size == 1 and array.dtype.kind in "biuf":
            return array.reshape(-1)[0]
        return None


    def whole_number(value):
        """Returns a value as an int; None if it is not a whole number."""
        try:
            return operator.index(value)
        except TypeError:
            number = single_number(value)
            if number is None or not np.isfinite(number) or number != int(number):
                return None
            return int(number)


    def values_of(outcome, source, names):
        """Returns the outcome if it has one value for each name; raises an error otherwise."""
        count = len(names.split(", "))
        if isinstance(outcome, (tuple, list)):
            if len(outcome) == count:
                return outcome
            came = f"{len(outcome)} values"
        else:
            came = "one value"
        raise Refused(
            "exception", f"{source} returned {came}, but Gymnasium requires {count}: {names}; "
            f"it returned {described(outcome)}")


    def reset_values(outcome):
        if type(outcome) is tuple and len(outcome) == 2:
            return outcome
        return values_of(outcome, "reset", "observation, info")


    def step_values(outcome):
        if type(outcome) is tuple and len(outcome) == 5:
            return outcome
        return values_of(outcome, "step", "observation, reward, terminated, truncated, info")


    def reward_number(value):
        """Returns a reward as a float."""
        number = single_number(value)
        if number is None and hasattr(value, "__float__") and not isinstance(value, np.ndarray):
            # A number of another kind, such as a Fraction or a tensor.
            number = value
        try:
            return float(number)
        except OverflowError:
            refuse_reward(value)
        except Exception:
            raise Refused(
                "exception", f"the reward is {described(value)}, but Gymnasium requires a number"
            ) from None


    def refuse_reward(reward):
        if reward != reward:
            raise Refused("exception", "the reward is NaN")
        if reward in (float("inf"), float("-inf")):
            raise Refused("exception", f"the reward is infinite ({reward})")
        raise Refused(
            "exception", f"the reward {shortened(reward, 40)} is too large for float32, which "
            "holds numbers up to 3.4e38: scale it down")


    def flag(name, value):
        """Returns one of the two flags that end an episode as a bool."""
        if isinstance(value, np.bool_):
            return bool(value)
        number = single_number(value)
        if number is None or not (number == 0 or number == 1):
            raise Refused(
                "exception", f"{name} is {described(value)}, but Gymnasium requires a bool")
        return bool(number)


    def check_info(info, source):
        if not isinstance(info, dict):
            raise Refused(
                "exception", f"the info that {source} returned is {described(info)}, but "
                "Gymnasium requires a dict")


    def info_number(info, path):
        """Returns the number at a dotted path; NaN if there is none, or None in its place."""
        value = info.get(path)
        if value is None and "." in path:
            value = info
            for key in path.split("."):
                value = value.get(key) if isinstance(value, dict) else None
        return number_at(path, value)


    def number_at(path, value):
        if value is None:
            return np.nan
        if type(value) is float or type(value) is bool:
            return value
        number = single_number(value)
        if number is None:
            raise Refused(
                "exception", f"info['{path}'] is {described(value)}, but --info records numbers "
                "only: name a number in it, or leave it out")
        return number


    def lives_in(info):
        """Returns the number of lives in an info; −1 if it is invalid and no wrapper needs it."""
        lives = whole_number(info["lives"])
        if lives is not None and 0 <= lives < 2**63:
            return lives
        if SETTINGS["needsLives"]:
            raise Refused(
                "exception", f"info['lives'] is {described(info['lives'])}, but the wrapper "
                "end-on-lost-life needs a whole number that is not negative")
        return -1
    """#
}
