"""Writes packages/core/test/fixtures/print/*.json: tensors and PyTorch's printed form of them.

tensors.json holds drawn values (raw bytes in base64), large.json tensors whose element i is a formula of i, and
numbers.json single doubles in Python's own decimal forms. int32 stands for PyTorch's int64. `--compare` writes nothing
and reports where this PyTorch differs from the fixtures.
"""
import argparse
import base64
import json
import math
import random
import struct
import sys

import torch
from fixture import REPOSITORY, TORCH_DTYPES

FOLDER = REPOSITORY / "packages/core/test/fixtures/print"
SHAPES = [
    (), (1,), (2,), (5,), (9,), (13,), (40,), (1, 1), (2, 3), (3, 1), (1, 7), (4, 5), (3, 30), (2, 2, 2), (1, 3, 4),
    (2, 1, 3, 2), (1, 1, 1, 1, 1), (0,), (0, 3), (2, 0), (3, 0, 2),
]
SPECIAL = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1.0, -1.0, 0.5]
OPTIONS = [
    {"precision": 2}, {"precision": 0}, {"precision": 8}, {"sci_mode": True}, {"sci_mode": False}, {"linewidth": 40},
    {"linewidth": 120, "precision": 3}, {"threshold": 5}, {"threshold": 5, "edgeitems": 1},
    {"threshold": 3, "edgeitems": 0}, {"profile": "short"}, {"profile": "full"}, {"profile": "short", "sci_mode": True},
]
CAMEL = {"sci_mode": "sciMode"}


def values(rng, n, dtype):
    if dtype == "bool":
        return [rng.random() < 0.5 for _ in range(n)]
    if dtype == "uint8":
        top = rng.choice([2, 10, 256])
        return [rng.randrange(top) for _ in range(n)]
    if dtype == "int32":
        top = rng.choice([2, 10, 1000, 2**31 - 1])
        return [rng.randrange(-top, top + 1) for _ in range(n)]
    kind = rng.randrange(10)
    scale = 10.0 ** rng.randrange(-9, 12)
    if kind == 0:
        return [rng.gauss(0, 1) for _ in range(n)]
    if kind == 1:
        return [rng.gauss(0, 1) * scale for _ in range(n)]
    if kind == 2:
        return [float(rng.randrange(-12, 13)) for _ in range(n)]
    if kind == 3:
        return [float(rng.randrange(-(10 ** rng.randrange(1, 11)), 10 ** rng.randrange(1, 11))) for _ in range(n)]
    if kind == 4:
        return [rng.choice(SPECIAL) for _ in range(n)]
    if kind == 5:
        return [rng.choice(SPECIAL + [rng.gauss(0, 100)] * 8) for _ in range(n)]
    if kind == 6:  # ties of decimal rounding
        return [rng.randrange(-4000, 4000) / 2.0 ** rng.randrange(1, 9) for _ in range(n)]
    if kind == 7:
        return [10.0 ** rng.uniform(-40, 38) * rng.choice([-1, 1]) for _ in range(n)]
    if kind == 8:
        return [rng.uniform(0, 1) for _ in range(n)]
    return [rng.choice([0.0, -0.0, 1e-5, 1e8, 1e8 + 64, 99999.0, 1e-4, 1000.0, 1.0]) for _ in range(n)]


class Name(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return g


def with_gradient(x, kind):
    """The tensor as a leaf, a parameter or a result; returns it with what the printed form then shows."""
    if kind == "leaf":
        return x.requires_grad_(), {"requiresGrad": True}
    if kind == "parameter":
        return torch.nn.Parameter(x), {"requiresGrad": True, "parameter": True}
    if kind == "frozen":
        return torch.nn.Parameter(x, requires_grad=False), {"parameter": True}
    y = x.requires_grad_()
    y = {"mul": lambda: y * 1, "view": lambda: y.unsqueeze(0).squeeze(0), "own": lambda: Name.apply(y)}[kind]()
    return y, {"requiresGrad": True, "gradFnName": type(y.grad_fn).__name__}


def printed(x, options):
    torch.set_printoptions(profile="default")
    if options:
        torch.set_printoptions(**options)
    try:
        text = repr(x)
    except RuntimeError as error:  # 1.13 cannot print with edgeitems=0
        text = str(error)
    torch.set_printoptions(profile="default")
    return text


def camel(options):
    return {CAMEL.get(k, k): v for k, v in options.items()}


def raw(x):
    x = x.detach()
    if x.dtype == torch.int64:
        x = x.to(torch.int32)
    return base64.b64encode(x.contiguous().numpy().tobytes()).decode()


def drawn():
    rng = random.Random(20)
    cases = []
    for i in range(420):
        shape = SHAPES[i % len(SHAPES)] if i < 160 else rng.choice(SHAPES)
        dtype = "float32" if i % 5 < 3 else rng.choice(list(TORCH_DTYPES))
        n = math.prod(shape)
        x = torch.tensor(values(rng, n, dtype), dtype=TORCH_DTYPES[dtype]).reshape(shape)
        case = {"shape": list(shape), "dtype": dtype, "bytes": raw(x)}
        if len(shape) > 1 and rng.random() < 0.15:
            case["permute"] = rng.sample(range(len(shape)), len(shape))
            x = x.permute(case["permute"])
        options = rng.choice(OPTIONS) if rng.random() < 0.35 else {}
        if options:
            case["options"] = camel(options)
        if dtype.startswith("float") and rng.random() < 0.4:
            x, extra = with_gradient(x, rng.choice(["leaf", "parameter", "frozen", "mul", "view", "own"]))
            case.update(extra)
        case["text"] = printed(x, options)
        cases.append(case)
    return cases


def large():
    """Element i is ((7919 i) mod modulus - shift) * scale, in the dtype."""
    cases = []
    for shape in ((1001,), (1000,), (40, 26), (2000, 3), (3, 2000), (7, 7, 30), (5, 300), (2, 3, 4, 100), (100000,), (1, 1200), (600, 2, 1)):
        for dtype, modulus, shift, scale in (
            ("float32", 10007, 5000, 1 / 4096),
            ("float32", 10007, 0, 1.0),
            ("float32", 3, 1, 1e-6),
            ("float64", 10007, 5000, 1e5),
            ("int32", 100003, 50000, 1),
            ("bool", 2, 0, 1),
        ):
            i = torch.arange(math.prod(shape))
            x = (((7919 * i) % modulus - shift).double() * scale).to(TORCH_DTYPES[dtype]).reshape(shape)
            for options in ({}, {"edgeitems": 1}, {"linewidth": 50, "edgeitems": 5}):
                if options and (x.numel() <= 1000 or (dtype, scale) not in (("float32", 1.0), ("int32", 1))):
                    continue
                case = {"shape": list(shape), "dtype": dtype, "formula": [modulus, shift, scale]}
                if options:
                    case["options"] = camel(options)
                case["text"] = printed(x, options)
                cases.append(case)
    return cases


def numbers():
    rng = random.Random(21)
    drawn = [struct.unpack("<d", struct.pack("<Q", rng.getrandbits(64)))[0] for _ in range(60)]
    drawn += [rng.randrange(-9999, 9999) / 2.0 ** rng.randrange(0, 12) for _ in range(160)]
    drawn += [rng.randrange(1, 99999) * 10.0 ** rng.randrange(0, 16) / 2 for _ in range(60)]
    drawn += [0.0, -0.0, 0.5, 1.5, 2.5, 9.5, 9.9999999, 5e-324, 1.7e308, 1e21, 1e22, 123456789012345680000.0, 99995.0, 9.5e15]
    cases = []
    for x in drawn:
        if math.isfinite(x):
            p = rng.choice([0, 1, 2, 3, 4, 4, 4, 8])
            fixed = f"{x:.{p}f}" if abs(x) < 1e40 else None
            cases.append([x.hex(), base64.b64encode(struct.pack("<d", x)).decode(), p, fixed, f"{x:.{p}e}"][1:])
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compare", action="store_true")
    compare = parser.parse_args().compare
    for name, cases in {"tensors": drawn(), "large": large(), "numbers": numbers()}.items():
        path = FOLDER / f"{name}.json"
        if compare:
            for old, new in zip(json.loads(path.read_text()), cases):
                if old != new:
                    print(f"{name}: fixture {old}\n   this {new}")
        else:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
    print(f"torch {torch.__version__}", file=sys.stderr)


main()
