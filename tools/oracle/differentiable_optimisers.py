"""Fixtures of recorded steps: packages/optim/test/fixtures/differentiable. Two plain steps; then steps with `differentiable` of a clone, from
the state that they left, by gradients that depend on the parameters and on leaves; and the gradients of what comes of it by the leaves. Of
every optimizer that has the option, with every choice of options of `optimiser_runs.py`. Where PyTorch itself overwrites what its own
derivative needs there is one recorded step, else three."""

import warnings

import torch
from fixture import Fixture, cotangent, seed_for
from optimiser_runs import ELEMENTWISE, FOLDER, choices


def recorded(fixture, name, options, steps):
    generator = torch.Generator().manual_seed(seed_for("differentiable", name))
    draw = lambda: torch.randn(3, 2, generator=generator, dtype=torch.float64)  # noqa: E731
    p, factors = draw().requires_grad_(), [draw().requires_grad_() for _ in range(steps)]
    entry = {"op": name, "options": fixture.value(options), "start": fixture.tensor(p.detach().clone())}
    make = getattr(torch.optim, name)
    plain = make([p], foreach=False, **options)
    for step in (1, 2):
        p.grad = cotangent(p.detach(), step)
        plain.step()
    p.grad = None
    w = p.clone()
    optimizer = make([w], differentiable=True, **options)
    optimizer.load_state_dict(plain.state_dict())
    optimizer.param_groups[0]["differentiable"] = True
    for factor in factors:
        w.grad = factor * w.clone()
        optimizer.step()
    (w * cotangent(w.detach(), 0)).sum().backward()
    grads = [fixture.tensor(torch.zeros_like(x) if x.grad is None else x.grad) for x in (p, *factors)]
    entry["factors"] = [fixture.tensor(factor.detach()) for factor in factors]
    return {**entry, "after": fixture.tensor(w.detach()), "grads": grads}


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    fixture = Fixture(FOLDER, "differentiable")
    for name in ELEMENTWISE:
        # Recorded, these two compute from their counts as tensors, which are of the default dtype.
        torch.set_default_dtype(torch.float64 if name in ("Adam", "AdamW") else torch.float32)
        for options in choices(name):
            # Its variance is what rounding leaves of g^2 - g^2, of which no derivative says anything.
            if options.get("alpha") == 0 and options.get("centered"):
                continue
            try:
                fixture.add(recorded(fixture, name, options, 3))
            except RuntimeError as error:
                if "modified by an inplace operation" not in str(error):
                    raise
                fixture.add(recorded(fixture, name, options, 1))
    fixture.write()


if __name__ == "__main__":
    main()
