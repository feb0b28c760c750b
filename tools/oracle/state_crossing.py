"""Carries the state of every optimizer over to PyTorch in the middle of a run: Kindling makes the first fifty steps of each run in
packages/optim/test/fixtures/runs and hands its state dict over as JSON; PyTorch loads it and goes on, and has to arrive where
it arrives from its own state. Writes nothing; exits with 1 where one does not.

    PYTHON=v/bin/python; $PYTHON tools/oracle/state_crossing.py"""

import copy
import json
import subprocess
import sys
from pathlib import Path

import torch
import torch.nn as nn
from optimiser_runs import HALF, SHAPES, STEPS, gradient, parameters

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}


def tensor(x):
    dtype = getattr(torch, x["dtype"])
    return torch.tensor(x["data"], dtype=dtype).reshape(x["shape"])


def read_state(state):
    read = {int(n): {key: tensor(x) for key, x in values.items()} for n, values in state["state"].items()}
    return {"state": read, "param_groups": state["param_groups"]}


def go(optimizer, ps, first, last):
    for step in range(first, last + 1):
        for k, p in enumerate(ps):
            p.grad = gradient(p, step, k)
        optimizer.step()


def copied(ps):
    return [nn.Parameter(p.detach().clone()) for p in ps]


def main():
    lines = subprocess.run(["npx", "tsx", "tools/oracle/state-crossing.ts"], cwd=ROOT, check=True, capture_output=True, text=True)
    failed, worst = 0, {}
    for line in lines.stdout.splitlines():
        run = json.loads(line)
        name, dtype = run["optimizer"], getattr(torch, run["dtype"])
        options = {k: tuple(v) if isinstance(v, list) else v for k, v in run["options"].items()}
        make = lambda ps: getattr(torch.optim, name)(ps, foreach=False, **options)  # noqa: E731

        own = parameters(dtype, name)
        first = make(own)
        go(first, own, 1, HALF)
        expected = copied(own)
        resumed = make(expected)
        resumed.load_state_dict(copy.deepcopy(first.state_dict()))
        go(resumed, expected, HALF + 1, STEPS)

        flat = tensor(run["params"]).split([max(1, torch.Size(s).numel()) for s in SHAPES])
        ps = [nn.Parameter(x.reshape(s).clone()) for x, s in zip(flat, SHAPES)]
        crossed = make(ps)
        crossed.load_state_dict(read_state(run["state"]))
        go(crossed, ps, HALF + 1, STEPS)

        off = max(((a - b).abs() / b.abs().clamp(min=0.1)).max().item() for a, b in zip(ps, expected))
        worst[name, run["dtype"]] = max(off, worst.get((name, run["dtype"]), 0.0))
        if not off <= TOLERANCE[dtype]:
            failed += 1
            print(f"{name} {run['options']} {run['dtype']}: off by {off:.2e}")
    for (name, dtype), off in worst.items():
        print(f"{name:10} {dtype}: at most {off:.1e} beside PyTorch's own continuation")
    sys.exit(1 if failed or not worst else 0)


if __name__ == "__main__":
    main()
