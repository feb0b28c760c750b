"""Fixtures of the optimizers: packages/optim/test/fixtures. Loss curves of a small net from the same seed, single
steps with every option, the learning rates of the schedulers, gradient clipping, and the layout of state_dict()."""

import itertools
import math
import warnings

import torch
import torch.nn as nn
from fixture import SEED, Fixture, seed_for

FOLDER = "packages/optim/test/fixtures"

CURVES = [
    ("Adam", {"lr": 1e-2}),
    ("AdamW", {"lr": 1e-2, "amsgrad": True, "weight_decay": 0.05}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1}),
]


def curves(fixture):
    """A 20-32-10 net on 64 random rows: everything, data too, comes from torch.manual_seed. In float64 training starts from
    the same numbers, and its end is recorded: in float32 one flipped ReLU would move it."""
    for (name, options), dtype in itertools.product(CURVES, (torch.float32, torch.float64)):
        torch.manual_seed(SEED)
        model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 10))
        x = torch.randn(64, 20)
        y = torch.randint(0, 10, (64,))
        initial = fixture.value({k: v.clone() for k, v in model.state_dict().items()}) if dtype == torch.float32 else None
        model, x = model.to(dtype), x.to(dtype)
        optimizer = getattr(torch.optim, name)(model.parameters(), **options)
        loss_function = nn.CrossEntropyLoss()
        losses = []
        for _ in range(100):
            optimizer.zero_grad()
            loss = loss_function(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        entry = {"op": "curve", "seed": SEED, "dtype": str(dtype)[6:], "optimizer": name, "options": options, "losses": losses}
        if dtype == torch.float32:
            entry.update(x=fixture.tensor(x), y=fixture.tensor(y), initial=initial)
        else:
            entry["final"] = fixture.value({k: v.detach() for k, v in model.state_dict().items()})
        fixture.add(entry)


STEPS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "maximize": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "maximize": True}),
    *(
        (name, {"lr": 0.01, **options})
        for name in ("Adam", "AdamW")
        for options in (
            {},
            {"betas": [0.5, 0.9], "eps": 1e-3},
            {"weight_decay": 0.1},
            {"weight_decay": 0.0},
            {"amsgrad": True},
            {"amsgrad": True, "maximize": True, "weight_decay": 0.05},
            {"maximize": True},
        )
    ),
]


def gradients(steps, dtype, *names):
    generator = torch.Generator().manual_seed(seed_for(*names, dtype))
    shapes = [(3, 4), (5,), ()]
    draw = lambda: [torch.randn(s, generator=generator, dtype=torch.float64).to(dtype) for s in shapes]  # noqa: E731
    # The last step leaves the second parameter out, whose gradient is then None.
    return draw(), [draw() for _ in range(steps)]


def python_options(options):
    return {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}


def layout(state):
    """state_dict() with each tensor replaced by its shape and dtype; keys of `state` are strings in JSON."""
    if isinstance(state, torch.Tensor):
        return {"shape": list(state.shape), "dtype": str(state.dtype)[6:]}
    if isinstance(state, dict):
        return {str(k): layout(v) for k, v in state.items()}
    if isinstance(state, (list, tuple)):
        return [layout(v) for v in state]
    if isinstance(state, float) and not math.isfinite(state):
        return str(state)
    return state


def single_steps(fixture):
    for name, options in STEPS:
        for dtype in (torch.float32, torch.float64):
            start, grads = gradients(6, dtype, name, options)
            parameters = [nn.Parameter(p.clone()) for p in start]
            optimizer = getattr(torch.optim, name)(parameters, **python_options(options))
            after = []
            for number, step in enumerate(grads):
                for k, (p, g) in enumerate(zip(parameters, step)):
                    p.grad = None if number == len(grads) - 1 and k == 1 else g.clone()
                optimizer.step()
                after.append([fixture.tensor(p.detach()) for p in parameters])
            fixture.add({
                "op": "steps", "optimizer": name, "options": options, "dtype": str(dtype)[6:],
                "start": [fixture.tensor(p) for p in start],
                "grads": [[None if n == 5 and k == 1 else fixture.tensor(g) for k, g in enumerate(s)] for n, s in enumerate(grads)],
                "after": after, "stateDict": layout(optimizer.state_dict()),
            })  # fmt: skip


def groups(fixture):
    """Two parameter groups with their own rates; one is added later."""
    for name, first, second in (
        ("SGD", {"lr": 0.1, "momentum": 0.9}, {"lr": 0.01, "momentum": 0.5}),
        ("Adam", {"lr": 0.1}, {"lr": 0.01, "weight_decay": 0.1}),
        ("AdamW", {"lr": 0.1}, {"betas": [0.8, 0.9]}),
    ):
        start, grads = gradients(4, torch.float64, "groups", name)
        parameters = [nn.Parameter(p.clone()) for p in start]
        optimizer = getattr(torch.optim, name)([{"params": parameters[:2]}], **first)
        optimizer.add_param_group({"params": parameters[2], **python_options(second)})
        after = []
        for step in grads:
            for p, g in zip(parameters, step):
                p.grad = g.clone()
            optimizer.step()
            after.append([fixture.tensor(p.detach()) for p in parameters])
        fixture.add({
            "op": "groups", "optimizer": name, "options": first, "second": second,
            "start": [fixture.tensor(p) for p in start], "grads": [[fixture.tensor(g) for g in s] for s in grads],
            "after": after, "stateDict": layout(optimizer.state_dict()),
        })  # fmt: skip


# The functions behind LambdaLR, by the name that the TypeScript runner knows them by.
LAMBDAS = {"decay": lambda epoch: 0.95**epoch, "warmup": lambda epoch: min(1.0, (epoch + 1) / 10)}

SCHEDULES = [
    ("StepLR", [3], {}, 12),
    ("StepLR", [4], {"gamma": 0.5}, 14),
    ("CosineAnnealingLR", [10], {}, 25),
    ("CosineAnnealingLR", [7], {"eta_min": 0.01}, 25),
    ("LambdaLR", ["decay"], {}, 12),
    ("LambdaLR", ["warmup"], {}, 14),
    ("OneCycleLR", [0.5], {"total_steps": 20}, 19),
    ("OneCycleLR", [0.5], {"epochs": 4, "steps_per_epoch": 5, "anneal_strategy": "linear"}, 19),
    ("OneCycleLR", [0.5], {"total_steps": 20, "three_phase": True, "pct_start": 0.25}, 19),
    ("OneCycleLR", [0.5], {"total_steps": 20, "div_factor": 10.0, "final_div_factor": 100.0, "cycle_momentum": False}, 19),
    ("OneCycleLR", [0.5], {"total_steps": 20, "base_momentum": 0.7, "max_momentum": 0.9}, 19),
]

PLATEAUS = [
    {},
    {"mode": "min", "factor": 0.5, "patience": 2},
    {"mode": "max", "factor": 0.5, "patience": 2},
    {"mode": "min", "factor": 0.5, "patience": 1, "threshold": 0.1, "threshold_mode": "abs"},
    {"mode": "max", "factor": 0.3, "patience": 1, "threshold": 0.05, "threshold_mode": "rel"},
    {"mode": "min", "factor": 0.1, "patience": 0, "cooldown": 2, "min_lr": 0.01},
    {"mode": "min", "factor": 0.1, "patience": 0, "eps": 0.02},
]
METRICS = [1.0, 0.9, 0.95, 0.89, 0.889, 0.888, 0.91, 0.92, 0.93, 0.5, 0.5, 0.5, 0.6, 0.7, 0.4, 0.41, 0.42, 0.43, 0.44, 0.45, 0.46, 0.47, 0.48, 0.49]


def schedules(fixture):
    for name, args, options, steps in SCHEDULES:
        for optimizer_name, optimizer_options in (("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {"lr": 0.02})):
            p, q = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2))
            # A second group with its own rate: schedulers act on each.
            optimizer = getattr(torch.optim, optimizer_name)([{"params": [p]}, {"params": [q], "lr": 0.5}], **optimizer_options)
            arguments = [LAMBDAS[a] if isinstance(a, str) else a for a in args]
            scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, *arguments, **options)

            def read():
                values = [[g["lr"] for g in optimizer.param_groups]]
                momentum = [g["momentum"] if "momentum" in g else g["betas"][0] for g in optimizer.param_groups]
                return [*values, momentum, list(scheduler.get_last_lr())]

            sequence = [read()]
            for _ in range(steps):
                optimizer.step()
                scheduler.step()
                sequence.append(read())
            state = {k: v for k, v in scheduler.state_dict().items() if not callable(v)}
            fixture.add({
                "op": "schedule", "scheduler": name, "args": args, "options": options, "optimizer": optimizer_name,
                "optimizerOptions": optimizer_options, "sequence": sequence, "stateKeys": sorted(state),
            })  # fmt: skip
    for options in PLATEAUS:
        p = nn.Parameter(torch.zeros(2))
        optimizer = torch.optim.SGD([p], lr=0.1)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        sequence = []
        for metric in METRICS:
            optimizer.step()
            scheduler.step(metric)
            sequence.append(optimizer.param_groups[0]["lr"])
        fixture.add({"op": "plateau", "options": options, "metrics": METRICS, "sequence": sequence})


def clipping(fixture):
    for norm_type in (2.0, 1.0, 3.0, 0.5, math.inf):
        for maximum in (0.5, 100.0):
            start, grads = gradients(1, torch.float32, "clip", norm_type, maximum)
            parameters = [nn.Parameter(p.clone()) for p in start]
            for p, g in zip(parameters, grads[0]):
                p.grad = g.clone()
            total = nn.utils.clip_grad_norm_(parameters, maximum, norm_type=norm_type)
            fixture.add({
                "op": "clip", "normType": fixture.value(norm_type), "maxNorm": maximum, "start": [fixture.tensor(p) for p in start],
                "grads": [fixture.tensor(g) for g in grads[0]], "total": total.item(),
                "after": [fixture.tensor(p.grad) for p in parameters],
            })  # fmt: skip


def main():
    warnings.simplefilter("ignore")
    # One thread: the order of a sum, and so the last bit of a loss, then depends on nothing.
    torch.set_num_threads(1)
    for name, make in {"curves": [curves], "steps": [single_steps, groups], "schedules": [schedules], "clipping": [clipping]}.items():
        fixture = Fixture(FOLDER, name)
        for part in make:
            part(fixture)
        fixture.write()


if __name__ == "__main__":
    main()
