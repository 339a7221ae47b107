"""Computes ppo_update.json: updates of PPO from minibatches of single steps, with NumPy alone.

Everything is written from its definition in float64: advantages, losses, the backward pass of two
networks with a tanh layer, clipping, Adam. Gradients are compared with central differences first.
"""

import json
import pathlib

import numpy as np

T, B, OBS, ACTIONS, HIDDEN = 6, 3, 4, 3, 8
GAMMA, LAMBDA, CLIP, VALUE_COST, ENTROPY_COST = 0.97, 0.9, 0.2, 0.5, 0.01
RATE, EPSILON, NORM, EPOCHS, SIZE = 0.003, 1e-5, 0.5, 2, 5

random = np.random.default_rng(11)


def single(*shape):
    """Numbers that float32 holds exactly."""
    return random.normal(size=shape).astype(np.float32).astype(np.float64)


def log_softmax(scores):
    scores = scores - scores.max(-1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(-1, keepdims=True))


def forward(p, x):
    h = np.tanh(x @ p["hidden.weight"].T + p["hidden.bias"])
    c = np.tanh(x @ p["critic.hidden.weight"].T + p["critic.hidden.bias"])
    logits = log_softmax(h @ p["logits.weight"].T + p["logits.bias"])
    return h, c, logits, c @ p["value.weight"][0] + p["value.bias"][0]


def advantages(data):
    """GAE as the discounted sum of errors, for each step on its own."""
    result = np.zeros((T, B))
    for b in range(B):
        for t in range(T):
            factor = 1.0
            for k in range(t, T):
                if data["terminated"][k, b]:
                    after = 0.0
                elif data["truncated"][k, b]:
                    after = data["final_value"][k, b]
                else:
                    after = data["value"][k + 1, b]
                error = data["rew"][k + 1, b] + GAMMA * after - data["value"][k, b]
                result[t, b] += factor * error
                factor *= GAMMA * LAMBDA
                if data["terminated"][k, b] or data["truncated"][k, b]:
                    break
    return result


def normalized(a):
    return (a - a.mean()) / (a.std(ddof=1) + 1e-8)


def loss(p, data, a, target, chosen, scope, value_clip, want_gradient=True):
    t, b = chosen // B, chosen % B
    x, action = data["obs"][t, b], data["act"][t + 1, b].astype(int)
    a = normalized(a[t, b]) if scope == "minibatch" else a[t, b]
    target, before = target[t, b], data["value"][t, b]
    h, c, logits, value = forward(p, x)
    rows, count = np.arange(len(chosen)), len(chosen)
    probability = np.exp(logits)
    ratio = np.exp(logits[rows, action] - data["logits"][t, b][rows, action])
    free, held = ratio * a, np.clip(ratio, 1 - CLIP, 1 + CLIP) * a
    entropies = -(probability * logits).sum(-1)
    moved = before + np.clip(value - before, -value_clip, value_clip)
    errors, moved_errors = (value - target) ** 2, (moved - target) ** 2
    result = (
        -np.minimum(free, held).mean()
        + VALUE_COST * np.maximum(errors, moved_errors).mean()
        - ENTROPY_COST * entropies.mean()
    )
    if not want_gradient:
        return result
    d_ratio = np.where(free <= held, -a, 0.0) / count
    one_hot = np.eye(ACTIONS)[action]
    d_scores = (d_ratio * ratio)[:, None] * (one_hot - probability)
    d_scores += ENTROPY_COST / count * probability * (logits + entropies[:, None])
    inside = np.abs(value - before) < value_clip
    d_value = np.where(
        errors >= moved_errors, 2 * (value - target), np.where(inside, 2 * (moved - target), 0.0)
    )
    d_value *= VALUE_COST / count
    d_h = d_scores @ p["logits.weight"] * (1 - h**2)
    d_c = d_value[:, None] * p["value.weight"] * (1 - c**2)
    gradient = {
        "hidden.weight": d_h.T @ x,
        "hidden.bias": d_h.sum(0),
        "critic.hidden.weight": d_c.T @ x,
        "critic.hidden.bias": d_c.sum(0),
        "logits.weight": d_scores.T @ h,
        "logits.bias": d_scores.sum(0),
        "value.weight": d_value[None] @ c,
        "value.bias": d_value.sum(keepdims=True),
    }
    return result, gradient


def below(bit_generator, bound):
    """An integer below a bound by Lemire's multiplication with rejection, from whole words."""
    product = int(bit_generator.random_raw()) * bound
    rejected = (2**64 - bound) % bound
    while product % 2**64 < rejected:
        product = int(bit_generator.random_raw()) * bound
    return product >> 64


def shuffle(order, bit_generator):
    for index in range(len(order) - 1, 0, -1):
        other = below(bit_generator, index + 1)
        order[index], order[other] = order[other], order[index]


def check_gradient(p, *rest):
    _, gradient = loss(p, *rest)
    for name, numbers in p.items():
        for place in np.ndindex(numbers.shape):
            kept = numbers[place]
            sides = []
            for move in (1e-6, -1e-6):
                numbers[place] = kept + move
                sides.append(loss(p, *rest, want_gradient=False))
            numbers[place] = kept
            assert abs((sides[0] - sides[1]) / 2e-6 - gradient[name][place]) < 1e-7, name


def train(p, data, scope, value_clip):
    p = {name: numbers.copy() for name, numbers in p.items()}
    a = advantages(data)
    target = a + data["value"][:T]
    if scope == "batch":
        a = normalized(a)
    mean = {name: np.zeros_like(numbers) for name, numbers in p.items()}
    square = {name: np.zeros_like(numbers) for name, numbers in p.items()}
    bit_generator, order = np.random.PCG64(3), list(range(T * B))
    losses, step = [], 0
    for _ in range(EPOCHS):
        shuffle(order, bit_generator)
        for first in range(0, T * B - SIZE + 1, SIZE):
            chosen = np.array(order[first : first + SIZE])
            if step in (0, 5):
                check_gradient(p, data, a, target, chosen, scope, value_clip)
            value, gradient = loss(p, data, a, target, chosen, scope, value_clip)
            losses.append(value)
            norm = np.sqrt(sum((g**2).sum() for g in gradient.values()))
            factor = min(1.0, NORM / (norm + 1e-6))
            step += 1
            for name, g in gradient.items():
                g = g * factor
                mean[name] = 0.9 * mean[name] + 0.1 * g
                square[name] = 0.999 * square[name] + 0.001 * g**2
                root = np.sqrt(square[name] / (1 - 0.999**step))
                p[name] -= RATE * mean[name] / (1 - 0.9**step) / (root + EPSILON)
    return {"losses": losses, "parameters": {k: v.tolist() for k, v in p.items()}}


def main():
    p = {
        "hidden.weight": single(HIDDEN, OBS),
        "hidden.bias": single(HIDDEN),
        "logits.weight": single(ACTIONS, HIDDEN),
        "logits.bias": single(ACTIONS),
        "critic.hidden.weight": single(HIDDEN, OBS),
        "critic.hidden.bias": single(HIDDEN),
        "value.weight": single(1, HIDDEN),
        "value.bias": single(1),
    }
    p = {k: (0.5 * v).astype(np.float32).astype(np.float64) for k, v in p.items()}
    obs = single(T + 1, B, OBS)
    _, _, logits, value = forward(p, obs)
    # The policy and values of collection, somewhat different: some ratios are beyond the clip.
    logits = log_softmax(logits + 0.3 * single(T + 1, B, ACTIONS))
    value = value + 0.3 * single(T + 1, B)
    data = {
        "obs": obs,
        "act": random.integers(ACTIONS, size=(T + 1, B)),
        "rew": single(T + 1, B),
        "logits": logits.astype(np.float32).astype(np.float64),
        "value": value.astype(np.float32).astype(np.float64),
        "final_value": single(T, B),
        "terminated": np.zeros((T, B), bool),
        "truncated": np.zeros((T, B), bool),
    }
    data["terminated"][2, 0] = data["terminated"][5, 2] = True
    data["truncated"][3, 1] = data["truncated"][0, 2] = True
    result = {name: numbers.tolist() for name, numbers in data.items()}
    result["parameters"] = {k: v.tolist() for k, v in p.items()}
    result["advantages"] = advantages(data).tolist()
    result["minibatch"] = train(p, data, "minibatch", np.inf)
    result["batch"] = train(p, data, "batch", np.inf)
    result["value_clip"] = train(p, data, "minibatch", 0.2)
    file = pathlib.Path(__file__).with_suffix(".json")
    file.write_text(json.dumps(result) + "\n")


main()
