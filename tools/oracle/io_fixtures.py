"""Writes packages/core/test/fixtures/io/*.json: files as NumPy and the safetensors package write them, and what is in them."""
import base64
import io
import json
import struct

import numpy as np
from fixture import REPOSITORY
from safetensors.numpy import save

FOLDER = REPOSITORY / "packages/core/test/fixtures/io"
rng = np.random.default_rng(5)


def draw(dtype, shape):
    if dtype == np.bool_:
        return rng.random(shape) < 0.5
    if np.issubdtype(dtype, np.integer):
        info = np.iinfo(dtype)
        return rng.integers(max(info.min, -(2**31)), min(info.max, 2**31 - 1), shape, dtype=dtype, endpoint=True)
    return (rng.standard_normal(shape) * 3).astype(dtype)


def text(data):
    return base64.b64encode(data).decode()


def npy(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return text(file.getvalue())


def contents(array):
    return {"shape": list(array.shape), "values": [float(x) for x in np.ascontiguousarray(array).flatten().astype(np.float64)]}


def npy_cases():
    cases = []
    for dtype in ("f4", "f8", "i8", "i4", "u1", "b1", "f2", "i1", "i2", "u2", "u4", "u8"):
        for shape in ((), (3,), (2, 3), (0,), (2, 0), (2, 1, 4)):
            array = draw(np.dtype(dtype).type, shape)
            cases.append({"dtype": dtype, "bytes": npy(array), "plain": True, **contents(array)})
    array = draw(np.float32, (2, 3, 4))
    cases.append({"dtype": "f4", "bytes": npy(np.asfortranarray(array)), **contents(array)})
    cases.append({"dtype": "f4", "bytes": npy(array, (2, 0)), **contents(array)})
    cases.append({"dtype": "f4", "bytes": npy(array, (3, 0)), **contents(array)})
    for dtype in (">f4", ">f8", ">i4", ">i8", ">f2", ">u2"):
        array = draw(np.dtype(dtype[1:]).type, (3, 2))
        cases.append({"dtype": dtype[1:], "bytes": npy(array.astype(dtype)), **contents(array)})
    array = draw(np.float32, (123456, 1))[:2]
    cases.append({"dtype": "f4", "bytes": npy(array), "plain": True, **contents(array)})
    return cases


NAMES = {"f4": "F32", "f8": "F64", "i8": "I64", "i4": "I32", "u1": "U8", "?": "BOOL", "f2": "F16", "i2": "I16"}


def safetensors_cases():
    cases = []
    for names, metadata in (
        ([("w", "f4", (2, 3))], None),
        ([("0.weight", "f4", (3, 2)), ("0.bias", "f4", (3,)), ("num_batches_tracked", "i8", ())], {"format": "pt"}),
        ([("b", "u1", (5,)), ("a", "?", (3,)), ("c", "f8", (2,)), ("\u00e9\U0001f525\uff5e", "f4", (1,)), ('q"\\', "f4", (1,))], None),
        ([("empty", "f4", (0, 4)), ("x", "f8", (1,))], {"note": "l\u00edne\n"}),
        ([], None),
        ([("h", "f2", (4,)), ("s", "i2", (2, 2)), ("i", "i4", (3,))], None),
    ):
        arrays = {name: draw(np.dtype(dtype).type, shape) for name, dtype, shape in names}
        cases.append(
            {
                "bytes": text(save(arrays, metadata)),
                "metadata": metadata or {},
                "plain": all(dtype not in ("f2", "i2", "i4") for _, dtype, _ in names),
                "tensors": {name: {"dtype": NAMES[dtype], **contents(arrays[name])} for name, dtype, _ in names},
            }
        )
    # bfloat16, which NumPy lacks: 1.0, -2.5, infinity, 2^-133 (subnormal)
    header = b'{"b":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}'
    header += b" " * (-len(header) % 8)
    body = struct.pack("<4H", 0x3F80, 0xC020, 0x7F80, 0x0001)
    tensors = {"b": {"dtype": "BF16", "shape": [4], "values": [1.0, -2.5, 1e999, 2.0**-133]}}
    cases.append({"bytes": text(struct.pack("<Q", len(header)) + header + body), "metadata": {}, "plain": False, "tensors": tensors})
    return cases


FOLDER.mkdir(parents=True, exist_ok=True)
for name, cases in {"npy": npy_cases(), "safetensors": safetensors_cases()}.items():
    lines = [json.dumps(case, separators=(",", ":")).replace("Infinity", "1e999") for case in cases]
    (FOLDER / f"{name}.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
