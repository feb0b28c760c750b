"""Loads and runs the models and losses that user-models.ts wrote, and compares. Usage: user_models.py out"""

import collections
import json
import sys

import torch
from safetensors.torch import load_file

out = sys.argv[1]
of_case = collections.defaultdict(dict)
for key, x in load_file(f"{out}/models.safetensors").items():
    name, kind, rest = key.split(".", 2)
    of_case[name, kind][rest] = x


def leaves(x):
    if isinstance(x, torch.Tensor):
        return [x]
    parts = x.values() if isinstance(x, dict) else x if isinstance(x, (list, tuple)) else []
    return [y for part in parts for y in leaves(part)]


def some(name, kind, count):
    return [of_case[name, kind][str(i)] for i in range(count)]


failed = 0
for case in json.load(open(f"{out}/models.json")):
    name = case["name"]
    try:
        model_names, loss_names = {}, {}
        exec(open(f"{out}/{name}/model.py").read(), model_names)
        exec(open(f"{out}/{name}/loss.py").read(), loss_names)
        net = model_names[case["className"]]()
        net.load_state_dict(of_case[name, "state"], strict=True)
        order = [[key, p.requires_grad] for key, p in net.named_parameters()]
        assert order == case["order"], f"parameters {order}, Kindling {case['order']}"
        net.eval()
        loss_fn = loss_names["loss_fn"]
        if isinstance(loss_fn, torch.nn.Module):
            loss_fn.load_state_dict(of_case[name, "loss"], strict=True)
        with torch.no_grad():
            output = net(*some(name, "in", case["inputs"]))
            value = loss_fn(output, *some(name, "target", case["targets"]))
        ours, theirs = leaves(output), of_case[name, "out"]
        assert len(ours) == len(theirs), f"{len(ours)} results, Kindling {len(theirs)}"
        worst = max((a - theirs[str(i)]).abs().max().item() for i, a in enumerate(ours))
        far = abs(value.item() - of_case[name, "value"]["0"].item())
        assert worst < 1e-5 and far < 1e-5, f"results differ by {worst}, losses by {far}"
        net.train()
        loss_fn(net(*some(name, "in", case["inputs"])), *some(name, "target", case["targets"])).backward()
        print(f"{name}: results differ by {worst:.1e}, losses by {far:.1e}")
    except Exception as error:
        failed += 1
        print(f"{name}: {type(error).__name__}: {error}")
print(f"{failed} failed")
