"""Checkpoints of Kindling in Python: safetensors files, whose metadata hold all that is no tensor. See docs/saving-and-loading.md."""

import json
import math

import torch
from safetensors import safe_open
from safetensors.torch import save_file


def read_checkpoint(path):
    """The states of all parts by name, as `load_state_dict` takes them."""
    with safe_open(path, "pt") as file:

        def read(x):
            if isinstance(x, list):
                return [read(v) for v in x]
            if not isinstance(x, dict):
                return x
            if "$number" in x:  # NaN, Infinity, -Infinity, -0
                return float(x["$number"])
            for mark in ("$tensor", "$bytes"):
                if mark in x:
                    return file.get_tensor(x[mark])
            return {int(k) if k.isdigit() else k: read(v) for k, v in x.items()}

        return read(json.loads(file.metadata()["state"])["parts"])


def write_checkpoint(path, parts, step=0):
    """The states of parts, for `Checkpoint.resume` to take."""
    tensors = {}

    def write(x, name):
        if isinstance(x, torch.Tensor):
            tensors[name] = x.detach().clone().contiguous()
            return {"$tensor": name}
        if isinstance(x, dict):
            return {str(k): write(v, f"{name}.{k}") for k, v in x.items()}
        if isinstance(x, (list, tuple)):
            return [write(v, f"{name}.{i}") for i, v in enumerate(x)]
        if isinstance(x, float) and not math.isfinite(x):
            return {"$number": {math.inf: "Infinity", -math.inf: "-Infinity"}.get(x, "NaN")}
        return x

    written = {name: write(state, name) for name, state in parts.items()}
    generator = write(torch.get_rng_state(), "defaultGenerator")
    written["defaultGenerator"] = {"$bytes": generator["$tensor"]}
    state = {"epoch": 0, "step": step, "metric": None, "best": None, "values": {}, "parts": written}
    save_file(tensors, path, metadata={"kindling": "checkpoint 1", "state": json.dumps(state)})
