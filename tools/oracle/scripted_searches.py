"""Fixtures of what L-BFGS makes of losses and gradients that are given one after another, wherever it asks for them:
packages/optim/test/fixtures/lbfgs-scripts.

A function that is minimised leads along few ways through a line search, and nearly never onto the edge of a condition. A script leads
along all of them: its losses and slopes are few and round, so that many of them are equal, or just as large as a condition has them.
"""

import math
import random
import warnings

import torch
from torch import nn

from fixture import Fixture, seed_for

FOLDER = "packages/optim/test/fixtures"
SEARCHES, COURSES = 120, 80
# Both conditions of Wolfe's have edges here for a slope of -1 at the start.
LOSSES = [-3.0, -2.0, -2.0, -1.0, -1.0, -0.5, -1.5e-4, -1e-4, 0.0, 0.5, 1.0, 2.0, float("inf"), float("nan")]
SLOPES = [-0.3, -2.0, -1.0, -1.0, -0.95, -0.9, -0.5, 0.0, 0.5, 0.9, 0.95, 1.0, 3.0]


def search(draw):
    """One search along a line from a slope of -1, so that the places are the steps tried. Of losses of any kind most brackets are found
    at once, between the start and a higher place; where they fall, first or throughout, a bracket comes late, and has its best place
    at either end."""
    script = [[0.0, -1.0]]
    falling = draw.choice([0, 1, 2, 3, 20])
    for k in range(draw.choice([2, 5, 9, 14])):
        if k < falling:
            slopes = [-2.0, -1.0, -1.0] if falling < 20 else [-2.0, -1.0, 1.0, 3.0]
            script.append([-float(k + draw.choice([1, 1, 1, 0])), draw.choice(slopes)])
        else:
            script.append([draw.choice(LOSSES), draw.choice(SLOPES)])
    options = {"max_iter": 1, "lr": draw.choice([1.0, 1.0, 0.5, 0.7, 3.0, 1e-9, 2e-9]), "max_eval": draw.choice([1, 2, 3, 4, 6, 9, 25])}
    return script, {**options, "line_search_fn": "strong_wolfe"}, 1


def course(draw):
    """Several iterations in a plane, with and without a search. The first step is one of lr for a gradient that sums to 1."""
    size = draw.choice([1, 2, 2])
    script = [[draw.choice(LOSSES[:-2]), *(draw.choice(SLOPES) for _ in range(size))] for _ in range(draw.choice([3, 5, 8, 11]))]
    if draw.random() < 0.4:
        script[0][1:] = [draw.choice([1.0, -1.0, 3.0]), *[0.0] * (size - 1)]
    options = {
        "max_iter": draw.choice([0, 1, 2, 3, 4, 6, 9]),
        "lr": draw.choice([1.0, 0.5, 0.25, 2.0]),
        "history_size": draw.choice([1, 2, 3, 100]),
        # Of 0.95 float32 has less than float64, of 0.3 more.
        "tolerance_grad": draw.choice([1e-7, 1e-7, 0.3, 0.5, 0.95, 1.0]),
        "tolerance_change": draw.choice([1e-9, 1e-9, 0.3, 0.5, 1.0]),
    }
    if draw.random() < 0.5:
        options["max_eval"] = draw.choice([1, 2, 3, 4, 6])
    if draw.random() < 0.5:
        options["line_search_fn"] = "strong_wolfe"
    if draw.random() < 0.2:
        options["maximize"] = True
    return script, options, draw.choice([1, 2, 3])


def edges():
    """What chance does not lead to: products of changes around the least that is remembered, and gradients and changes just as large as
    the tolerances."""
    none = {"tolerance_grad": 0.0, "tolerance_change": 0.0, "max_iter": 3}
    # A bracket whose ends are floats that float32 cannot tell apart is divided further.
    close = [[0.0, -1.0], [-1.0, -1.0], [-1.0, -1.0], [-3.0, -1.0], [0.5, -2.0], [-1.0, -0.5]]
    yield close, {"max_iter": 1, "max_eval": 25, "line_search_fn": "strong_wolfe"}, 1
    for lr in (0.9e10, 1e10, 1.5e10, 3e10):
        yield [[0.0, -1e-10, 0.0], [-1.0, 0.0, 1.0], [-2.0, 1.0, 1.0]], {**none, "lr": lr, "max_iter": 2, "max_eval": 9}, 1
    for edge in (0.3, 0.5, 0.95):
        for search in ({}, {"line_search_fn": "strong_wolfe"}):
            # The gradient at the second place, the first change, the first slope, the first loss less.
            yield [[0.0, -1.0, 0.0], [-1.0, 0.0, edge], [-2.0, 1.0, -1.0]], {**none, **search, "tolerance_grad": edge}, 2
            yield [[0.0, -1.0, 0.0], [-2.0, 0.5, 1.0], [-5.0, 1.0, -1.0]], {**none, **search, "lr": edge, "tolerance_change": edge}, 2
            yield [[0.0, -(edge**0.5)], [-2.0, 0.125], [-5.0, 1.0]], {**none, **search, "tolerance_change": edge}, 2
            yield [[0.0, -3.0, 0.0], [-edge, 0.5, 1.0], [-5.0, 1.0, -1.0]], {**none, **search, "tolerance_change": edge}, 2


def run(script, options, steps, dtype):
    """The rows of the script, where the closure was called and where the last step ended, and the counts after each step."""
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
    return rows, torch.stack([*places, p.detach()]), counts


def record(fixture, kind, script, options, steps, dtype):
    rows, places, counts = run(script, options, steps, dtype)
    entry = {"op": kind, "options": options, "script": fixture.tensor(rows), "places": fixture.tensor(places), "counts": counts}
    if kind == "course" and dtype == torch.float32:
        # Corrections that nearly cancel: how far PyTorch itself is from the places of float64, or where float64 goes another way, from those
        # that steps some ulps beside lead to.
        lr = options.get("lr", 1.0)
        others = [run(script, options, steps, torch.float64)[1]]
        if others[0].shape != places.shape:
            others = [run(script, {**options, "lr": lr * (1 + k * 2.0**-23)}, steps, dtype)[1] for k in (-2, -1, 1, 2)]
        others = [o.double().flatten() for o in others if o.shape == places.shape]
        if others:
            far = torch.stack([(o - places.flatten()).abs() for o in others]).amax(0)
            size = others[0].abs()
            entry["noise"] = [x for i, (d, e) in enumerate(zip(far.tolist(), size.tolist())) if d > 2e-6 * e for x in (i, float(f"{d:.1e}"))]
    fixture.add(entry)


def rounded_root(x):
    """The square root of a scalar, rounded once: MKL's, which is PyTorch's, gives of every fifth float32 the next number on some processors."""
    return torch.tensor(math.sqrt(x.item()), dtype=x.dtype)


def main():
    torch.Tensor.sqrt = rounded_root
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    fixture = Fixture(FOLDER, "lbfgs-scripts")
    for kind, make, many in (("search", search, SEARCHES), ("course", course, COURSES)):
        for number in range(many):
            for dtype in (torch.float32, torch.float64):
                try:
                    record(fixture, kind, *make(random.Random(seed_for("lbfgs-scripts", kind, number))), dtype)
                except IndexError:
                    # PyTorch's own, where the loss is NaN and the slope flat at the first place.
                    fixture.skipped[("LBFGS", "NaN on a flat")] += 1
    for script, options, steps in edges():
        for dtype in (torch.float32, torch.float64):
            record(fixture, "course", script, options, steps, dtype)
    fixture.write()


if __name__ == "__main__":
    main()
