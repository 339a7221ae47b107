extension BridgeProgram {
  /// Steps and resets of single environments.
  static let service = #"""
    class Service:
        """Steps the environments, with values in memory that the other process created."""

        def __init__(self, observation_leaves, action_leaves, action_builder, place):
            path = f"/proc/{place['process']}/fd/{place['descriptor']}"
            with open(path, "r+b", buffering=0) as file:
                memory = mmap.mmap(file.fileno(), place["byteCount"])
            count = SETTINGS["count"]

            def views(leaves, offsets):
                return [leaf.view(memory, at, count) for leaf, at in zip(leaves, offsets)]

            def numbers(name, dtype, count=count):
                return np.frombuffer(memory, dtype, count, place[name])

            places = views(observation_leaves, place["obs"])
            final_places = views(observation_leaves, place["finalObs"])
            self.stores = self.stores_of(observation_leaves, places)
            self.final_stores = self.stores_of(observation_leaves, final_places)
            self.actions = list(zip(action_leaves, views(action_leaves, place["act"])))
            self.build = action_builder
            self.rewards = numbers("rewards", np.float32)
            self.terminated = numbers("terminated", np.bool_)
            self.truncated = numbers("truncated", np.bool_)
            self.frozen = numbers("frozen", np.bool_)
            self.idle = numbers("idle", np.bool_)
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

        def stores_of(self, leaves, views):
            return [(leaf.store, view) for leaf, view in zip(leaves, views)]

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
            return picture_of(ENVIRONMENTS[index].render())


    def picture_of(frame):
        pixels = np.asarray(frame)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise Refused(
                "exception", f"render returned an array of type {pixels.dtype} and shape "
                f"{pixels.shape}, but a picture needs type uint8 and shape (height, width, 3)")
        return struct.pack("<II", pixels.shape[1], pixels.shape[0]) + pixels.tobytes()
    """#
}
