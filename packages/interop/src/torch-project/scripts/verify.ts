/** Makes the reference steps in PyTorch, and compares. */
export const verifyPython = String.raw`"""Makes the reference steps, and compares them with Kindling's: exit code 1 if they differ."""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

import parallel
import train
from data import reference_batches

HERE = Path(__file__).parent
#: How far values may be off, in parts of the largest one.
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}
#: Gradients this much smaller than the largest are zero but for rounding.
ROUNDING = {torch.float32: 1e-6, torch.float64: 1e-14}


def differs(
    what: str, own: Tensor, expected: Tensor, noise: Tensor | None = None
) -> bool:
    """Prints how far a value is off; where there is noise, rounding decides its course."""
    dtype = expected.dtype if expected.is_floating_point() else torch.float64
    own, expected = own.detach().to(torch.float64), expected.to(torch.float64)
    if own.shape != expected.shape:
        print(f"{what:<44} shape {list(own.shape)}, expected {list(expected.shape)}")
        return True
    scale = expected.abs().max().clamp(min=1e-30) if expected.numel() else 1.0
    off = (own - expected).abs() / scale
    rounding = torch.zeros_like(off, dtype=torch.bool)
    if noise is not None:
        rounding = noise & (off > TOLERANCE[dtype])
    worst = off[~rounding].max().item() if off[~rounding].numel() else 0.0
    wrong = not worst <= TOLERANCE[dtype]
    count = int(rounding.sum())
    note = f"  ({count} of {off.numel()} move by rounding alone)" if count else ""
    print(f"{what:<44} {worst:10.1e}  {'DIFFERS' if wrong else 'equal'}{note}")
    return wrong


def main() -> int:
    """Prints a line for each loss, parameter and rate."""
    reference = load_file(HERE / "reference.safetensors")
    ranks = parallel.Ranks(torch.device("cpu"))
    training = train.build(ranks, train.arguments([]))
    parameters = dict(training.model.named_parameters())
    largest = {name: torch.zeros_like(p) for name, p in parameters.items()}
    [optimizer] = training.optimizers.values()
    wrong = 0
    print(f"{'':<44} {'off by':>10}")
    for i, batch in enumerate(reference_batches()):
        size = len(batch[0])
        loss = train.train_step(training, batch, ranks.share(size))
        expected = reference["losses"][i]
        wrong += differs(f"loss of step {i + 1}", torch.tensor(loss), expected)
        for name, p in parameters.items():
            if p.grad is not None:
                largest[name] = torch.maximum(largest[name], p.grad.abs())
        train.advance(training, size, loss, bool(reference["ends"][i]))
        rates = torch.tensor(
            [group["lr"] for group in optimizer.param_groups], dtype=torch.float64
        )
        wrong += differs(
            f"learning rates after step {i + 1}", rates, reference["rates"][i]
        )
    top = max(x.max().item() for x in largest.values() if x.numel())
    for name, own in training.model.state_dict().items():
        noise = None
        if name in parameters:
            noise = largest[name] < top * ROUNDING[own.dtype]
        wrong += differs(name, own, reference[f"after/{name}"], noise)
    print(f"{wrong} values differ" if wrong else "All is as in Kindling.")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
`;
