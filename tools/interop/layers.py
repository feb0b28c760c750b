"""Loads and runs the models that layers.ts and losses.ts wrote, and compares. Usage: layers.py out"""

import collections
import json
import sys
import warnings

import torch
from safetensors.torch import load_file
from verdict import judge, leaves

warnings.simplefilter("ignore")
out = sys.argv[1]
tensors = load_file(f"{out}/layers.safetensors")
told = json.load(open(f"{out}/layers.json"))
of_case = collections.defaultdict(dict)
for key, x in tensors.items():
    name, kind, rest = key.split(".", 2)
    of_case[name, kind][rest] = x


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


judge(told, "layers", lambda title: title.split("[")[0], unlike)
