"""Runs the functions that functions.ts wrote, and compares. Usage: functions.py out"""

import collections
import importlib.util
import json
import sys

import torch
from safetensors.torch import load_file

out = sys.argv[1]
spec = importlib.util.spec_from_file_location("w", f"{out}/functions_written.py")
written = importlib.util.module_from_spec(spec)
spec.loader.exec_module(written)
tensors = load_file(f"{out}/functions.safetensors")
told = json.load(open(f"{out}/functions.json"))


def leaves(x):
    if isinstance(x, torch.Tensor):
        return [x]
    if isinstance(x, dict):
        return [y for part in x.values() for y in leaves(part)]
    if isinstance(x, (list, tuple)):
        return [y for part in x for y in leaves(part)]
    if isinstance(x, (bool, int, float)):
        return [torch.tensor(x)]
    return []


def unlike(ours, theirs):
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


good, bad = collections.Counter(), []
for case in told["cases"]:
    op = case["what"].split(" ")[0]
    given = [tensors[f"{case['name']}.in.{i}"] for i in range(case["inputs"])]
    given = [x.long() if x.dtype == torch.int32 else x for x in given]
    expected = [tensors[f"{case['name']}.out.{i}"] for i in range(case["outputs"])]
    torch.manual_seed(1)
    try:
        problem = unlike(leaves(getattr(written, case["name"])(*given)), expected)
    except Exception as error:
        problem = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    if problem is None:
        good[op] += 1
    else:
        bad.append((op, case["what"], case["name"], problem))
failing = collections.defaultdict(list)
for op, what, name, problem in bad:
    failing[op].append(f"{what} ({name}): {problem}")
for line in told["failures"]:
    failing[line.split(" ")[0]].append(f"not written: {line}")
for op, lines in sorted(failing.items()):
    print(f"{op}: {len(lines)} of {good[op] + len(lines)}; {lines[0][:230]}")
ops = set(good) | set(failing)
print(f"operations: {len(ops)}, all samples hold: {len(ops) - len(failing)}")
print(f"samples: {sum(good.values())} hold, {sum(map(len, failing.values()))} do not")
