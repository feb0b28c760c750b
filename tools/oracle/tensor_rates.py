"""Fixtures of optimizers whose learning rate is a tensor that a scheduler fills: packages/optim/test/fixtures/rates. What each prints
of it afterwards is recorded too."""

import torch
from fixture import Fixture
from optimiser_runs import FOLDER, gradient, parameters, recorded, side_by_side
from torch import optim

NAMES = ["Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD"]
STEPS = 12


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
            "line": next(line for line in str(optimizer).split("\n") if line.startswith("    lr: ")),
        }
    )


def main():
    fixture = Fixture(FOLDER, "rates")
    for name in NAMES:
        run(fixture, name, (1,) if name == "SGD" else ())
    fixture.write()


main()
