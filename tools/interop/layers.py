"""Loads and runs the models that layers.ts and losses.ts wrote, and compares. Usage: layers.py out"""

import collections
import json
import sys
import warnings

import torch
from safetensors.torch import load_file

warnings.simplefilter("ignore")
out = sys.argv[1]
tensors = load_file(f"{out}/layers.safetensors")
told = json.load(open(f"{out}/layers.json"))
of_case = collections.defaultdict(dict)
for key, x in tensors.items():
    name, kind, rest = key.split(".", 2)
    of_case[name, kind][rest] = x


def leaves(x):
    if isinstance(x, torch.Tensor):
        return [x]
    if isinstance(x, dict):
        return [y for part in x.values() for y in leaves(part)]
    if isinstance(x, (list, tuple)):
        return [y for part in x for y in leaves(part)]
    return []


def unlike(case):
    names = {}
    exec(case["text"], names)
    net = names["Net"]() if "Net" in names else names["loss_fn"]
    if isinstance(net, torch.nn.Module):
        net.load_state_dict(of_case[case["name"], "state"], strict=True)
        net.train(not case["eval"])
    given = [of_case[case["name"], "in"][str(i)] for i in range(case["inputs"])]
    torch.manual_seed(1)
    with torch.no_grad():
        ours = leaves(net(*given))
    theirs = [of_case[case["name"], "out"][str(i)] for i in range(case["outputs"])]
    if len(ours) != len(theirs):
        return f"{len(ours)} results, Kindling {len(theirs)}"
    for a, b in zip(ours, theirs):
        if tuple(a.shape) != tuple(b.shape):
            return f"shape {tuple(a.shape)}, Kindling {tuple(b.shape)}"
        if not torch.allclose(a.double(), b.double(), rtol=1e-5, atol=1e-5, equal_nan=True):
            return f"differ by {(a.double() - b.double()).abs().max().item()}"
    return None


good, bad = collections.Counter(), collections.defaultdict(list)
for case in told["cases"]:
    layer = case["what"].split("[")[0]
    try:
        problem = unlike(case)
    except Exception as error:
        problem = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    if problem is None:
        good[layer] += 1
    else:
        bad[layer].append(f"{case['what']} ({case['name']}): {problem}")
for line in told["failures"]:
    bad[line.split("[")[0]].append(f"not written: {line}")
for layer, lines in sorted(bad.items()):
    print(f"{layer}: {len(lines)} of {good[layer] + len(lines)}; {lines[0][:230]}")
layers = set(good) | set(bad)
print(f"layers: {len(layers)}, all samples hold: {len(layers) - len(bad)}")
print(f"samples: {sum(good.values())} hold, {sum(map(len, bad.values()))} do not")
