extension BridgeProgram {
  /// Names, registration and the creation of environments.
  static let making = #"""
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


    class MuJoCoWarnings(importlib.abc.MetaPathFinder):
        """Lets MuJoCo warn on standard error, and not in a file in the working directory."""

        def find_spec(self, name, path, target=None):
            if name != "mujoco":
                return None
            sys.meta_path.remove(self)
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.loader is not None:
                run = spec.loader.exec_module

                def exec_module(module):
                    run(module)
                    if hasattr(module, "set_mju_user_warning"):
                        module.set_mju_user_warning(
                            lambda text: print("MuJoCo: warning:", text, file=sys.stderr))

                spec.loader.exec_module = exec_module
            return spec


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


    def unregistered(name):
        """Returns a spec for module:Class, if that is no registered name; otherwise the name."""
        module, colon, attribute = name.partition(":")
        if not colon or not attribute.isidentifier():
            return name
        found = getattr(importlib.import_module(module), attribute, None)
        registered = any(spec.name == attribute for spec in gym.registry.values())
        if registered or not callable(found):
            return name
        vector = getattr(gym, "vector", None)
        is_vector = isinstance(found, type) and vector and issubclass(found, vector.VectorEnv)
        entry = {"vector_entry_point" if is_vector else "entry_point": found}
        return gym.envs.registration.EnvSpec(id=attribute, **entry)


    def is_vector(name, options):
        """Returns True if all environments are to be made as one vector environment."""
        if "vectorization_mode" in options:
            return True
        spec = name
        if isinstance(name, str):
            module, colon, registered = name.rpartition(":")
            try:
                if colon:
                    importlib.import_module(module)
                spec = gym.spec(registered)
            except (gym.error.Error, ModuleNotFoundError):
                # Making it raises the error in its own words.
                return False
        return spec.entry_point is None and getattr(spec, "vector_entry_point", None) is not None


    def options_of(limit, rendering, no_limit):
        options = json.loads(SETTINGS["arguments"])
        if rendering:
            options["render_mode"] = "rgb_array"
        if limit is not None:
            options["max_episode_steps"] = no_limit if limit == 0 else limit
        return options


    def make(name, maker, source, **options):
        """Makes an environment, or several as one, and names the source in errors."""
        try:
            return maker(source, **options)
        except (gym.error.Error, ModuleNotFoundError) as error:
            raise Refused("environment", f"'{name}' cannot be made: {one_line(error)}") from None
        except TypeError as error:
            # Gymnasium adds the arguments to the text.
            if "keyword argument" not in str(error):
                raise
            raise Refused("environment", f"'{name}' cannot be made: {one_line(error)}") from None


    def make_vector(name, source):
        """Makes all environments as one."""
        tell("making", 0)
        if not hasattr(gym, "make_vec"):
            raise Refused(
                "environment", f"'{name}' is a vector environment, but Gymnasium "
                f"{gym.__version__} makes none: use version 1.0 or later")
        mode = json.loads(SETTINGS["arguments"]).get("vectorization_mode", "vector_entry_point")
        wraps_each = mode != "vector_entry_point"
        limit = SETTINGS.get("limit")
        if limit == 0 and not wraps_each and getattr(source, "max_episode_steps", 0) is None:
            # A class that is not registered may have no argument for a limit.
            limit = None
        options = options_of(limit, SETTINGS["rendering"], -1 if wraps_each else 2**31 - 1)
        options["vectorization_mode"] = mode
        if wraps_each:
            options["wrappers"] = [lambda environment: wrap(environment, name)]
        environment = make(name, gym.make_vec, source, num_envs=SETTINGS["count"], **options)
        ENVIRONMENTS.append(environment)
        if not wraps_each:
            ENVIRONMENTS[0] = environment = wrap(environment, name)
        if environment.num_envs != SETTINGS["count"]:
            raise Refused(
                "environment", f"'{name}' made {environment.num_envs} environments in place of "
                f"{SETTINGS['count']}")
        return Declared(environment, autoreset_of(environment))


    def make_all():
        sys.meta_path.insert(0, MuJoCoWarnings())
        name = resolve(SETTINGS["id"])
        source = unregistered(name)
        if is_vector(source, json.loads(SETTINGS["arguments"])):
            return make_vector(name, source)
        # Before version 1.0, Gymnasium had no value for "no limit".
        no_limit = -1 if int(gym.__version__.split(".")[0]) >= 1 else 2**62
        for index in range(SETTINGS["count"]):
            tell("making", index)
            options = options_of(SETTINGS.get("limit"), SETTINGS["rendering"], no_limit)
            options.setdefault("disable_env_checker", True)
            environment = make(name, gym.make, source, **options)
            ENVIRONMENTS.append(environment)
            ENVIRONMENTS[index] = wrap(environment, name)
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
}
