"""Writes packages/core/test/fixtures/dtype/promotion.json: the dtypes of results, and conversions between dtypes.

int32 stands for PyTorch's int64. A row of the promotion table holds one letter for each pair of operands, in the order of
OPERANDS: the dtype of the result, or `-` where PyTorch raises an error.
"""
import json
import math
import sys

import torch
from fixture import REPOSITORY

PATH = REPOSITORY / "packages/core/test/fixtures/dtype/promotion.json"
DTYPES = {"bool": torch.bool, "uint8": torch.uint8, "int32": torch.int64, "float32": torch.float32, "float64": torch.float64}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
LETTERS = {"bool": "b", "uint8": "u", "int32": "i", "float32": "f", "float64": "d"}

SHAPES = {"dim": [2], "0-dim": []}
TENSORS = [f"{name} {kind}" for name in DTYPES for kind in SHAPES]
SCALARS = {"1": 1, "1.5": 1.5, "true": True}
OPERANDS = [*TENSORS, *SCALARS]

TENSORS_ONLY = {"maximum", "fmin", "atan2", "hypot", "logical_and", "stack", "heaviside", "isclose"}
OPERATIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "floor_divide": torch.floor_divide,
    "remainder": torch.remainder,
    "fmod": torch.fmod,
    "pow": torch.pow,
    "eq": torch.eq,
    "lt": torch.lt,
    "copysign": torch.copysign,
    "xlogy": torch.xlogy,
    "bitwise_and": torch.bitwise_and,
    "where": lambda a, b: torch.where(torch.tensor([True, False]), a, b),
    "maximum": torch.maximum,
    "fmin": torch.fmin,
    "atan2": torch.atan2,
    "hypot": torch.hypot,
    "logical_and": torch.logical_and,
    "heaviside": torch.heaviside,
    "isclose": torch.isclose,
    "stack": lambda a, b: torch.stack([a, b]),
    "add_": lambda a, b: a.add_(b),
    "sub_": lambda a, b: a.sub_(b),
    "mul_": lambda a, b: a.mul_(b),
    "div_": lambda a, b: a.div_(b),
    "pow_": lambda a, b: a.pow_(b),
    "copy_": lambda a, b: a.copy_(b),
}
UNARY = ["sum", "prod", "cumsum", "mean", "std", "amax", "abs", "neg", "sign", "square", "sqrt", "exp", "floor", "round",
         "sigmoid", "reciprocal", "isnan", "logical_not", "argmax", "all", "logsumexp", "norm", "relu", "frac", "median"]  # fmt: skip


def operand(name):
    if name in SCALARS:
        return SCALARS[name]
    dtype, kind = name.split()
    return torch.ones(SHAPES[kind], dtype=DTYPES[dtype])


def letter(f):
    try:
        return LETTERS[NAMES[f().dtype]]
    except Exception:
        return "-"


def row(name, f):
    seconds = TENSORS if name in TENSORS_ONLY or name == "copy_" else OPERANDS
    return "".join(letter(lambda: f(operand(a), operand(b))) for a in TENSORS for b in seconds)


def casts():
    """Values that are within the range of both dtypes, or whose conversion PyTorch defines."""
    values = {
        "float32": [0.0, -0.0, 0.5, 0.99, 1.5, 2.5, 127.9, 255.9, 1e-30],
        "float64": [0.0, -0.0, 0.5, 0.1, 1 / 3, 255.9, 1e-300, 1e-40],
        "int32": [0, 1, 2, 255, 256, 257, -1, -2, -256, 2**31 - 1, -(2**31), 16777217],
        "uint8": [0, 1, 2, 127, 128, 255],
        "bool": [0, 1],
    }
    beyond = {
        ("float32", "int32"): [-0.5, -1.5, 300.7, -2147483648.0, 2147483520.0],
        ("float64", "int32"): [-0.5, -1.5, 300.7, -2147483648.9, 2147483647.9],
        ("float32", "bool"): [math.nan, math.inf, -math.inf, -3.0],
        ("float64", "bool"): [math.nan, math.inf, -math.inf, -3.0],
        ("float64", "float32"): [math.nan, math.inf, 1e300, -1e39, 3.4028235677973366e38, 16777217.0],
        ("float32", "float64"): [math.nan, math.inf, 0.1, 3e38],
    }
    out = []
    for source in DTYPES:
        for target in DTYPES:
            given = values[source] + beyond.get((source, target), [])
            x = torch.tensor(given, dtype=DTYPES[source])
            result = x.to(DTYPES[target]).tolist()
            out.append({"from": source, "to": target, "values": x.tolist(), "result": result})
    return out


def plain(v):
    if isinstance(v, float) and not math.isfinite(v):
        return "NaN" if math.isnan(v) else ("Infinity" if v > 0 else "-Infinity")
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    return [plain(x) for x in v] if isinstance(v, list) else v


def main():
    tensors = [operand(name) for name in TENSORS]
    data = {
        "torch": torch.__version__.split("+")[0],
        "operands": OPERANDS,
        "tensors": len(TENSORS),
        "resultType": "".join(letter(lambda: torch.empty(0, dtype=torch.result_type(operand(a), operand(b)))) for a in TENSORS for b in OPERANDS),
        "promoteTypes": "".join(LETTERS[NAMES[torch.promote_types(a, b)]] for a in DTYPES.values() for b in DTYPES.values()),
        "canCast": "".join("+" if torch.can_cast(a, b) else "-" for a in DTYPES.values() for b in DTYPES.values()),
        "binary": {name: row(name, f) for name, f in OPERATIONS.items()},
        "unary": {name: "".join(letter(lambda: unary(name, x)) for x in tensors) for name in UNARY},
        "casts": plain(casts()),
    }
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(json.dumps(data, indent=1, allow_nan=False).replace("\n   ", " ") + "\n")
    print(f"torch {torch.__version__}", file=sys.stderr)


def unary(name, x):
    f = getattr(torch, name)
    return f(x, 0) if name in ("cumsum", "logsumexp") else f(x)


main()
