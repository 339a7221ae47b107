"""The network policy of docs/networks.md as PyTorch modules, built from its description."""

import math

import torch
from torch import nn

ACTIVATIONS = {
    "identity": lambda x: x,
    "relu": nn.functional.relu,
    "elu": nn.functional.elu,
    "tanh": torch.tanh,
    "silu": nn.functional.silu,
    "gelu": nn.functional.gelu,
}


def attach(parent, name, member):
    """Adds a module or a parameter under a dotted name."""
    *path, last = name.split(".")
    for part in path:
        if not hasattr(parent, part):
            parent.add_module(part, nn.Module())
        parent = getattr(parent, part)
    setattr(parent, last, member)
    return member


def below(leaves, root):
    """Returns the leaves of the observation ("obs") or of the action ("act")."""
    return [leaf for leaf in leaves if leaf["path"].partition(".")[0] == root]


def bits(numbers, count):
    """Returns the bits of integers as zeros and ones, lowest first."""
    return (numbers.long().unsqueeze(-1) >> torch.arange(count)) & 1


class Image(nn.Sequential):
    """The convolutions of DQN on images [B, ...] of a leaf's shape, with a flattened result.

    The sequence includes the activations; its layers with parameters are 0, 2 and 4.
    """

    def __init__(self, shape):
        self.channels_last = len(shape) == 3 and shape[2] < min(shape[:2])
        self.shape = [1, *shape] if len(shape) == 2 else shape
        channels, *size = [shape[2], *shape[:2]] if self.channels_last else self.shape
        for kernel, stride in [(8, 4), (4, 2), (3, 1)]:
            size = [(extent - kernel) // stride + 1 for extent in size]
        self.width = 64 * math.prod(size)
        super().__init__(
            nn.Conv2d(channels, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(),
            nn.Conv2d(64, 64, 3, 1), nn.ReLU(), nn.Flatten())

    def forward(self, pixels):
        pixels = pixels.reshape(-1, *self.shape)
        return super().forward(pixels.permute(0, 3, 1, 2) if self.channels_last else pixels)


class Trunk(nn.Module):
    """All layers before the heads: inputs, torso, hidden layers and recurrent core."""

    def __init__(self, settings, leaves):
        super().__init__()
        self.settings = settings
        # Functions from one row of all inputs to columns [B, n], in the order of the inputs.
        self.encoders = []
        width = 0
        for source in settings["inputs"]:
            if source in ("obs", "act"):
                self.choices = []
                width += sum(self.add_leaf(leaf) for leaf in below(leaves, source))
                width += self.add_combinations()
            elif source == "stepno":
                self.stepno = nn.Linear(63, settings["embeddingWidth"], bias=False)
                self.encoders.append(lambda row: self.stepno(bits(row["stepno"], 63).double()))
                width += settings["embeddingWidth"]
            else:
                self.encoders.append(lambda row, source=source: row[source].double()[:, None])
                width += 1
        self.hidden_layers = []
        for outputs in settings["hidden"]:
            self.hidden_layers.append(nn.Linear(width, outputs))
            width = outputs
        if len(self.hidden_layers) == 1:
            self.hidden = self.hidden_layers[0]
        elif self.hidden_layers:
            self.hidden = nn.ModuleList(self.hidden_layers)
        self.core = None
        if settings["recurrent"] != "none":
            cell = {"lstm": nn.LSTM, "gru": nn.GRU}[settings["recurrent"]]
            self.core = cell(width, settings["recurrentSize"], settings["recurrentLayers"])
            width = settings["recurrentSize"]
        self.width = width

    def add_leaf(self, leaf):
        """Adds the encoder of one leaf; returns its number of columns."""
        path, shape = leaf["path"], leaf["shape"]
        if leaf["kind"] == "discrete":
            return self.add_choice(path, leaf["counts"][0], lambda row: row[path])
        if leaf["kind"] == "multi_discrete":
            return sum(
                self.add_choice(f"{path}.{i}", count, lambda row, i=i: row[path][:, i])
                for i, count in enumerate(leaf["counts"]))
        is_byte = leaf["kind"] == "box" and leaf["type"] == "uint8"
        scale = 255 if is_byte and (leaf["low"], leaf["high"]) == (0, 255) else 1
        if is_byte and self.settings["torso"] == "nature" and len(shape) in (2, 3):
            image = attach(self, path, Image(shape))
            self.encoders.append(lambda row: image(row[path].double() / scale))
            return image.width
        self.encoders.append(lambda row: row[path].double().flatten(1) / scale)
        return math.prod(shape)

    def add_choice(self, path, count, chosen):
        """Adds the encoder of a choice among `count`; returns its number of columns."""
        encoding = self.settings["integers"]
        if encoding == "embedding":
            width = self.settings["embeddingWidth"]
            table = attach(self, path, nn.Embedding(count, width))
            self.encoders.append(lambda row: table(chosen(row).long()))
        elif encoding == "one-hot":
            width = count
            self.encoders.append(
                lambda row: nn.functional.one_hot(chosen(row).long(), count).double())
        elif encoding == "joint":
            width = 0
            self.choices.append((count, chosen))
        else:
            width = max(1, (count - 1).bit_length())
            self.encoders.append(lambda row: bits(chosen(row), width).double())
        return width

    def add_combinations(self):
        """Adds the encoder of all choices of one input, for joint; returns its number of columns."""
        if not (choices := self.choices):
            return 0
        width = math.prod(count for count, _ in choices)

        def encode(row):
            number = 0
            for count, chosen in choices:
                number = number * count + chosen(row).long()
            return nn.functional.one_hot(number, width).double()

        self.encoders.append(encode)
        return width

    def forward(self, row, state):
        """Returns features [B, width] of one row and the next state, (h, c) or (h,) [layers, B, size]."""
        x = torch.cat([encode(row) for encode in self.encoders], dim=-1)
        for layer in self.hidden_layers:
            x = ACTIVATIONS[self.settings["activation"]](layer(x))
        if self.core is None:
            return x, state
        state = tuple(part * (1 - row["fin"].double())[:, None] for part in state)
        if isinstance(self.core, nn.LSTM):
            x, state = self.core(x[None], state)
        else:
            x, state = self.core(x[None], state[0])
            state = (state,)
        return x[0], state


class Network(Trunk):
    """The whole policy. A separate value network is a trunk below `critic`.

    `settings` are those of the policy's description. `leaves` describe each leaf of observation and
    action as in check_network.py. The network is meant for double precision.
    """

    def __init__(self, settings, leaves):
        super().__init__(settings, leaves)
        self.actions = below(leaves, "act")
        self.logits = nn.Linear(self.width, sum(map(self.score_count, self.actions)))
        for leaf in self.actions:
            if leaf["kind"] == "box":
                # PyTorch has no such layer. Zeros would hide errors.
                first = nn.Parameter(0.5 * torch.randn(self.score_count(leaf)))
                attach(self, self.deviation_name(leaf), first)
        self.critic = Trunk(settings, leaves) if settings["value"] == "separate" else None
        if settings["value"] != "none":
            self.value = nn.Linear(self.width, 1)

    @staticmethod
    def score_count(leaf):
        return sum(leaf["counts"]) if leaf["counts"] else math.prod(leaf["shape"])

    @staticmethod
    def deviation_name(leaf):
        return "logits" + leaf["path"].removeprefix("act") + ".log_std"

    def numbers(self, scores):
        """Returns the numbers that the fragment records as logits for scores [B, n]."""
        parts = []
        for leaf, part in zip(
                self.actions, scores.split(list(map(self.score_count, self.actions)), dim=-1)):
            if leaf["kind"] == "box":
                deviation = self.get_parameter(self.deviation_name(leaf))
                parts += [part, deviation.expand_as(part)]
            elif leaf["kind"] == "multi_binary":
                sigmoid = nn.functional.logsigmoid
                parts.append(torch.stack([sigmoid(-part), sigmoid(part)], dim=-1).flatten(1))
            else:
                parts += [choice.log_softmax(-1) for choice in part.split(leaf["counts"], dim=-1)]
        return torch.cat(parts, dim=-1)

    def run(self, inputs):
        """Runs all rows of `inputs` [T, B, ...]; returns logits, value and the next state by name."""
        def carried(root):
            names = {"lstm": "hc", "gru": "h", "none": ""}[self.settings["recurrent"]]
            count = self.settings["recurrentLayers"]
            return tuple(
                torch.stack([inputs[f"hx.{root}{name}.{layer}"] for layer in range(count)]).double()
                for name in names)

        trunks = [("actor." if self.critic else "", self)]
        trunks += [("critic.", self.critic)] if self.critic else []
        states = {root: carried(root) for root, _ in trunks}
        results = {"logits": []}
        for t in range(len(inputs["fin"])):
            row = {name: rows[t] for name, rows in inputs.items() if not name.startswith("hx.")}
            for root, trunk in trunks:
                x, states[root] = Trunk.forward(trunk, row, states[root])
                if trunk is self:
                    results["logits"].append(self.numbers(self.logits(x)))
            if self.settings["value"] != "none":
                results.setdefault("value", []).append(self.value(x).squeeze(-1))
        results = {name: torch.stack(rows) for name, rows in results.items()}
        for root, state in states.items():
            for name, layers in zip("hc", state):
                for layer, numbers in enumerate(layers):
                    results[f"next.{root}{name}.{layer}"] = numbers
        return results
