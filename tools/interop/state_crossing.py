"""Carries the state of every optimizer to PyTorch and back in the middle of a run, by checkpoints, which are safetensors files: every
choice of options of tools/oracle/optimiser_runs.py (that is, of PyTorch's `optim_db`, and more), in both dtypes, and runs with groups; and of those
that PyTorch has not, to their formulas in PyTorch (twins.py).
Kindling makes the first half of the steps and PyTorch the others; then PyTorch the first and Kindling the others. Both have to arrive where
PyTorch arrives alone. Prints how far they are from there; exits with 1 where one does not arrive, or options are others.

    PYTHON=v/bin/python; $PYTHON tools/interop/state_crossing.py [--only OPTIMIZER]"""

import argparse
import copy
import functools
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import torch
import torch.nn as nn
from checkpoint_file import read_checkpoint, write_checkpoint

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "oracle"))
import optimiser_runs  # noqa: E402
import optimisers_beyond  # noqa: E402
import twins  # noqa: E402
from fixture import cotangent, seed_for  # noqa: E402
from optimiser_runs import DTYPES, ELEMENTWISE, HALF, SECOND, STEPS, choices  # noqa: E402

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}
# Runs of PyTorch's from starts an ulp beside, from which its own rounding is told where a run is further off than that.
NEIGHBOURS = 8
HALVES, ENDING = ("here, then PyTorch", "PyTorch, then here"), "-00000001.safetensors"


@functools.cache
def push(shape, dtype, index):
    return cotangent(torch.zeros(shape, dtype=dtype), index)


class Job:
    """One run: parameters of these shapes, in groups of which each has options of its own; `pull` of each is in its gradient. One
    that is `steady` has the same gradients in each step, of curvatures from 1 to the number of elements: LBFGS remembers them."""

    def __init__(self, optimizer, options, dtype, shapes, pull=0.0, groups=None, steady=False, half=HALF, steps=STEPS, twin=False):
        self.optimizer, self.options, self.dtype, self.shapes, self.pull = optimizer, options, dtype, shapes, pull
        self.steady, self.half, self.steps, self.twin = steady, half, steps, twin
        self.groups = groups or [{"params": list(range(len(shapes))), "options": {}}]

    def start(self, ulps=None):
        generator = torch.Generator().manual_seed(seed_for("crossing", self.optimizer))
        model = nn.ParameterList(torch.randn(s, generator=generator, dtype=torch.float64).float().to(self.dtype) for s in self.shapes)
        if ulps is not None:
            with torch.no_grad():
                for p in model:
                    p.add_(p * torch.randint(-1, 2, p.shape, generator=ulps) * torch.finfo(self.dtype).eps)
        return model

    def made(self, model):
        groups = [{"params": [model[i] for i in group["params"]], **group["options"]} for group in self.groups]
        if self.twin:
            return getattr(twins, self.optimizer)(groups, **self.options)
        plain = {} if self.optimizer in ("Muon", "LBFGS") else {"foreach": False}
        return getattr(torch.optim, self.optimizer)(groups, **plain, **self.options)

    def go(self, model, optimizer, first, last):
        counts = [torch.arange(1, p.numel() + 1, dtype=p.dtype).reshape(p.shape) if self.steady else 1 for p in model]
        curvatures = [count * (self.pull / 2) for count in counts]

        def closure():
            optimizer.zero_grad()
            loss = sum(
                ((p * curvature + push(p.shape, p.dtype, len(model) * (0 if self.steady else step) + k)) * p).sum()
                for k, (p, curvature) in enumerate(zip(model, curvatures))
            )
            loss.backward()
            return loss

        for step in range(first, last + 1):
            optimizer.step(closure)

    def from_beside(self, ulps):
        """Where a run arrives that starts within an ulp."""
        model = self.start(ulps)
        self.go(model, self.made(model), 1, self.steps)
        return model

    def described(self, name):
        return {"name": name, **self.__dict__, "dtype": str(self.dtype)[6:]}


def jobs():
    optimiser_runs.MORE.update(optimisers_beyond.MORE)
    shapes = optimiser_runs.SHAPES
    for dtype in DTYPES:
        for name in ELEMENTWISE:
            for options in choices(name):
                yield Job(name, options, dtype, shapes)
            second = SECOND.get(name, {"lr": 0.05, "weight_decay": 0.1})
            yield Job(name, {"lr": 0.01}, dtype, shapes, groups=[{"params": [0, 1], "options": {}}, {"params": [2], "options": second}])
        for name, of in (("Adafactor", optimisers_beyond.SHAPES), ("Muon", optimisers_beyond.MATRICES)):
            for options in choices(name):
                yield Job(name, options, dtype, of, pull=0.5)
        # Of few iterations, so that it is on its way in the middle.
        for options in choices("LBFGS"):
            pull = -0.5 if options.get("maximize") else 0.5
            yield Job("LBFGS", {**options, "max_iter": 2}, dtype, shapes, pull=pull, steady=True, half=4, steps=8)


        for name, every in {**twins.CHOICES, "Lamb": optimisers_beyond.LAMB, "SAM": optimisers_beyond.SAMS}.items():
            for options in every:
                yield Job(name, options, dtype, shapes, pull=0.5, twin=True)


def kindling(*args):
    subprocess.run(["npx", "tsx", "tools/interop/state-crossing.ts", *map(str, args)], cwd=ROOT, check=True)


def off(model, expected):
    return max(((a - b).abs() / b.abs().clamp(min=0.1)).max().item() for a, b in zip(model, expected))


def in_lists(x):
    return [in_lists(v) for v in x] if isinstance(x, (list, tuple)) else x


def differ(a, b):
    """Rates and sums that were worked out in another order may be off by their rounding."""
    return abs(a - b) > 1e-14 * abs(b) if isinstance(a, float) and isinstance(b, (int, float)) else in_lists(a) != in_lists(b)


def other_options(state, own):
    """Options that came over as something else."""
    if "base" in state:
        yield from (f"{k} is {state[k]!r}, {own[k]!r} in PyTorch" for k in ("rho", "adaptive") if state[k] != own[k])
        state, own = state["base"], own["base"]
    for theirs, ours in zip(state["param_groups"], own["param_groups"]):
        yield from (f"{k} is {v!r} in the groups, {ours[k]!r} in PyTorch's" for k, v in theirs.items() if differ(v, ours.get(k)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", metavar="OPTIMIZER")
    only = parser.parse_args().only
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    named = {f"run{i}": job for i, job in enumerate(job for job in jobs() if only in (None, job.optimizer))}
    wrong, worst = [], {}
    with tempfile.TemporaryDirectory() as name:
        start, here, middle, end = (Path(name) / part for part in ("start", "here", "middle", "end"))
        for folder in (start, here, middle, end):
            folder.mkdir()
        for folder in (start, middle):
            (folder / "jobs.json").write_text(json.dumps([job.described(key) for key, job in named.items()]))
        # What the groups say changes on the way, of schedule-free optimizers.
        alone, said = {}, {}
        for key, job in named.items():
            model = job.start()
            alone[key] = model, job.made(model)
            for folder, step in ((start, 0), (middle, job.half)):
                job.go(*alone[key], 1, step)
                said[key, step] = copy.deepcopy(alone[key][1].state_dict())
                write_checkpoint(folder / (key + ENDING), {"model": model.state_dict(), "optimizer": alone[key][1].state_dict()}, step)
            job.go(*alone[key], job.half + 1, job.steps)
            said[key, job.steps] = alone[key][1].state_dict()
        kindling(start, here, "half")
        kindling(middle, end, "steps")
        for key, job in named.items():
            expected, _ = alone[key]
            arrived = []
            for folder, step in ((here, job.half), (end, job.steps)):
                parts = read_checkpoint(folder / (key + ENDING))
                model = job.start()
                model.load_state_dict({str(k): v for k, v in parts["model"].items()}, strict=True)
                wrong += [f"{job.optimizer} {job.options}: {line}" for line in other_options(parts["optimizer"], said[key, step])]
                optimizer = job.made(model)
                optimizer.load_state_dict(copy.deepcopy(parts["optimizer"]))
                job.go(model, optimizer, step + 1, job.steps)
                arrived.append(off(model, expected))
            limit, dtype = TOLERANCE[job.dtype], str(job.dtype)[6:]
            if not max(arrived) <= limit:
                ulps = torch.Generator().manual_seed(0)
                limit = max(limit, 4 * max(off(job.from_beside(ulps), expected) for _ in range(NEIGHBOURS)))
            if not max(arrived) <= limit:
                wrong.append(f"{job.optimizer} {job.options} {dtype}: off by {arrived[0]:.1e} {HALVES[0]}, {arrived[1]:.1e} {HALVES[1]}, allowed {limit:.1e}")
            runs, at_most = worst.get((job.optimizer, dtype), (0, [0.0, 0.0, 0.0]))
            worst[job.optimizer, dtype] = runs + 1, [max(a, b) for a, b in zip(at_most, (*arrived, limit))]
    for (optimizer, dtype), (runs, (first, second, limit)) in sorted(worst.items()):
        print(f"{optimizer:10} {dtype}: {runs:2} runs, at most {first:.0e} {HALVES[0]}, {second:.0e} {HALVES[1]}, allowed {limit:.0e}")
    for line in wrong:
        print(line)
    print("all arrive" if not wrong else f"{len(wrong)} do not arrive")
    sys.exit(1 if wrong or not worst else 0)


if __name__ == "__main__":
    main()
