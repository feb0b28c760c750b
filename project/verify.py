"""Makes the reference steps, and compares with Kindling's: exit code 1 if they differ."""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

import parallel
import train
from data import reference_batches

HERE = Path(__file__).parent
#: How far values may be off, in parts of the largest one of a tensor.
SINGLE, DOUBLE = 1e-5, 1e-10
#: Gradients that are this part of the largest one are zero but for rounding.
ROUNDING = {SINGLE: 1e-6, DOUBLE: 1e-14}


def differs(
    what: str,
    own: Tensor,
    expected: Tensor,
    tolerance: float,
    noise: Tensor | None = None,
) -> bool:
    """Prints how far a value is off; where there is noise, rounding moves it."""
    if own.shape != expected.shape:
        print(f"{what:<44} shape {list(own.shape)}, expected {list(expected.shape)}")
        return True
    own, expected = own.detach().to(torch.float64), expected.to(torch.float64)
    largest = expected.nan_to_num().abs().max().item() if expected.numel() else 0.0
    off = (own - expected).abs() / max(largest, 1e-30)
    off[own.isnan() & expected.isnan()] = 0.0
    wrong = ~(off <= tolerance)
    moved = wrong & noise if noise is not None else torch.zeros_like(wrong)
    worst = off[~moved].max().item() if off[~moved].numel() else 0.0
    count = int(moved.sum())
    note = f"  ({count} of {off.numel()} move by rounding)" if count else ""
    fails = bool((wrong & ~moved).any())
    print(f"{what:<44} {worst:10.1e}  {'DIFFERS' if fails else 'equal'}{note}")
    return fails


def main() -> int:
    """Prints a line for each loss, rate, parameter and buffer."""
    reference = load_file(HERE / "reference.safetensors")
    ranks = parallel.Ranks(torch.device("cpu"))
    training = train.build(ranks, train.arguments([]))
    parameters = dict(training.model.named_parameters())
    largest = {name: torch.zeros_like(p) for name, p in parameters.items()}
    [optimizer] = training.optimizers.values()
    double = all(p.dtype == torch.float64 for p in parameters.values())
    tolerance = DOUBLE if double else SINGLE
    wrong = 0
    print(f"{'':<44} {'off by':>10}  (at most {tolerance:.0e})")
    for i, batch in enumerate(reference_batches()):
        size = len(batch[0])
        loss = train.train_step(training, batch, ranks.share(size))
        own = torch.tensor(loss, dtype=torch.float64)
        wrong += differs(f"loss {i + 1}", own, reference["losses"][i], tolerance)
        for name, p in parameters.items():
            if p.grad is not None:
                largest[name] = torch.maximum(largest[name], p.grad.abs())
        train.advance(training, size, loss, bool(reference["ends"][i]))
        rates = [group["lr"] for group in optimizer.param_groups]
        own = torch.tensor(rates, dtype=torch.float64)
        wrong += differs(f"learning rates {i + 1}", own, reference["rates"][i], DOUBLE)
    top = max(x.max().item() for x in largest.values() if x.numel())
    for name, own in training.model.state_dict().items():
        noise = None
        if name in parameters:
            noise = largest[name] < top * ROUNDING[tolerance]
        wrong += differs(name, own, reference[f"after/{name}"], tolerance, noise)
    print(f"{wrong} values differ" if wrong else "All is as in Kindling.")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
