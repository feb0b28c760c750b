"""Fixtures of cdist: packages/core/test/fixtures/pair-distances.json.

Distances of all pairs of rows, of which two are one and others share a coordinate, and the derivatives by both operands of their
weighted sum, and then of the weighted sum of the first of these.
"""

import json
import math
from pathlib import Path

import torch

INPUTS = {
    "a": [[0, 1], [2, 1]],
    "b": [[0, 1], [1, 3], [0, 0]],
    "weights": [[1, 2, 3], [4, 5, 6]],
    "k": [[1, 2], [3, 4]],
}
ORDERS = [0, 0.5, 1, 1.5, 2, 2.5, 3, math.inf]


def results(p):
    a, b, weights, k = (torch.tensor(x, dtype=torch.float64) for x in INPUTS.values())
    inputs = [a.requires_grad_(), b.requires_grad_()]
    d = torch.cdist(a, b, p=p)
    first = torch.autograd.grad((d * weights).sum(), inputs, create_graph=True)
    second = torch.autograd.grad((first[0] * k).sum(), inputs, allow_unused=True) if first[0].requires_grad else (None, None)
    zeroed = [torch.zeros_like(x) if g is None else g for g, x in zip(second, inputs)]
    return [x.flatten().tolist() for x in (d, *first, *zeroed)]


target = Path(__file__).resolve().parents[2] / "packages/core/test/fixtures/pair-distances.json"
orders = {"Infinity" if math.isinf(p) else str(p): results(p) for p in ORDERS}
target.write_text(json.dumps({"torch": torch.__version__, **INPUTS, "orders": orders}) + "\n")
print(f"{target}: {len(orders)} orders")
