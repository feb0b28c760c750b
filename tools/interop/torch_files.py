"""Holds .pt files of both sides against PyTorch: what PyTorch writes is read here and written again; what is written here is read by
torch.load with weights_only=True, also mapped into memory; trainings go from PyTorch to Kindling and back and end where PyTorch ends
alone. Exits with 1 where anything differs.

    PYTHON=v/bin/python; $PYTHON tools/interop/torch_files.py [--seed N] [--count N]"""

import argparse
import collections
import copy
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import torch.nn as nn

ROOT = Path(__file__).resolve().parents[2]
FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz]
INTEGERS = [torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64]
KEPT = [torch.float32, torch.float64, torch.uint8, torch.bool]
STEPS = 20
# Trainings beside one, from which its own rounding is told.
NEIGHBOURS = 8


def kindling(*args):
    subprocess.run(["npx", "tsx", "tools/interop/torch-files.ts", *map(str, args)], cwd=ROOT, check=True)


class Draw:
    """Values of every kind, from one seed."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def below(self, n):
        return int(torch.randint(0, n, (1,), generator=self.generator))

    def pick(self, items):
        return items[self.below(len(items))]

    def tensor(self):
        dtype = self.pick(FLOATS + INTEGERS + [torch.bool])
        shape = [self.below(4) for _ in range(self.below(5))]
        wide = torch.randn(shape, generator=self.generator, dtype=torch.float64)
        if dtype in FLOATS:
            x = wide.mul(self.pick([1e-3, 1, 50])).to(torch.float32 if "float8" in str(dtype) else dtype).to(dtype)
        elif dtype == torch.bool:
            x = wide > 0
        else:
            info = torch.iinfo(dtype)
            scale = min(info.max, 2**31 - 1) / 5
            x = wide.mul(scale).abs().to(torch.int64).to(dtype) if info.min == 0 else wide.mul(scale).to(dtype)
        if x.ndim > 1 and self.below(2):
            x = x.transpose(0, -1)
        if x.ndim > 0 and x.shape[0] > 1 and self.below(2):
            x = x[1:]
        if x.ndim > 0 and x.shape[-1] > 1 and self.below(3) == 0:
            x = x[..., ::2]
        if self.below(6) == 0 and x.ndim < 4:
            x = x.unsqueeze(0).expand(3, *x.shape)
        grad = dtype in KEPT[:2] and self.below(2) == 1
        if self.below(3) == 0:
            return nn.Parameter(x.detach(), requires_grad=grad)
        return x.detach().requires_grad_(grad)

    def value(self, depth):
        kind = self.below(6 if depth == 0 else 12)
        if kind < 3:
            return self.tensor()
        if kind == 3:
            return self.pick([0, 1, -1, 255, 256, 70000, -(2**31), 2**31, 2**53 - 1, 2**80, -(2**80), 0.5, -1e300, float("inf"), True, False])
        if kind == 4:
            return self.pick(["", "text", "Grüße \N{GRINNING FACE}", "a" * 300, "__proto__", b"\x00\xfe", torch.Size([2, 3])])
        if kind == 5:
            return None
        items = [self.value(depth - 1) for _ in range(self.below(4))]
        if kind < 7:
            return items
        if kind == 7:
            return tuple(items)
        if kind == 8:
            return {self.pick([i, i - 10]): item for i, item in enumerate(items)}
        if kind == 9:
            return collections.OrderedDict((f"layer.{i}.weight", item) for i, item in enumerate(items))
        if kind == 10 and items:
            shared = torch.arange(12.0).reshape(3, 4)
            return {"whole": shared, "transposed": shared.t(), "part": shared[1:, 2:], "again": shared}
        return {self.pick([f"key {i}", f"ü{i}", str(i), i + 0.5, (i, "x")]): item for i, item in enumerate(items)}


def differs(a, b, path="value"):
    """Where what came back is not what was sent, as far as both sides know the same."""
    if isinstance(a, torch.Tensor):
        if not isinstance(b, torch.Tensor) or isinstance(a, nn.Parameter) != isinstance(b, nn.Parameter):
            return f"{path}: {type(b)}"
        as_read = a.dtype if a.dtype in KEPT else torch.float32 if a.is_floating_point() else torch.int64
        if (b.dtype, b.shape, b.requires_grad) != (as_read, a.shape, a.requires_grad):
            return f"{path}: {a.dtype} {tuple(a.shape)} {a.requires_grad} became {b.dtype} {tuple(b.shape)} {b.requires_grad}"
        if b.numel() > 0 and any(n > 1 and x != y for n, x, y in zip(a.shape, a.stride(), b.stride())):
            return f"{path}: stride {a.stride()} became {b.stride()}"
        same = torch.equal(a.detach().to(as_read).nan_to_num(7), b.detach().nan_to_num(7)) if as_read.is_floating_point else torch.equal(a.to(as_read), b)
        return None if same else f"{path}: {a} became {b}"
    if isinstance(a, dict):
        if not isinstance(b, dict) or set(a) != set(b):
            return f"{path}: {a} became {b}"
        return next((d for k in a if (d := differs(a[k], b[k], f"{path}[{k!r}]"))), None)
    if isinstance(a, (list, tuple)):
        if not isinstance(b, list) or len(a) != len(b):
            return f"{path}: {a} became {b}"
        return next((d for i in range(len(a)) if (d := differs(a[i], b[i], f"{path}[{i}]"))), None)
    if a == b and isinstance(a, (bool, str, bytes)) == isinstance(b, (bool, str, bytes)):
        return None
    return f"{path}: {a!r} became {b!r}"


def shared(value, seen):
    """Which tensors of a value, in order, lie in the same memory."""
    if isinstance(value, torch.Tensor):
        if value.numel() > 0:
            seen.append(value.untyped_storage().data_ptr())
    elif isinstance(value, dict):
        for key in sorted(value, key=repr):
            shared(value[key], seen)
    elif isinstance(value, (list, tuple)):
        for item in value:
            shared(item, seen)
    return [seen.index(p) for p in seen]


def there_and_back(folder, draw, count):
    (folder / "in").mkdir()
    (folder / "back").mkdir()
    values = {}
    for i in range(count):
        values[f"{i}.pt"] = value = [draw.value(3) for _ in range(8)]
        if i % 5 == 4:
            torch.save(value, folder / "in" / f"{i}.pt", _use_new_zipfile_serialization=False)
        else:
            torch.save(value, folder / "in" / f"{i}.pt", pickle_protocol=2 + i % 4)
    kindling("again", folder / "in", folder / "back")
    wrong, tensors = [], 0
    for name, value in values.items():
        back = torch.load(folder / "back" / name, weights_only=True)
        places = shared(value, [])
        tensors += len(places)
        if (d := differs(value, back)) or places != shared(back, []):
            wrong.append(f"{name}: {d or 'memory is not shared as it was'}")
    print(f"{count} files of PyTorch read, written and read by PyTorch: {len(wrong)} differ ({tensors} tensors)")
    return wrong


def matches(recorded, value):
    if "plain" in recorded:
        return value == recorded["plain"] and type(value) in ((bool,) if isinstance(recorded["plain"], bool) else (int, float, str, type(None)))
    if "list" in recorded:
        return isinstance(value, list) and len(value) == len(recorded["list"]) and all(map(matches, recorded["list"], value))
    if "dict" in recorded:
        pairs = dict(map(tuple, recorded["dict"]))
        return isinstance(value, dict) and set(value) == set(pairs) and all(matches(pairs[k], value[k]) for k in pairs)
    dtype = torch.int64 if recorded["dtype"] == "int32" else getattr(torch, recorded["dtype"])
    expected = torch.tensor(recorded["tensor"], dtype=dtype).reshape(recorded["shape"])
    layout = value.numel() == 0 or all(n < 2 or x == y for n, x, y in zip(value.shape, value.stride(), recorded["stride"]))
    kinds = isinstance(value, nn.Parameter) == recorded["parameter"] and value.requires_grad == recorded["grad"]
    return layout and kinds and value.dtype == dtype and torch.equal(value.detach(), expected)


def written_here(folder, seed, count):
    (folder / "drawn").mkdir()
    kindling("drawn", folder / "drawn", seed, count)
    wrong = []
    for i in range(count):
        path = folder / "drawn" / f"{i}.pt"
        recorded = json.loads(path.with_suffix(".json").read_text())
        for mmap in (False, True):
            if not matches(recorded, torch.load(path, weights_only=True, mmap=mmap)):
                wrong.append(f"{path.name}, mmap={mmap}: {json.dumps(recorded)[:300]}")
        reader = torch._C.PyTorchFileReader(str(path))
        wrong += [f"{path.name}: {r} is not aligned" for r in reader.get_all_records() if reader.get_record_offset(r) % 64]
    print(f"{count} files of Kindling read by PyTorch, and mapped: {len(wrong)} differ")
    return wrong


RUNS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3}),
    ("Adam", {"lr": 0.01}),
    ("Adam", {"lr": 0.01, "amsgrad": True, "betas": (0.8, 0.99), "weight_decay": 0.01}),
    ("AdamW", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.5, "centered": True}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.01}),
    ("Adadelta", {"lr": 1}),
    ("Adamax", {"lr": 0.01}),
    ("NAdam", {"lr": 0.01}),
    ("RAdam", {"lr": 0.01}),
    ("Rprop", {"lr": 0.01}),
    ("ASGD", {"lr": 0.1}),
]


def network(dtype):
    # A bias before a batch norm has no gradient but rounding errors, which Adam and its kin would make steps of.
    return nn.Sequential(nn.Linear(4, 8, bias=False), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3)).to(dtype)


def optimizer_of(name, model, options):
    groups = [{"params": model[0].parameters()}, {"params": [*model[1].parameters(), *model[3].parameters()]}]
    return getattr(torch.optim, name)(groups, foreach=False, **options)


def go(model, optimizer, x, y):
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def off(a, b):
    return max(((x - y).abs() / y.abs().clamp(min=0.1)).max().item() for x, y in zip(a.values(), b.values()) if x.is_floating_point())


def relative(a, b):
    return max(abs(x - y) / max(abs(y), 0.1) for x, y in zip(a, b))


def a_bit_off(name, options, dtype, state, ulps):
    """The same training, each of its parameters within an ulp of where it was."""
    model = network(dtype)
    model.load_state_dict(state["model"])
    with torch.no_grad():
        for p in model.parameters():
            p.add_(p * torch.randint(-1, 2, p.shape, generator=ulps) * torch.finfo(dtype).eps)
    optimizer = optimizer_of(name, model, options)
    optimizer.load_state_dict(copy.deepcopy(state["state"]))
    return model, optimizer


def spread_of(name, options, dtype, state, x, y, losses, end):
    """How far PyTorch's own trainings from such starts end from where it would: what rounding alone may do. Many, since where a
    variance is a difference, or a gradient nearly none, a single one may be lucky by a factor of ten."""
    ulps, far = torch.Generator().manual_seed(0), 0.0
    for _ in range(NEIGHBOURS):
        model, optimizer = a_bit_off(name, options, dtype, state, ulps)
        near = go(model, optimizer, x, y) + go(model, optimizer, x, y)
        far = max(far, relative(near, losses), off(model.state_dict(), end))
    return far


def trainings(folder):
    (folder / "start").mkdir()
    cases = {}
    for i, (name, options) in enumerate(RUNS):
        for dtype in (torch.float32, torch.float64):
            torch.manual_seed(i)
            model, x, y = network(dtype), torch.randn(16, 4, dtype=dtype), torch.randn(16, 3, dtype=dtype)
            optimizer = optimizer_of(name, model, options)
            go(model, optimizer, x, y)
            key = f"{i}.{str(dtype)[6:]}.pt"
            state = copy.deepcopy({"model": model.state_dict(), "state": optimizer.state_dict()})
            torch.save({"optimizer": name, "options": options, "dtype": str(dtype)[6:], "steps": STEPS, "x": x, "y": y, **state}, folder / "start" / key)
            middle = go(model, optimizer, x, y)
            halfway = {k: v.clone() for k, v in model.state_dict().items()}
            groups = [{k: v for k, v in g.items()} for g in optimizer.state_dict()["param_groups"]]
            last = go(model, optimizer, x, y)
            spread = spread_of(name, options, dtype, state, x, y, middle + last, model.state_dict())
            cases[key] = (name, options, dtype, x, y, middle, halfway, groups, last, model.state_dict(), spread)
    kindling("train", folder / "start", folder / "end")
    wrong = []
    for key, (name, options, dtype, x, y, middle, halfway, groups, last, end, spread) in cases.items():
        limit = max(2e-5 if dtype == torch.float32 else 1e-10, 4 * spread)
        saved = torch.load(folder / "end" / key, weights_only=True)
        here = max(off(saved["model"], halfway), relative(saved["losses"], middle))
        model = network(dtype)
        model.load_state_dict(saved["model"], strict=True)
        optimizer = optimizer_of(name, model, options)
        optimizer.load_state_dict(saved["state"])
        for ours, theirs in zip(saved["state"]["param_groups"], groups):
            for k, v in ours.items():
                if k in theirs and (v != theirs[k] or isinstance(v, tuple) != isinstance(theirs[k], tuple)):
                    wrong.append(f"{name} {options}: {k} is {v!r} in the groups, {theirs[k]!r} in PyTorch's")
        back = max(relative(go(model, optimizer, x, y), last), off(model.state_dict(), end))
        print(f"{name:9} {str(options):75} {str(dtype)[6:]}: here within {here:.0e}, back within {back:.0e} (PyTorch from an ulp beside: {spread:.0e})")
        if not max(here, back) <= limit:
            wrong.append(f"{name} {options} {dtype}: {here:.1e} here, {back:.1e} back in PyTorch")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wrong = there_and_back(folder, Draw(args.seed), args.count)
        wrong += written_here(folder, args.seed, args.count)
        wrong += trainings(folder)
    for line in wrong:
        print(line)
    print("all equal" if not wrong else f"{len(wrong)} differ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
