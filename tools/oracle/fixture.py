"""Writes fixtures: a JSON index and one little-endian binary file beside it.

A tensor stands in the index as {"t": dtype, "s": shape, "o": byte offset}, with "g": 1 where it requires a
gradient. int64 becomes int32, Kindling's index type. What Kindling has no counterpart for (complex, half, sparse,
values beyond int32) raises Unsupported, and the caller counts the sample as skipped.
"""

import json
import math
import os
import random
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import torch

# The options of generate.sh. With another seed every sample has other numbers.
REPOSITORY = Path(os.environ.get("ORACLE_OUT", Path(__file__).resolve().parents[2]))
SEED = int(os.environ.get("ORACLE_SEED", "0"))

DTYPES = {
    torch.float32: ("f32", "<f4"),
    torch.float64: ("f64", "<f8"),
    torch.int32: ("i32", "<i4"),
    torch.int64: ("i32", "<i4"),
    torch.uint8: ("u8", "u1"),
    torch.bool: ("b", "u1"),
}
DTYPE_NAMES = {
    torch.float32: "float32",
    torch.float64: "float64",
    torch.int32: "int32",
    torch.int64: "int32",
    torch.uint8: "uint8",
    torch.bool: "bool",
}

# By Kindling's names: int32 stands for int64.
TORCH_DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "int32": torch.int64,
    "uint8": torch.uint8,
    "bool": torch.bool,
}


FLOATS = (torch.float32, torch.float64)


class Unsupported(Exception):
    """The sample uses something that Kindling has not."""


def seed_for(*names):
    """A seed that depends on SEED and the names alone, so that adding an operation changes no other's samples."""
    return zlib.crc32("/".join(map(str, names)).encode(), SEED) & 0x7FFFFFFF


def seed(*names):
    """Seeds whatever PyTorch's samples draw from."""
    number = seed_for(*names)
    torch.manual_seed(number)
    random.seed(number)
    np.random.seed(number)


class Fixture:
    def __init__(self, folder, name):
        self.folder = REPOSITORY / folder
        self.name = name
        self.payload = bytearray()
        self.offsets = {}
        self.entries = []
        self.skipped = Counter()

    def tensor(self, t):
        if t.layout is not torch.strided:
            raise Unsupported("sparse")
        if t.dtype not in DTYPES:
            raise Unsupported(str(t.dtype))
        code, numpy_dtype = DTYPES[t.dtype]
        # A copy makes numbers of a tensor that only knows that it is zero.
        values = t.detach().resolve_neg().contiguous().clone().numpy()
        if t.dtype == torch.int64 and values.size and (values.max() > 2**31 - 1 or values.min() < -(2**31)):
            raise Unsupported("beyond int32")
        data = values.astype(numpy_dtype).tobytes()
        entry = {"t": code, "s": list(t.shape), "o": self._append(data, int(np.dtype(numpy_dtype).itemsize))}
        if t.requires_grad and t.is_leaf:
            entry["g"] = 1
        return entry

    def _append(self, data, alignment):
        if not data:
            return 0
        known = self.offsets.get((data, alignment))
        if known is not None:
            return known
        self.payload.extend(b"\0" * (-len(self.payload) % alignment))
        offset = len(self.payload)
        self.offsets[(data, alignment)] = offset
        self.payload.extend(data)
        return offset

    def value(self, v):
        if v is None or isinstance(v, (bool, str)):
            return v
        if isinstance(v, torch.Tensor):
            return self.tensor(v)
        if isinstance(v, int):
            if abs(v) > 2**53:
                raise Unsupported("beyond float64's integers")
            return v
        if isinstance(v, float):
            return v if math.isfinite(v) else {"f": "nan" if math.isnan(v) else ("inf" if v > 0 else "-inf")}
        if isinstance(v, np.generic):
            return self.value(v.item())
        if isinstance(v, torch.dtype):
            if v not in DTYPE_NAMES:
                raise Unsupported(str(v))
            return {"d": DTYPE_NAMES[v]}
        if isinstance(v, slice):
            return {"slice": [self.value(x) for x in (v.start, v.stop, v.step)]}
        if v is Ellipsis:
            return {"ellipsis": 1}
        if isinstance(v, dict):
            return {k: self.value(x) for k, x in v.items()}
        if isinstance(v, (list, tuple)):
            return [self.value(x) for x in v]
        if isinstance(v, torch.nn.PairwiseDistance):
            return {"function": "pairwiseDistance"}
        raise Unsupported(type(v).__name__)

    def add(self, entry):
        self.entries.append(entry)

    def skip(self, name, reason):
        self.skipped[(name, reason)] += 1

    def write(self, **header):
        self.folder.mkdir(parents=True, exist_ok=True)
        index = {"torch": torch.__version__.split("+")[0], **header, "entries": self.entries}
        text = json.dumps(index, separators=(",", ":"), allow_nan=False)
        # One entry a line keeps the diff of a regenerated fixture readable.
        text = text.replace('{"op":', '\n{"op":')
        (self.folder / f"{self.name}.json").write_text(text + "\n")
        if self.payload:
            (self.folder / f"{self.name}.bin").write_bytes(bytes(self.payload))
        print(
            f"{self.name}: {len(self.entries)} entries, {len(text) / 1e6:.2f} MB index, "
            f"{len(self.payload) / 1e6:.2f} MB arrays, {sum(self.skipped.values())} skipped"
        )
        for (name, reason), count in sorted(self.skipped.items()):
            print(f"  skipped {count:4d} of {name}: {reason}")


def flat(v):
    """What stands in a nest of lists, tuples and dicts, in order."""
    if isinstance(v, dict):
        for x in v.values():
            yield from flat(x)
    elif isinstance(v, (list, tuple)):
        for x in v:
            yield from flat(x)
    else:
        yield v


def leaves(v):
    """The tensors in a nest of lists, tuples and dicts, in order."""
    return (x for x in flat(v) if isinstance(x, torch.Tensor))


def rebuild(v, cast=None):
    """Fresh leaves with the same values; `cast` is the dtype that floating tensors and dtypes become."""
    if isinstance(v, torch.Tensor):
        if v.layout is not torch.strided:
            raise Unsupported("sparse")
        c = v.detach().clone(memory_format=torch.contiguous_format)
        if cast and c.dtype in FLOATS:
            c = c.to(cast)
        return c.requires_grad_(v.requires_grad)
    if isinstance(v, dict):
        return {k: rebuild(x, cast) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return type(v)(rebuild(x, cast) for x in v) if type(v) in (list, tuple) else [rebuild(x, cast) for x in v]
    if cast and v in FLOATS:
        return cast
    return v


def cotangent(like, index):
    """The gradient fed to output number `index`: a hash of the position, exact in float32, so it needs no bytes."""
    i = np.arange(like.numel(), dtype=np.uint64) + np.uint64(1 + 1000 * index)
    h = (i * np.uint64(2654435761)) & np.uint64(0xFFFFFFFF)
    values = ((h >> np.uint64(24)).astype(np.float64) - 127.5) / 64
    return torch.from_numpy(values).to(like.dtype).reshape(like.shape)


def differentiate(out, inputs):
    """The gradient of every floating output, weighted by its cotangent, to each of `inputs`; None where unused."""
    targets = [t for t in leaves(out) if t.requires_grad]
    if not targets or not inputs:
        return None
    weights = [cotangent(t, k) for k, t in enumerate(targets)]
    return torch.autograd.grad(targets, inputs, weights, allow_unused=True)
