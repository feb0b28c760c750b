"""Fixtures of the optimizers whose update is no expression of single elements: packages/optim/test/fixtures/{beyond,lbfgs}.
Adafactor, Muon and LBFGS are PyTorch's; Lamb and SAM, which it has not, are the formulas of their papers, below.

Gradients are a `cotangent`, a hash of the position and the step, and half the parameter: SAM then has others uphill."""

import math
import warnings

import optimiser_runs
import torch
import torch.nn as nn
from fixture import SEED, Fixture, cotangent, seed_for
from optimiser_runs import DTYPES, FOLDER, HALF, STEPS, choices, leave_out, recorded, side_by_side, state_dict

SHAPES = [(3, 2), (4,), (), (2, 3, 1, 2)]
MATRICES = [(3, 2), (2, 5), (4, 4), (1, 3)]


class Lamb(torch.optim.Optimizer):
    """You et al., "Large Batch Optimization for Deep Learning", 2019, algorithm 2 with phi(z) = z."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01, maximize=False):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize})

    @torch.no_grad()
    def step(self, closure=None):
        if closure is not None:
            with torch.enable_grad():
                closure()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                g = -p.grad if group["maximize"] else p.grad
                state = self.state[p]
                if not state:
                    state.update(step=torch.tensor(0.0), exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
                state["step"] += 1
                t = state["step"].item()
                m, v = state["exp_avg"], state["exp_avg_sq"]
                m.mul_(beta1).add_(g, alpha=1 - beta1)
                v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
                r = (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + group["eps"]) + group["weight_decay"] * p
                norm, size = p.norm().item(), r.norm().item()
                p.sub_(r, alpha=group["lr"] * (norm / size if norm > 0 and size > 0 else 1.0))


class SAM:
    """Foret et al., "Sharpness-Aware Minimization", 2020, equation 2 with p = 2; adaptive: Kwon et al., "ASAM", 2021."""

    def __init__(self, params, base, rho=0.05, adaptive=False, **options):
        self.params, self.rho, self.adaptive = params, rho, adaptive
        self.base = getattr(torch.optim, base)(params, **options)

    def step(self, compute):
        compute()
        with torch.no_grad():
            before = [p.clone() for p in self.params]
            scaled = [p.abs() * p.grad if self.adaptive else p.grad for p in self.params if p.grad is not None]
            norm = torch.stack([g.norm() for g in scaled]).norm()
            for p in self.params:
                if p.grad is not None:
                    p.add_((p * p if self.adaptive else 1.0) * p.grad * (self.rho / (norm + 1e-12)))
        compute()
        with torch.no_grad():
            for p, x in zip(self.params, before):
                p.copy_(x)
        self.base.step()


# Runs beside a run, from which its own rounding is told: many, since one that parts from it may be rare.
NEIGHBOURS = 32

# What the database leaves out.
MORE = {
    "Adafactor": [{"eps": (1e-4, 1e-2)}, {"lr": 0.5, "d": 2.0, "beta2_decay": -0.3}, {"weight_decay": 0.5, "maximize": True, "eps": (None, 0.0)}],
    "Muon": [{"nesterov": False, "lr": 0.1}, {"momentum": 0.3, "weight_decay": 0.0}, {"momentum": 0.0}, {"eps": 0.5, "ns_steps": 3}, {"ns_steps": 0}],
}
LAMB = [{}, {"lr": 0.1}, {"weight_decay": 0.0}, {"betas": (0.3, 0.9), "eps": 1e-3}, {"weight_decay": 0.5, "maximize": True}]
SAMS = [
    {"base": "SGD", "lr": 0.05},
    {"base": "SGD", "lr": 0.05, "momentum": 0.9, "rho": 0.5},
    {"base": "SGD", "lr": 0.05, "adaptive": True, "rho": 1.0},
    {"base": "AdamW", "lr": 0.01, "rho": 0.2},
]


def parameters(shapes, dtype, *names):
    generator = torch.Generator().manual_seed(seed_for("beyond", *names))
    return [nn.Parameter(torch.randn(s, generator=generator, dtype=torch.float64).float().to(dtype)) for s in shapes]


def pull(ps, step):
    for k, p in enumerate(ps):
        p.grad = cotangent(p.detach(), len(ps) * step + k) + p.detach() / 2


def move(ps, ulps):
    """Parameters some ulps beside."""
    with torch.no_grad():
        for p in ps:
            p.add_(p * torch.randint(-4, 5, p.shape, generator=ulps) * torch.finfo(p.dtype).eps)


def trajectory(name, make, ps, options, set_gradients=pull, at_half=lambda optimizer: None):
    """All parameters side by side after each step, one row a step."""
    optimizer = make(ps, **options)
    rows = []
    for step in range(1, STEPS + 1):
        if name == "SAM":
            optimizer.step(lambda: set_gradients(ps, step))
        else:
            set_gradients(ps, step)
            optimizer.step()
        rows.append(side_by_side(ps))
        if step == HALF:
            at_half(optimizer)
    return torch.stack(rows)


def run(fixture, op, name, make, shapes, options, dtype, set_gradients=pull):
    ps = parameters(shapes, dtype, name)
    entry = {"op": op, "optimizer": name, "options": fixture.value(options), "dtype": str(dtype)[6:], "shapes": shapes}
    entry["start"] = recorded(fixture, ps)

    def half(optimizer):
        entry["half"] = state_dict(fixture, optimizer.base if name == "SAM" else optimizer)

    after = trajectory(name, make, ps, options, set_gradients, half)
    entry["after"] = fixture.tensor(after)
    if name == "Muon" and dtype == torch.float32:
        entry["far"] = fixture.tensor(scatter(name, make, shapes, options, dtype, set_gradients, after))
    fixture.add(entry)


def scatter(name, make, shapes, options, dtype, set_gradients, after):
    """How far runs from starts some ulps beside come to lie from this one: Muon's direction has the 8 bits of bfloat16, the last of
    which is another where what comes before is rounded otherwise."""
    ulps = torch.Generator().manual_seed(seed_for("scatter", name, options))
    far = torch.zeros_like(after)
    for _ in range(NEIGHBOURS):
        ps = parameters(shapes, dtype, name)
        move(ps, ulps)
        far = torch.maximum(far, (trajectory(name, make, ps, options, set_gradients) - after).abs())
    return far


def pull_oddly(ps, step):
    """Zeros and missing ones, then NaN; infinity."""
    pull(ps, step)
    leave_out(ps, step)
    if step == 5:
        ps[0].grad.view(-1)[0] = math.nan
    if step == 6:
        ps[-1].grad.view(-1)[0] = math.inf


def mixed_dtypes(fixture):
    """The rounding unit that stands for `eps` is that of the first parameter."""
    for dtypes in ((torch.float32, torch.float64), (torch.float64, torch.float32)):
        ps = [nn.Parameter(torch.tensor([1.0, 2.0], dtype=d)) for d in dtypes]
        optimizer = torch.optim.Adafactor(ps)
        for _ in range(3):
            for p in ps:
                p.grad = torch.full_like(p, 1e-9)
            optimizer.step()
        fixture.add({"op": "mixed", "optimizer": "Adafactor", "after": [fixture.tensor(p.detach()) for p in ps]})


def rosenbrock(ps):
    z = torch.cat([p.flatten() for p in ps])
    return (100 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2).sum()


def quadratic(ps):
    """Of each element, with curvatures from 1 to their number."""
    z = torch.cat([p.flatten() for p in ps])
    return ((z - 0.5) ** 2 * torch.arange(1, z.numel() + 1)).sum()


OBJECTIVES = {"rosenbrock": rosenbrock, "quadratic": quadratic}
STARTS = {"plane": [[-1.5], [2.0]], "shapes": [[[-1.2, 1.0], [0.5, -0.3]], 0.7, [1.4, -0.8]]}
LBFGS = [
    *({"line_search_fn": "strong_wolfe", **o} for o in (
        {}, {"history_size": 1}, {"history_size": 100, "max_iter": 100}, {"max_iter": 4}, {"max_eval": 3}, {"max_eval": 1}, {"max_iter": 0},
        {"tolerance_grad": 1e-1}, {"tolerance_change": 1e-2}, {"lr": 0.1}, {"lr": 3.0, "max_iter": 7},
    )),
    *({"lr": 0.01, **o} for o in ({}, {"history_size": 1}, {"max_eval": 3}, {"tolerance_change": 1e-4}, {"tolerance_grad": 10.0})),
    {}, {"lr": 0.5}, {"max_iter": 1},
]  # fmt: skip
# Those whose state is recorded after two steps: corrections by the dozen, and few.
HALVES = [{"line_search_fn": "strong_wolfe"}, {"line_search_fn": "strong_wolfe", "history_size": 1}, {"lr": 0.01, "history_size": 1}]


def objective(ps, name, maximize):
    value = OBJECTIVES[name](ps)
    return -value if maximize else value


def course(fixture, name, start, options, dtype, ulps=None):
    """Five steps: loss, parameters and counts after each, and the optimizer after two of them."""
    ps = [nn.Parameter(torch.tensor(x, dtype=dtype)) for x in STARTS[start]]
    if ulps is not None:
        move(ps, ulps)
    optimizer = torch.optim.LBFGS(ps, **options)
    steps, half = [], None

    def closure():
        optimizer.zero_grad()
        loss = objective(ps, name, options.get("maximize"))
        loss.backward()
        return loss

    for step in range(5):
        loss = optimizer.step(closure).detach()
        state = optimizer.state[ps[0]]
        steps.append((torch.cat([p.detach().flatten() for p in ps] + [loss.reshape(1)]), (state["func_evals"], state["n_iter"])))
        if step == 1 and ulps is None and options in HALVES and start == "shapes":
            half = state_dict(fixture, optimizer)
    return steps, half


def lbfgs(fixture, name, start, options, dtype):
    """A course, and how far those from starts some ulps beside it come to lie from it: an ill-conditioned valley and a line search
    multiply what is rounded otherwise, until the number of iterations is another."""
    steps, half = course(fixture, name, start, options, dtype)
    ulps = torch.Generator().manual_seed(seed_for("lbfgs", name, start, options, dtype))
    others = [course(fixture, name, start, options, dtype, ulps)[0] for _ in range(NEIGHBOURS)]
    entry = {"op": "lbfgs", "objective": name, "start": start, "options": fixture.value(options), "dtype": str(dtype)[6:]}
    recorded_steps, steady = [], True
    for k, (values, counts) in enumerate(steps):
        far = torch.stack([(other[k][0] - values).abs() for other in others]).amax(0)
        steady = steady and all(other[k][1] == counts for other in others)
        recorded_steps.append({"values": fixture.tensor(values), "far": [float(f"{x:.1e}") for x in far.tolist()], "counts": list(counts) if steady else None})
    fixture.add({**entry, **({"half": half} if half else {}), "steps": recorded_steps})


def net(fixture):
    """A 4-8-3 net on 32 rows, everything from torch.manual_seed: losses and the number of evaluations."""
    for options in ({"line_search_fn": "strong_wolfe", "max_iter": 10}, {"lr": 0.1, "max_iter": 10, "history_size": 5}):
        torch.manual_seed(SEED)
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)).double()
        x, y = torch.randn(32, 4).double(), torch.randint(0, 3, (32,))
        optimizer = torch.optim.LBFGS(model.parameters(), **options)

        def closure():
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            return loss

        losses = [optimizer.step(closure).item() for _ in range(4)]
        evals = optimizer.state[next(model.parameters())]["func_evals"]
        fixture.add({"op": "net", "options": options, "seed": SEED, "losses": losses, "evals": evals})


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    optimiser_runs.MORE.update(MORE)
    beyond, ofLbfgs = Fixture(FOLDER, "beyond"), Fixture(FOLDER, "lbfgs")
    everything = [
        *(("Adafactor", torch.optim.Adafactor, SHAPES, o) for o in choices("Adafactor")),
        *(("Muon", torch.optim.Muon, MATRICES, o) for o in choices("Muon")),
        *(("Lamb", Lamb, SHAPES, o) for o in LAMB),
        *(("SAM", SAM, SHAPES, o) for o in SAMS),
    ]
    for name, make, shapes, options in everything:
        for dtype in DTYPES:
            run(beyond, "run", name, make, shapes, options, dtype)
    for name, make, shapes in (("Adafactor", torch.optim.Adafactor, SHAPES), ("Muon", torch.optim.Muon, MATRICES), ("Lamb", Lamb, SHAPES)):
        for dtype in DTYPES:
            run(beyond, "odd", name, make, shapes, {}, dtype, pull_oddly)
    mixed_dtypes(beyond)
    for options in LBFGS:
        for name, start in (("rosenbrock", "plane"), ("rosenbrock", "shapes"), ("quadratic", "shapes")):
            for dtype in (torch.float32, torch.float64):
                lbfgs(ofLbfgs, name, start, options, dtype)
                if options in (LBFGS[0], {"lr": 0.01}):
                    lbfgs(ofLbfgs, name, start, {**options, "maximize": True}, dtype)
    net(ofLbfgs)
    beyond.write()
    ofLbfgs.write()


if __name__ == "__main__":
    main()
