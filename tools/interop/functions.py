"""Runs the functions that functions.ts wrote, and compares. Usage: functions.py out"""

import importlib.util
import json
import sys

import torch
from safetensors.torch import load_file
from verdict import judge, leaves

out = sys.argv[1]
spec = importlib.util.spec_from_file_location("w", f"{out}/functions_written.py")
written = importlib.util.module_from_spec(spec)
spec.loader.exec_module(written)
tensors = load_file(f"{out}/functions.safetensors")
told = json.load(open(f"{out}/functions.json"))


def unlike(case):
    given = [tensors[f"{case['name']}.in.{i}"] for i in range(case["inputs"])]
    given = [x.long() if x.dtype == torch.int32 else x for x in given]
    theirs = [tensors[f"{case['name']}.out.{i}"] for i in range(case["outputs"])]
    torch.manual_seed(1)
    ours = leaves(getattr(written, case["name"])(*given))
    if len(ours) != len(theirs):
        return f"{len(ours)} results, Kindling {len(theirs)}"
    for a, b in zip(ours, theirs):
        if tuple(a.shape) != tuple(b.shape):
            return f"shape {tuple(a.shape)}, Kindling {tuple(b.shape)}"
        if a.dtype != b.dtype and not {a.dtype, b.dtype} <= {torch.int32, torch.int64}:
            return f"dtype {a.dtype}, Kindling {b.dtype}"
        x, y = a.double(), b.double()
        if not torch.allclose(x, y, rtol=1e-4, atol=1e-5, equal_nan=True):
            return f"differ by {(x - y).abs().max().item()}"
    return None


judge(told, "operations", lambda title: title.split(" ")[0], unlike)
