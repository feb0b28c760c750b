"""Writes the .pt files of packages/interop/test/torch-file/fixtures, and beside each the values that it holds as JSON.

    PYTHON=v/bin/python; $PYTHON tools/interop/torch_fixtures.py"""

import collections
import json
import pickle
from pathlib import Path

import torch
import torch.nn as nn
from torch.utils.serialization import config

FOLDER = Path(__file__).resolve().parents[2] / "packages/interop/test/torch-file/fixtures"

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
FLOAT8 = [torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz, torch.float8_e8m0fnu]
INTEGERS = [torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64]


def plain(x):
    """A value as JSON has it: what the tests compare."""
    if isinstance(x, torch.Tensor):
        wide = x.detach().to(torch.float64) if x.is_floating_point() else x.detach().to(torch.int64)
        flat = [str(v) if v != v or v in (float("inf"), float("-inf")) else v for v in wide.flatten().tolist()]
        kind = "parameter" if isinstance(x, nn.Parameter) else "tensor"
        return {kind: flat, "dtype": str(x.dtype), "shape": list(x.shape), "grad": x.requires_grad}
    if isinstance(x, dict):
        return {"dict": [[plain(k), plain(v)] for k, v in x.items()]}
    if isinstance(x, (set, frozenset)):
        return {"set": sorted(x)}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, (bytes, bytearray)):
        return {"bytes": list(x)}
    if isinstance(x, (torch.dtype, torch.device)):
        return str(x)
    if isinstance(x, int) and not isinstance(x, bool) and abs(x) > 2**53:
        return {"int": str(x)}
    if isinstance(x, float) and (x != x or x in (float("inf"), float("-inf"))):
        return {"float": str(x)}
    return x


def dtypes():
    values = {}
    for dtype in FLOATS:
        values[str(dtype)] = torch.tensor([0.0, -0.0, 1.5, -2.75, 65504.0, 1e-7, float("inf"), float("-inf"), float("nan")], dtype=dtype)
    for dtype in FLOAT8:
        values[str(dtype)] = torch.arange(256, dtype=torch.uint8).view(dtype)
    for dtype in INTEGERS:
        info = torch.iinfo(dtype)
        low, high = max(info.min, -(2**31)), min(info.max, 2**31 - 1)
        values[str(dtype)] = torch.tensor([low, high, 0, 1, 77], dtype=dtype)
    values["torch.bool"] = torch.tensor([True, False, True])
    return values


def layouts():
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    return {
        "base": base,
        "transposed": base.permute(2, 0, 1),
        "column": base[:, :, 1],
        "narrowed": base[1, 1:, 2:],
        "steps": base[:, ::2],
        "expanded": torch.tensor([1.0, 2.0]).reshape(2, 1).expand(2, 5),
        "scalar": torch.tensor(3.5),
        "empty": torch.zeros(0, 3),
        "nothing": torch.zeros(2, 0, 3).transpose(0, 2),
        "overlapping": torch.arange(5.0).as_strided((3, 3), (1, 1)),
        "channels_last": torch.arange(16.0).reshape(1, 2, 2, 4).to(memory_format=torch.channels_last),
    }


def containers():
    shared = [1, 2]
    return {
        "none": None,
        "flags": [True, False],
        "ints": [0, 255, 256, 65535, 65536, -1, -(2**31), 2**31, 2**53 - 1, -(2**53) + 1, 2**70, -(2**70)],
        "floats": [0.5, -0.0, 1e300, float("inf"), float("nan"), 1.0],
        "texts": ["", "ascii", "Grüße \N{GRINNING FACE}", "a" * 300],
        "tuple": (1, (2, "x"), ()),
        "size": torch.Size([2, 3]),
        "ordered": collections.OrderedDict(b=1, a=2),
        "counter": collections.Counter([3, 3, 5]),
        "default": collections.defaultdict(list, a=[1]),
        "by number": {1: "one", 0: "zero", -5: "minus five"},
        "mixed keys": {1: "int", "1": "text", None: "none", (1, "a"): "tuple", 2.5: "float"},
        "number texts": {"0": 1, "1": 2},
        "tensors by number": {0: torch.tensor(1.0)},
        "set": {1, 2, 3},
        "empty set": set(),
        "bytes": b"\x00\xff",
        "bytearray": bytearray(b"abc"),
        "dtype": torch.float16,
        "device": torch.device("cpu"),
        "cuda": torch.device("cuda", 1),
        "twice": [shared, shared],
        "__proto__": {"polluted": True},
        "constructor": {"prototype": 1},
        "long list": list(range(2500)),
        "empty": [{}, [], ()],
    }


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(5, 3)
        self.norm = nn.BatchNorm1d(3)
        self.head = nn.Linear(3, 5)
        self.head.weight = self.embed.weight


def module():
    torch.manual_seed(0)
    model = Tied()
    model.norm(torch.randn(4, 3))
    return model.state_dict()


def training():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    first = {"params": model[0].parameters(), "lr": 1}
    second = {"params": model[2].parameters(), "lr": 0.05, "betas": (0.8, 0.95)}
    optimizer = torch.optim.AdamW([first, second])
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 5, 5], gamma=0.5)
    x, y = torch.randn(8, 3), torch.randn(8, 2)
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
        scheduler.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(), "epoch": 3, "best": 0.25, "x": x, "y": y}


def parameters():
    weight = nn.Parameter(torch.arange(4.0))
    wants = torch.ones(2, requires_grad=True)
    attributed = nn.Parameter(torch.ones(3))
    attributed.note = "kept in Python alone"
    return [weight, weight, nn.Parameter(torch.arange(3), requires_grad=False), wants, attributed, nn.Buffer(torch.zeros(2)), weight.view(2, 2).detach()]


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()

    def save(name, value, **options):
        torch.save(value, FOLDER / f"{name}.pt", **options)

    values = {"dtypes": dtypes(), "layouts": layouts(), "containers": containers(), "module": module(), "training": training(), "parameters": parameters()}
    for name, value in values.items():
        save(name, value)
        (FOLDER / f"{name}.json").write_text(json.dumps(plain(value), separators=(",", ":")) + "\n")

    few = {"w": torch.arange(6.0).reshape(2, 3).t(), "h": torch.tensor([0.5, 1.5], dtype=torch.bfloat16), "n": torch.tensor([7, -7]), "list": [1, (2.5, "x")], "set": {1}}
    (FOLDER / "few.json").write_text(json.dumps(plain(few), separators=(",", ":")) + "\n")
    for protocol in (2, 3, 4, 5):
        save(f"few.protocol{protocol}", few, pickle_protocol=protocol)
    save("few.legacy", few, _use_new_zipfile_serialization=False)
    save("few.legacy4", few, _use_new_zipfile_serialization=False, pickle_protocol=4)
    config.save.storage_alignment = 4096
    save("few.aligned", few)
    config.save.storage_alignment = 64

    # What is refused, each for its reason.
    save("refused.complex", {"z": torch.tensor([1 + 2j])})
    save("refused.sparse", {"s": torch.eye(2).to_sparse()})
    save("refused.quantized", {"q": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)})
    save("refused.meta", {"m": torch.zeros(2, device="meta")})
    save("refused.model", nn.Linear(2, 1))
    save("refused.complex-number", {"z": 1 + 2j})
    save("refused.wide", {"a": torch.tensor([1, 2**40]), "b": torch.tensor([3])})
    wide = torch.tensor([1, 2, 2**40, 4])
    save("hidden-wide", {"fits": wide[:2], "last": wide[3:]})
    torch.jit.save(torch.jit.script(nn.Linear(2, 1)), FOLDER / "refused.script.pt")
    (FOLDER / "refused.pickle.pt").write_bytes(pickle.dumps({"a": 1}, protocol=2))
    try:
        import numpy

        save("refused.numpy", {"best": numpy.float64(0.5)})
    except ImportError:
        pass
    print(f"{sum(f.stat().st_size for f in FOLDER.iterdir())} bytes in {FOLDER}")


if __name__ == "__main__":
    main()
