extension BridgeProgram {
  /// Steps and resets of all environments by one call of a vector environment.
  static let vectors = #"""
    NEXT_STEP, SAME_STEP, DISABLED = "NEXT_STEP", "SAME_STEP", "DISABLED"


    def autoreset_of(environment):
        """Returns the autoreset mode of a vector environment by its name."""
        mode = (environment.metadata or {}).get("autoreset_mode")
        if mode is None:
            # Gymnasium 1.0 had no other mode.
            return NEXT_STEP
        word = str(getattr(mode, "value", mode)).replace("_", "").lower()
        for name in (NEXT_STEP, SAME_STEP, DISABLED):
            if word == name.replace("_", "").lower():
                return name
        raise Refused(
            "environment", f"'{SETTINGS['id']}' has the autoreset mode {mode}, which is none of "
            f"{NEXT_STEP}, {SAME_STEP} and {DISABLED}")


    def vector_entry(infos, path, index):
        """Returns one environment's value at a dotted path of a vector environment's info.

        It is None if there is no value. Arrays have an element for each environment, and a mask
        with the same name after an underscore tells which of them count.
        """
        for keys in ((path,), path.split(".")):
            value, is_single = infos, False
            for key in keys:
                if not isinstance(value, dict):
                    value = None
                elif is_single:
                    value = value.get(key)
                else:
                    mask, value = value.get(f"_{key}"), value.get(key)
                    if mask is not None and not mask[index]:
                        value = None
                    elif value is not None and not isinstance(value, dict):
                        value, is_single = value[index], True
            if value is not None:
                return value
        return None


    class VectorService(Service):
        """Steps all environments by one call, and makes each autoreset mode look the same.

        A step that ends an episode has the final observation in its own place. With NEXT_STEP, the
        next observation is not known yet: the final one stands for it, and the step after it, which
        only resets, is marked as idle.
        """

        def __init__(self, autoreset, *arguments):
            super().__init__(*arguments)
            self.autoreset = autoreset
            self.lives[:] = -1
            self.all_rows = slice(None)
            self.ended = np.zeros(SETTINGS["count"], np.bool_)

        def stores_of(self, leaves, views):
            return list(zip(leaves, views))

        def store_rows(self, stores, observation, rows):
            for leaf, view in stores:
                leaf.store_all(view, observation, rows)

        def note(self, index, info, source):
            if type(info) is not dict:
                check_info(info, source)

        def reset(self, first, end):
            self.phase = "reset"
            self.current[0] = RESETTING
            seeds = self.seeds.tolist()
            seed = None
            if seeds[0] >= 0:
                # Only Gymnasium's own vectors of single environments accept a list of seeds.
                seed = seeds if hasattr(ENVIRONMENTS[0].unwrapped, "env_fns") else seeds[0]
            observation, info = reset_values(ENVIRONMENTS[0].reset(seed=seed))
            self.note(0, info, "reset")
            self.ended[:] = False
            self.idle[:] = False
            self.store_rows(self.stores, observation, self.all_rows)
            self.current[0] = -1

        def column(self, name, values, dtype, check):
            """Returns one number for each environment as an array; each odd one is checked."""
            array = as_array(values)
            if array is None or array.shape != (len(self.ended),):
                raise Refused(
                    "exception", f"the {name} are {described(values)}, but Gymnasium requires one "
                    "for each environment")
            if array.dtype == dtype:
                return array
            return np.array([check(value) for value in array.tolist()], dtype)

        def step(self, first, end):
            self.current[0], self.phase = 0, "step"
            environment = ENVIRONMENTS[0]
            batches = [leaf.batch(view) for leaf, view in self.actions]
            observation, rewards, terminated, truncated, info = step_values(
                environment.step(self.build(batches, 0)))
            self.note(0, info, "step")
            rewards = self.column("rewards", rewards, np.dtype(np.float64), reward_number)
            bad = ~(np.abs(rewards) < FLOAT32_LIMIT)
            if bad.any():
                self.current[0] = int(bad.argmax())
                refuse_reward(rewards[bad].flat[0])
            boolean = np.dtype(np.bool_)
            terminated = self.column(
                "terminations", terminated, boolean, lambda value: flag("a termination", value))
            truncated = self.column(
                "truncations", truncated, boolean, lambda value: flag("a truncation", value))
            self.rewards[:] = rewards
            self.terminated[:] = terminated
            self.truncated[:] = truncated
            if self.autoreset == NEXT_STEP:
                self.idle[:] = self.ended
                for view in (self.rewards, self.terminated, self.truncated):
                    view[self.ended] = 0
            over = self.terminated | self.truncated
            finals = info.get("final_info") if self.autoreset == SAME_STEP else None
            for index in range(len(over)) if self.infos else ():
                source = info if finals is None or not over[index] else finals
                if not isinstance(source, dict):
                    # A list with a dict for each environment.
                    source = source[index] if isinstance(source[index], dict) else {}
                    for path, view in self.infos:
                        view[index] = info_number(source, path)
                    continue
                for path, view in self.infos:
                    view[index] = number_at(path, vector_entry(source, path, index))
            if over.any():
                observation = self.finish(over, observation, info)
            self.ended[:] = over
            if observation is not None:
                self.store_rows(self.stores, observation, self.all_rows)
            self.current[0] = -1

        def finish(self, over, observation, info):
            """Stores the final observations, and returns the current ones; None if stored."""
            if self.autoreset == NEXT_STEP:
                self.store_rows(self.final_stores, observation, over)
                return observation
            if self.autoreset == SAME_STEP:
                final = info.get("final_obs", info.get("final_observation"))
                if final is None:
                    raise Refused(
                        "exception", "the autoreset mode is SAME_STEP, but the info of step has no "
                        "'final_obs' at the end of an episode")
                if isinstance(final, list) or getattr(final, "dtype", None) == object:
                    for index in np.flatnonzero(over):
                        for leaf, view in self.final_stores:
                            leaf.store(view, index, final[index])
                else:
                    self.store_rows(self.final_stores, final, over)
                return observation
            self.store_rows(self.final_stores, observation, over)
            self.store_rows(self.stores, observation, self.all_rows)
            self.phase = "reset after step"
            self.current[0] = RESETTING + int(over.argmax())
            observation, info = reset_values(
                ENVIRONMENTS[0].reset(options={"reset_mask": over.copy()}))
            self.note(0, info, "reset")
            # Rows of other environments are not defined by every environment.
            self.store_rows(self.stores, observation, over)
            return None

        def draw(self, index):
            frames = ENVIRONMENTS[0].render()
            return picture_of(frames[index])
    """#
}
