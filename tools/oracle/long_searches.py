"""Fixtures of long runs of LBFGS: packages/optim/test/fixtures/lbfgs-runs. A hundred steps of few iterations down one steady function of several
parameters, with the parameters, the loss and the counts after each, and how far runs from starts some ulps beside come to lie from there; and runs
whose loss becomes NaN or infinite in the middle."""

import math

import torch
from fixture import Fixture, seed_for
from optimiser_runs import DTYPES, FOLDER, STEPS, side_by_side
from optimisers_beyond import NEIGHBOURS, SHAPES, move, parameters

WOLFE = {"line_search_fn": "strong_wolfe"}
OPTIONS = [
    {"lr": 0.1, "max_iter": 1},
    {"lr": 0.05, "max_iter": 3, "history_size": 2},
    {"lr": 0.3, "max_iter": 2, "history_size": 1},
    {"lr": 0.1, "max_iter": 4, "max_eval": 2},
    {"lr": 0.1, "max_iter": 2, "tolerance_grad": 1e-2},
    {"lr": 0.1, "max_iter": 5, "tolerance_change": 1e-3},
    {"lr": 0.1, "max_iter": 2, "maximize": True},
    {**WOLFE, "max_iter": 1},
    {**WOLFE, "max_iter": 1, "history_size": 3},
    {**WOLFE, "max_iter": 2, "history_size": 1, "lr": 0.01},
    {**WOLFE, "max_iter": 3, "tolerance_grad": 1e-3},
    {**WOLFE, "max_iter": 3, "tolerance_change": 1e-4},
    {**WOLFE, "max_iter": 1, "maximize": True},
]
# By what the loss is multiplied in which step.
ODD = [{"step": 4, "by": "nan"}, {"step": 4, "by": "inf"}, {"step": 4, "by": "-inf"}]
ODD_STEPS = 8


def objective(ps):
    """Curvatures from 1 to the number of elements, and a fourth power."""
    z = torch.cat([p.flatten() for p in ps])
    return ((z - 0.5) ** 2 * torch.arange(1, z.numel() + 1) / 4 + z**4 / 16).sum()


def course(options, dtype, steps, odd=None, ulps=None):
    ps = parameters(SHAPES, dtype, "long")
    if ulps is not None:
        move(ps, ulps)
    optimizer = torch.optim.LBFGS(ps, **options)
    rows, counts = [], []
    for step in range(1, steps + 1):

        def closure():
            optimizer.zero_grad()
            loss = -objective(ps) if options.get("maximize") else objective(ps)
            if odd is not None and step == odd["step"]:
                loss = loss * float(odd["by"])
            loss.backward()
            return loss

        loss = optimizer.step(closure).detach()
        rows.append(torch.cat([side_by_side(ps), loss.reshape(1)]))
        state = optimizer.state[ps[0]]
        counts.append([state["func_evals"], state["n_iter"]])
    return torch.stack(rows), counts


def entry_of(fixture, op, options, dtype):
    start = side_by_side(parameters(SHAPES, dtype, "long"))
    return {"op": op, "options": fixture.value(options), "dtype": str(dtype)[6:], "shapes": SHAPES, "start": fixture.tensor(start)}


def long(fixture, options, dtype):
    after, counts = course(options, dtype, STEPS)
    ulps = torch.Generator().manual_seed(seed_for("long", options, dtype))
    others = [course(options, dtype, STEPS, None, ulps) for _ in range(NEIGHBOURS)]
    # Each step of float32 is rounded, where those beside it begin alone.
    if dtype == torch.float32:
        others.append(course(options, torch.float64, STEPS))
    # Where runs have parted once, they may part sooner and later.
    far = torch.stack([(other - after).abs() for other, _ in others]).amax(0).cummax(0).values
    # Up to here those beside count alike.
    alike = next((i for i in range(STEPS) if any(other[i] != counts[i] for _, other in others)), STEPS)
    fixture.add({**entry_of(fixture, "long", options, dtype), "after": fixture.tensor(after), "far": fixture.tensor(far.to(dtype)), "counts": counts[:alike]})


def main():
    torch.set_num_threads(1)
    fixture = Fixture(FOLDER, "lbfgs-runs")
    for dtype in DTYPES:
        for options in OPTIONS:
            long(fixture, options, dtype)
        for options in ({"lr": 0.1, "max_iter": 2}, {**WOLFE, "max_iter": 3}):
            for odd in ODD:
                after, counts = course(options, dtype, ODD_STEPS, odd)
                assert not math.isfinite(after[-1].sum())
                fixture.add({**entry_of(fixture, "odd", options, dtype), "odd": odd, "after": fixture.tensor(after), "counts": counts})
    fixture.write()


if __name__ == "__main__":
    main()
