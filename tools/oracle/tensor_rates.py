"""Fixtures of optimizers whose learning rate is a tensor that a scheduler fills, and of those whose betas are tensors that are filled in
the middle: packages/optim/test/fixtures/rates. What each prints of it afterwards is recorded too."""

import torch
from fixture import Fixture
from optimiser_runs import DTYPES, FOLDER, gradient, parameters, recorded, side_by_side
from torch import optim

NAMES = ["Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD"]
STEPS = 12


def line_of(optimizer, option):
    return next(line for line in str(optimizer).split("\n") if line.startswith(f"    {option}: "))


def run_betas(fixture, name, dtype, options):
    params = parameters(dtype, name)
    betas = tuple(torch.tensor(beta, dtype=dtype) for beta in (0.8125, 0.96875))
    start, after = recorded(fixture, params), []
    optimizer = getattr(optim, name)(params, betas=betas, **options)
    for step in range(1, STEPS + 1):
        for k, p in enumerate(params):
            p.grad = gradient(p, step, k)
        optimizer.step()
        after.append(side_by_side(params))
        if step == STEPS // 2:
            # From here on the average is nearer to what comes.
            betas[0].fill_(0.25)
            betas[1].fill_(0.5)
    fixture.add(
        {
            "op": "betas",
            "optimizer": name,
            "dtype": str(dtype)[6:],
            "options": options,
            "start": start,
            "after": fixture.tensor(torch.stack(after)),
            "line": line_of(optimizer, "betas"),
        }
    )


def run(fixture, name, shape):
    params = parameters(torch.float64, name)
    rate = torch.full(shape, 0.125, dtype=torch.float64)
    start, after = recorded(fixture, params), []
    optimizer = getattr(optim, name)(params, lr=rate)
    schedule = optim.lr_scheduler.StepLR(optimizer, 4, gamma=0.5)
    for step in range(1, STEPS + 1):
        for k, p in enumerate(params):
            p.grad = gradient(p, step, k)
        optimizer.step()
        schedule.step()
        after.append(side_by_side(params))
    assert optimizer.param_groups[0]["lr"] is rate and optimizer.state_dict()["param_groups"][0]["lr"] is rate
    fixture.add(
        {
            "op": "plain",
            "optimizer": name,
            "shape": list(shape),
            "start": start,
            "after": fixture.tensor(torch.stack(after)),
            "rate": rate.item(),
            "line": line_of(optimizer, "lr"),
        }
    )


def main():
    fixture = Fixture(FOLDER, "rates")
    for name in NAMES:
        run(fixture, name, (1,) if name == "SGD" else ())
    for dtype in DTYPES:
        for name, options in [("Adam", {}), ("Adam", {"amsgrad": True, "lr": 0.1}), ("AdamW", {"lr": 0.1})]:
            run_betas(fixture, name, dtype, options)
    fixture.write()


main()
