"""PyTorch's own test database (`op_db`), imported with the stub of `expecttest`, drawn in small sizes."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "stubs"))

import torch  # noqa: E402
import torch.testing._internal.common_methods_invocations as invocations  # noqa: E402
from fixture import leaves, seed  # noqa: E402

# The database sizes its tensors by these module globals (5, 10 and 20 as shipped). Smaller ones, all different,
# keep every sample's structure and a fifth of its bytes.
CHOSEN_SIZES = os.environ.get("ORACLE_SIZES")
SIZES = dict(zip("SML", map(int, (CHOSEN_SIZES or "4,6,9").split(","))))
# Whether the longer list is drawn that PyTorch holds its references against: extremal, small and large values, numbers for
# tensors, broadcasting, sizes of 0.
REFERENCE = os.environ.get("ORACLE_REFERENCE") == "1"
# For operations of whose results none is small otherwise.
SMALLER = {"S": 2, "M": 3, "L": 5}


def _database_modules():
    return [
        m
        for name, m in list(sys.modules.items())
        if name.startswith("torch.testing._internal") and all(isinstance(getattr(m, s, None), int) for s in ("S", "M"))
    ]


def _set_sizes(sizes):
    before = []
    for module in _database_modules():
        for name, size in sizes.items():
            if isinstance(getattr(module, name, None), int):
                before.append((module, name, getattr(module, name)))
                setattr(module, name, size)
    return before


def operator(name, variant=""):
    for op in invocations.op_db:
        if op.name == name and op.variant_test_name == variant:
            return op
    return None


def _seeded(drawing, *names):
    """The database's generators draw lazily, so each sample has a seed of its own. Left to themselves (`set_seed`), they
    seed every sample of every operation with one and the same number."""
    seed(*names)
    drawn = []
    while (sample := next(drawing, None)) is not None:
        drawn.append(sample)
        seed(*names, len(drawn))
    return drawn


def _draw(op, dtype, requires_grad):
    inputs = op.reference_inputs if REFERENCE else op.sample_inputs
    return _seeded(iter(inputs("cpu", dtype, requires_grad=requires_grad, set_seed=False)), op.name, op.variant_test_name, dtype)


def _draw_first(op, dtype, requires_grad):
    """Some of the longer lists make integers besides, and ask for gradients to these: then gradients are asked for later."""
    try:
        return _draw(op, dtype, requires_grad)
    except ValueError:
        if not (REFERENCE and requires_grad):
            raise
    drawn = _draw(op, dtype, False)
    for sample in drawn:
        for t in leaves((sample.input, sample.args, sample.kwargs)):
            t.requires_grad_(t.is_floating_point())
    return drawn


def _in_sizes(sizes, draw):
    """What is drawn in these sizes, or in the shipped ones where these do not fit it."""
    before = _set_sizes(sizes)
    try:
        return draw()
    except Exception:
        pass
    finally:
        for module, name, size in before:
            setattr(module, name, size)
    return draw()


def samples(op, dtype, requires_grad, sizes=SIZES):
    """All samples of the operator for this dtype."""
    return _in_sizes(sizes, lambda: _draw_first(op, dtype, requires_grad))


def refusals(op):
    """All inputs of the operator that the database says are refused: in the shipped sizes, as some are made for these, unless
    others are asked for."""
    draw = lambda: _seeded(iter(op.error_inputs("cpu", set_seed=False)), "errors", op.name, op.variant_test_name)  # noqa: E731
    return _in_sizes(SIZES if CHOSEN_SIZES else {}, draw)
