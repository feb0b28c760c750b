"""Fixtures of what L-BFGS makes of losses and gradients that are given one after another, wherever it asks for them:
packages/optim/test/fixtures/lbfgs-scripts.

A function that is minimised leads along few ways through a line search, and nearly never onto the edge of a condition. A script leads
along all of them: its losses and slopes are few and round, so that many of them are equal, or just as large as a condition has them.
"""

import random
import warnings

import torch
from torch import nn

from fixture import Fixture, seed_for

FOLDER = "packages/optim/test/fixtures"
SEARCHES, COURSES = 90, 50
# Both conditions of Wolfe's have edges here for a slope of -1 at the start.
LOSSES = [-3.0, -2.0, -2.0, -1.0, -1.0, -0.5, -1e-4, 0.0, 0.5, 1.0, 2.0, float("inf"), float("nan")]
SLOPES = [-2.0, -1.0, -1.0, -0.95, -0.9, -0.5, 0.0, 0.5, 0.9, 1.0, 3.0]


def search(draw):
    """One search along a line from a slope of -1, so that the places are the steps tried."""
    falling = draw.random() < 0.5
    script = [[0.0, -1.0]]
    for k in range(draw.choice([2, 5, 9, 14])):
        loss, slope = draw.choice(LOSSES), draw.choice(SLOPES)
        # Otherwise the bracket is nearly always found at once.
        script.append([-float(k + 1), draw.choice([-2.0, -1.0, -1.0])] if falling and k < draw.choice([1, 2, 3]) else [loss, slope])
    options = {"max_iter": 1, "lr": draw.choice([1.0, 1.0, 1.0, 0.5, 3.0, 1e-9, 2e-9]), "max_eval": draw.choice([1, 2, 3, 4, 6, 9, 25])}
    return script, {**options, "line_search_fn": "strong_wolfe"}, 1


def course(draw):
    """Several iterations in a plane, with and without a search."""
    size = draw.choice([1, 2, 2])
    script = [[draw.choice(LOSSES[:-2]), *(draw.choice(SLOPES) for _ in range(size))] for _ in range(draw.choice([3, 5, 8, 11]))]
    options = {
        "max_iter": draw.choice([0, 1, 2, 3, 4, 6, 9]),
        "lr": draw.choice([1.0, 0.5, 0.25, 2.0]),
        "history_size": draw.choice([1, 2, 3, 100]),
        "tolerance_grad": draw.choice([1e-7, 1e-7, 0.5, 0.95]),
        "tolerance_change": draw.choice([1e-9, 1e-9, 0.5, 1.0]),
    }
    if draw.random() < 0.5:
        options["max_eval"] = draw.choice([1, 2, 3, 4, 6])
    if draw.random() < 0.5:
        options["line_search_fn"] = "strong_wolfe"
    if draw.random() < 0.2:
        options["maximize"] = True
    return script, options, draw.choice([1, 2, 3])


def record(fixture, script, options, steps, dtype):
    rows = torch.tensor(script, dtype=dtype)
    p = nn.Parameter(torch.zeros(rows.shape[1] - 1, dtype=dtype))
    optimizer = torch.optim.LBFGS([p], **options)
    places = []

    def closure():
        row = rows[len(places) % len(rows)]
        places.append(p.detach().clone())
        p.grad = row[1:].clone()
        return row[0]

    counts = []
    for _ in range(steps):
        optimizer.step(closure)
        state = optimizer.state[p]
        counts.append([state["func_evals"], state["n_iter"]])
    fixture.add({
        "op": "script", "options": options, "script": fixture.tensor(rows), "places": fixture.tensor(torch.stack([*places, p.detach()])), "counts": counts,
    })  # fmt: skip


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    fixture = Fixture(FOLDER, "lbfgs-scripts")
    for kind, make, many in (("search", search, SEARCHES), ("course", course, COURSES)):
        for number in range(many):
            for dtype in (torch.float32, torch.float64):
                try:
                    record(fixture, *make(random.Random(seed_for("lbfgs-scripts", kind, number))), dtype)
                except IndexError:
                    # PyTorch's own, where the loss is NaN and the slope flat at the first place.
                    fixture.skipped[("LBFGS", "NaN on a flat")] += 1
    fixture.write()


if __name__ == "__main__":
    main()
