"""Fixtures of averaged models: packages/optim/test/fixtures/averaging. Models whose numbers are drawn anew before each update, with the
averages after it, to the last bit; and a run of training beside which averages are taken, with the statistics that
update_bn works out for them."""

import warnings

import torch
import torch.nn as nn
from fixture import Fixture, seed_for
from torch.optim.swa_utils import (
    SWALR,
    AveragedModel,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    get_swa_multi_avg_fn,
    update_bn,
)

FOLDER = "packages/optim/test/fixtures"

# What averages, by the name and the decay that the TypeScript runner makes it from.
AVERAGES = [
    ("none", None),
    ("getEmaAvgFn", 0.9),
    ("getEmaMultiAvgFn", 0.9),
    ("getEmaMultiAvgFn", 0.3),
    ("getEmaMultiAvgFn", 0.0),
    ("getEmaMultiAvgFn", 1.0),
    ("getSwaAvgFn", None),
    ("getSwaMultiAvgFn", None),
]
MADE = {
    "getEmaAvgFn": lambda decay: {"avg_fn": get_ema_avg_fn(decay)},
    "getEmaMultiAvgFn": lambda decay: {"multi_avg_fn": get_ema_multi_avg_fn(decay)},
    "getSwaAvgFn": lambda _: {"avg_fn": get_swa_avg_fn()},
    "getSwaMultiAvgFn": lambda _: {"multi_avg_fn": get_swa_multi_avg_fn()},
    "none": lambda _: {},
}


def net(dtype):
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).to(dtype)


def state(fixture, model):
    return {k: fixture.tensor(v.detach().clone()) for k, v in model.state_dict().items()}


def updates(fixture):
    for name, decay in AVERAGES:
        for dtype in (torch.float32, torch.float64):
            # PyTorch's plain mean of several parameters knows no integers, such as counts of batches.
            for use_buffers in (False, True) if name != "getSwaMultiAvgFn" else (False,):
                generator = torch.Generator().manual_seed(seed_for("averaging", name, decay, dtype, use_buffers))
                model = net(dtype)

                def redraw():
                    for x in [*model.parameters(), *model.buffers()]:
                        drawn = torch.randn(x.shape, generator=generator, dtype=torch.float64)
                        x.data.copy_((drawn * 20).abs() if x.dtype == torch.int64 else drawn)

                redraw()
                averaged = AveragedModel(model, use_buffers=use_buffers, **MADE[name](decay))
                first, models, averages = state(fixture, model), [], []
                for _ in range(5):
                    redraw()
                    averaged.update_parameters(model)
                    models.append(state(fixture, model))
                    averages.append(state(fixture, averaged))
                fixture.add({
                    "op": "updates", "average": name, "decay": decay, "dtype": str(dtype)[6:], "useBuffers": use_buffers,
                    "first": first, "models": models, "averages": averages,
                })  # fmt: skip


def run(fixture):
    """60 steps of a small regression, from the tenth on with averages and their rate; then the statistics of the averages."""
    for name, decay in AVERAGES[:3]:
        generator = torch.Generator().manual_seed(seed_for("run", name))
        draw = lambda *shape: torch.randn(shape, generator=generator, dtype=torch.float64)  # noqa: E731
        model = net(torch.float64)
        for x in model.parameters():
            x.data.copy_(draw(*x.shape))
        first = state(fixture, model)
        x, y = draw(24, 3), draw(24, 2)
        averaged = AveragedModel(model, **MADE[name](decay))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        scheduler = SWALR(optimizer, 0.02, anneal_epochs=20)
        for step in range(60):
            rows = slice(8 * (step % 3), 8 * (step % 3) + 8)
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
            if step >= 10:
                averaged.update_parameters(model)
                scheduler.step()
        before = state(fixture, averaged)
        update_bn([(x[:8], y[:8]), (x[8:16], y[8:16]), (x[16:24], y[16:24])], averaged)
        fixture.add({
            "op": "run", "average": name, "decay": decay, "first": first, "x": fixture.tensor(x), "y": fixture.tensor(y),
            "before": before, "after": state(fixture, averaged), "model": state(fixture, model),
        })  # fmt: skip


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    fixture = Fixture(FOLDER, "averaging")
    updates(fixture)
    run(fixture)
    fixture.write()


if __name__ == "__main__":
    main()
