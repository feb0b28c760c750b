"""Fixtures of the optimizers that PyTorch has not: packages/optim/test/fixtures/today. Each is a plain port of the formulas in its
paper, in float64:

- Lion: Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, Program 1.
- schedule-free SGD and AdamW: Defazio et al., "The Road Less Scheduled", 2024, Algorithm 1 and the algorithm of its appendix on
  implementation, with all three sequences x, y and z kept, where the reference package (and Kindling) keeps z and one place.

Gradients are those of `optimiser_runs`: hashes of position and step, of the same parameters."""

import numpy as np
import torch
from fixture import Fixture
from optimiser_runs import FOLDER, SHAPES, STEPS, gradient, parameters

LION = [{}, {"lr": 0.01, "betas": [0.5, 0.9]}, {"lr": 0.01, "weight_decay": 0.3}, {"lr": 0.01, "maximize": True}]
SCHEDULE_FREE = [{}, {"weight_decay": 0.1}, {"warmup_steps": 7, "lr": 0.02}, {"r": 1.5, "weight_lr_power": 1.0, "lr": 0.05}]
ADAMW = [*SCHEDULE_FREE, {"betas": [0.6, 0.9], "eps": 1e-3, "lr": 0.05, "weight_decay": 0.2}]
SGD = [*SCHEDULE_FREE, {"momentum": 0.4, "lr": 0.1}]


def lion(w, g, state, _t, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, maximize=False):
    m = state.setdefault("m", np.zeros_like(w))
    g = -g if maximize else g
    update = np.sign(betas[0] * m + (1 - betas[0]) * g)
    state["m"] = betas[1] * m + (1 - betas[1]) * g
    return w - lr * (update + weight_decay * w)


def rate_and_share(state, t, lr, warmup_steps, r, weight_lr_power):
    """gamma_t and c_{t+1}: the rate in its warmup, and the weight of this step in the average."""
    gamma = lr * min(1.0, t / warmup_steps) if warmup_steps else lr
    state["max"] = max(gamma, state.get("max", 0.0))
    weight = t**r * state["max"] ** weight_lr_power
    state["sum"] = state.get("sum", 0.0) + weight
    return gamma, weight / state["sum"]


def schedule_free(beta, w, direction, state, t, lr, warmup_steps, r, weight_lr_power):
    """w is y, the place of the gradient; x and z are kept. Returns the next y."""
    x, z = state.setdefault("x", w), state.setdefault("z", w)
    gamma, c = rate_and_share(state, t, lr, warmup_steps, r, weight_lr_power)
    state["z"] = z - gamma * direction
    state["x"] = (1 - c) * x + c * state["z"]
    return (1 - beta) * state["z"] + beta * state["x"]


def schedule_free_sgd(w, g, state, t, lr=1.0, momentum=0.9, weight_decay=0.0, warmup_steps=0, r=0.0, weight_lr_power=2.0):
    return schedule_free(momentum, w, g + weight_decay * w, state, t, lr, warmup_steps, r, weight_lr_power)


def schedule_free_adamw(
    w, g, state, t, lr=0.0025, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, warmup_steps=0, r=0.0, weight_lr_power=2.0
):
    v = state["v"] = betas[1] * state.get("v", np.zeros_like(w)) + (1 - betas[1]) * g * g
    direction = g / (np.sqrt(v / (1 - betas[1] ** t)) + eps) + weight_decay * w
    return schedule_free(betas[0], w, direction, state, t, lr, warmup_steps, r, weight_lr_power)


def run(fixture, name, step, options):
    shaped = parameters(torch.float64, name)
    ws = [p.detach().numpy() for p in shaped]
    start = fixture.tensor(torch.cat([p.detach().flatten() for p in shaped]))
    states = [{} for _ in SHAPES]
    after, average = [], []

    def side_by_side(parts):
        return torch.from_numpy(np.concatenate([np.ravel(p) for p in parts]))

    for t in range(1, STEPS + 1):
        for k, p in enumerate(shaped):
            ws[k] = step(ws[k], gradient(p, t, k).numpy(), states[k], t, **options)
        after.append(side_by_side(ws))
        if "x" in states[0]:
            average.append(side_by_side([s["x"] for s in states]))
    entry = {"op": "plain", "optimizer": name, "options": options, "dtype": "float64", "start": start, "after": fixture.tensor(torch.stack(after))}
    fixture.add({**entry, **({"average": fixture.tensor(torch.stack(average))} if average else {})})


def main():
    fixture = Fixture(FOLDER, "today")
    for name, step, choices in (
        ("Lion", lion, LION),
        ("AdamWScheduleFree", schedule_free_adamw, ADAMW),
        ("SGDScheduleFree", schedule_free_sgd, SGD),
    ):
        for options in choices:
            run(fixture, name, step, options)
    fixture.write()


if __name__ == "__main__":
    main()
