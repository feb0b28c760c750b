"""Fixtures of whole runs: packages/optim/test/fixtures/{runs,refused}. Every optimizer with every choice of options in PyTorch's
`optim_db` (and those below, which it leaves out), 100 steps in both dtypes, with the parameters after each and the state dict in the
middle; as long runs with groups, with closures and hooks, and with gradients that are missing, zero, NaN and infinite; and what the
database says is refused.

Gradients are `cotangent`s, a hash of the position and the step, so that the fixtures need not hold them."""

import math
import warnings

import database  # noqa: F401  (the stub of expecttest)
import torch
import torch.nn as nn
from fixture import Fixture, Unsupported, cotangent, seed_for
from torch.testing._internal.common_optimizers import optim_db

FOLDER = "packages/optim/test/fixtures"
SHAPES = [(3, 2), (4,), ()]
STEPS, HALF = 100, 50
DTYPES = (torch.float32, torch.float64)
ELEMENTWISE = ("Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD")

# What the database has not: both branches of each running average, rates that change in time, both kinds of weight decay.
MORE = {
    "Adam": [{"amsgrad": True, "maximize": True}, {"betas": (0.3, 0.9), "eps": 1e-3}, {"weight_decay": 0.1, "decoupled_weight_decay": True}],
    "AdamW": [{"amsgrad": True, "maximize": True}, {"betas": (0.3, 0.9), "eps": 1e-3}],
    "Adamax": [{"betas": (0.3, 0.9), "eps": 1e-3}],
    "NAdam": [{"betas": (0.3, 0.9), "eps": 1e-3}],
    "RAdam": [{"betas": (0.3, 0.9), "eps": 1e-3}, {"betas": (0.9, 0.5)}],
    "Adadelta": [{"lr": 2.0, "eps": 1e-3}],
    "RMSprop": [{"alpha": 0.0, "centered": True}, {"alpha": 0.3, "centered": True, "momentum": 0.9, "weight_decay": 0.1, "eps": 1e-10}, {"alpha": 0.3, "centered": True, "eps": 1e-3}, {"momentum": 0.9, "alpha": 0.9}],
    "Rprop": [{"lr": 0.5, "step_sizes": (0.1, 0.7), "etas": (0.3, 2.0)}],
    "ASGD": [{"t0": 3.0, "lambd": 0.01, "alpha": 0.5, "lr": 0.1}],
    "SGD": [{"momentum": 0.5, "dampening": -0.3}, {"momentum": 0.9, "dampening": 0.3, "maximize": True}],
}
SECOND = {"Rprop": {"lr": 0.05, "etas": (0.4, 1.5)}, "ASGD": {"lr": 0.05, "weight_decay": 0.1, "t0": 2.0}}


def choices(name):
    """The options of the database that are numbers and switches, each once, and those of MORE."""
    info = next(i for i in optim_db if i.optim_cls.__name__ == name)
    found = []
    for sample in info.optim_inputs_func("cpu"):
        if not any(isinstance(v, torch.Tensor) for v in sample.kwargs.values()) and sample.kwargs not in found:
            found.append(dict(sample.kwargs))
    return found + MORE.get(name, [])


def parameters(dtype, *names):
    generator = torch.Generator().manual_seed(seed_for("runs", *names))
    return [nn.Parameter(torch.randn(s, generator=generator, dtype=torch.float64).float().to(dtype)) for s in SHAPES]


def gradient(p, step, k):
    return cotangent(p.detach(), len(SHAPES) * step + k)


def side_by_side(ps):
    return torch.cat([p.detach().flatten() for p in ps])


def recorded(fixture, ps):
    """All parameters side by side."""
    return fixture.tensor(side_by_side(ps))


def state_dict(fixture, optimizer):
    state = optimizer.state_dict()
    return fixture.value({"state": {str(k): v for k, v in state["state"].items()}, "param_groups": state["param_groups"]})


def made(name, ps, options):
    return getattr(torch.optim, name)(ps, foreach=False, **options)


def set_gradients(ps, step):
    for k, p in enumerate(ps):
        p.grad = gradient(p, step, k)


def course(fixture, ps, take_step):
    """Where all parameters are after each step, one row a step."""
    rows = []
    for step in range(1, STEPS + 1):
        take_step(step)
        rows.append(side_by_side(ps))
    return fixture.tensor(torch.stack(rows))


def entry_of(fixture, op, name, options, dtype, ps):
    return {"op": op, "optimizer": name, "options": fixture.value(options), "dtype": str(dtype)[6:], "start": recorded(fixture, ps)}


def begun(fixture, op, name, options, dtype):
    """Parameters, what is to be written of their course, and their optimizer."""
    ps = parameters(dtype, name)
    return ps, entry_of(fixture, op, name, options, dtype, ps), made(name, ps, options)


def add_course(fixture, entry, ps, optimizer, before=lambda step: None):
    """Plain steps, with the state that is there at half of them; `before` is called before each."""

    def take_step(step):
        before(step)
        set_gradients(ps, step)
        optimizer.step()
        if step == HALF:
            entry["half"] = state_dict(fixture, optimizer)

    entry["after"] = course(fixture, ps, take_step)
    fixture.add(entry)


def plain(fixture, name, options, dtype):
    ps, entry, optimizer = begun(fixture, "plain", name, options, dtype)
    add_course(fixture, entry, ps, optimizer)


def leave_out(ps, step):
    """Makes zeros of the gradients at first, and in every tenth step leaves one parameter without, or all."""
    if step <= 2:
        for p in ps:
            p.grad.zero_()
    if step % 10 == 3:
        ps[1].grad = None
    if step % 10 == 7:
        for p in ps:
            p.grad = None


def odd(ps, step):
    """Zeros and missing ones, then NaN; infinity."""
    set_gradients(ps, step)
    leave_out(ps, step)
    if step == 5:
        ps[0].grad[0, 0] = math.nan
    if step == 6:
        ps[0].grad[0, 1] = math.inf


def odd_gradients(fixture, name, options, dtype):
    ps, entry, optimizer = begun(fixture, "odd", name, options, dtype)

    def take_step(step):
        odd(ps, step)
        optimizer.step()

    entry["after"] = course(fixture, ps, take_step)
    fixture.add(entry)


def hooked(fixture, name, options, dtype):
    """The gradients by a closure, a quarter of each parameter among them; a hook before each step that makes parameters smaller, and
    one after it that keeps them within 2."""
    ps, entry, optimizer = begun(fixture, "hooked", name, options, dtype)

    @torch.no_grad()
    def before(*_):
        for p in ps:
            p.mul_(0.9375)

    @torch.no_grad()
    def after(*_):
        for p in ps:
            p.clamp_(-2, 2)

    optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(after)

    def take_step(step):
        def closure():
            optimizer.zero_grad()
            loss = sum(((gradient(p, step, k) + p / 8) * p).sum() for k, p in enumerate(ps))
            loss.backward()
            return loss

        optimizer.step(closure)

    entry["after"] = course(fixture, ps, take_step)
    fixture.add(entry)


def groups(fixture, name, dtype):
    """Two groups, of which the second has options of its own and comes when the first has made three steps."""
    second = SECOND.get(name, {"lr": 0.05, "weight_decay": 0.1})
    ps = parameters(dtype, name)
    entry = {**entry_of(fixture, "groups", name, {"lr": 0.01}, dtype, ps), "second": fixture.value(second)}
    optimizer = made(name, [{"params": ps[:2]}], {"lr": 0.01})

    def grow(step):
        if step == 4:
            optimizer.add_param_group({"params": ps[2], **second})

    add_course(fixture, entry, ps, optimizer, before=grow)


# What Kindling takes, or says otherwise: order of a Set is fixed in JavaScript.
TAKEN = ("organized in ordered collections",)


def shape_of(params):
    """What stands where parameters should: by the name that the test knows it by."""
    if params is None:
        return "parameters"
    if isinstance(params, torch.Tensor):
        return "tensor"
    first = params[0]
    if isinstance(first, dict):
        return "groups with and without names" if "lr" in first else "groups that share"
    return "with and without names" if isinstance(first, tuple) else "twice"


def refused(fixture, name):
    info = next(i for i in optim_db if i.optim_cls.__name__ == name)
    for error in info.optim_error_inputs_func("cpu", torch.float32):
        sample, regex = error.optimizer_error_input, str(error.error_regex)
        if any(text in regex for text in TAKEN) or "foreach" in sample.kwargs:
            fixture.skip(name, regex)
            continue
        try:
            kwargs = fixture.value(sample.kwargs)
            fixture.add({"op": name, "params": shape_of(sample.params), "options": kwargs, "message": regex})
        except Unsupported as reason:
            fixture.skip(name, str(reason))


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    runs, errors = Fixture(FOLDER, "runs"), Fixture(FOLDER, "refused")
    for name in ELEMENTWISE:
        for dtype in DTYPES:
            for options in choices(name):
                plain(runs, name, options, dtype)
            for options in ({}, choices(name)[-1]):
                odd_gradients(runs, name, options, dtype)
                hooked(runs, name, options, dtype)
            groups(runs, name, dtype)
        refused(errors, name)
    runs.write()
    errors.write()


if __name__ == "__main__":
    main()
