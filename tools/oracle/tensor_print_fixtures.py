"""Writes packages/core/test/fixtures/print/results.json: the printed form of tensors that operations made.

The test has the same names and makes the same tensors in TypeScript. int32 stands for PyTorch's int64.
"""
import json
import sys

import torch
from fixture import REPOSITORY

PATH = REPOSITORY / "packages/core/test/fixtures/print/results.json"


def leaf():
    return torch.tensor([1.5, -2.0, 3.25], requires_grad=True)


def double():
    return torch.arange(6, dtype=torch.float64).reshape(2, 3).div(4).requires_grad_()


def in_place():
    x = leaf() * 1
    x.add_(1)
    return x


def detached():
    return (leaf() * 2).detach()


def no_grad():
    with torch.no_grad():
        return leaf() * 2


MADE = {
    "leaf": leaf,
    "leaf float64": double,
    "frozen": lambda: leaf().requires_grad_(False),
    "int": lambda: torch.arange(4),
    "uint8": lambda: torch.tensor([1, 255], dtype=torch.uint8),
    "bool": lambda: torch.tensor([[True], [False]]),
    "0-dim": lambda: torch.tensor(2.5),
    "0-dim of a graph": lambda: leaf().sum(),
    "no element": lambda: torch.empty(0, 3),
    "no element of a graph": lambda: double()[:, :0] * 1,
    "add": lambda: leaf() + 1,
    "sub": lambda: leaf() - leaf(),
    "mul": lambda: leaf() * 2,
    "div": lambda: leaf() / 4,
    "neg": lambda: -leaf(),
    "exp": lambda: torch.exp(leaf() * 0),
    "pow": lambda: leaf() ** 2,
    "tanh": lambda: torch.tanh(leaf() * 0),
    "relu": lambda: torch.relu(leaf()),
    "mean": lambda: double().mean(),
    "sum dim": lambda: double().sum(0),
    "amax": lambda: double().amax(1),
    "max": lambda: double().max(),
    "cumsum": lambda: double().cumsum(0),
    "softmax": lambda: torch.softmax(leaf() * 0, 0),
    "log_softmax": lambda: torch.log_softmax(leaf() * 0, 0),
    "mm": lambda: double() @ double().t(),
    "mv": lambda: torch.mv(double(), torch.ones(3, dtype=torch.float64)),
    "dot": lambda: torch.dot(leaf(), leaf()),
    "bmm": lambda: torch.bmm(double().unsqueeze(0), double().t().unsqueeze(0)),
    "addmm": lambda: torch.addmm(double()[:, :2], double(), double().t()),
    "view": lambda: double().view(3, 2),
    "transpose": lambda: double().t(),
    "permute": lambda: double().permute(1, 0),
    "select": lambda: double()[1],
    "slice": lambda: double()[:, 1:],
    "unsqueeze": lambda: leaf().unsqueeze(0),
    "squeeze": lambda: leaf().unsqueeze(0).squeeze(0),
    "expand": lambda: leaf().expand(2, 3),
    "cat": lambda: torch.cat([leaf(), leaf()]),
    "stack": lambda: torch.stack([leaf(), leaf()]),
    "index": lambda: leaf()[torch.tensor([2, 0])],
    "gather": lambda: leaf().gather(0, torch.tensor([1])),
    "where": lambda: torch.where(torch.tensor([True, False, True]), leaf(), 0.0),
    "masked_fill": lambda: leaf().masked_fill(torch.tensor([True, False, True]), 0.5),
    "clone": lambda: leaf().clone(),
    "to": lambda: leaf().to(torch.float64),
    "clamp": lambda: leaf().clamp(min=0),
    "in place": in_place,
    "detach": detached,
    "noGrad": no_grad,
    "large": lambda: torch.arange(2000.0) * 0.5,
    "large of a graph": lambda: torch.arange(3000.0).reshape(1500, 2).requires_grad_() * 1.5,
    "large matrix": lambda: torch.arange(1200, dtype=torch.float64).reshape(30, 40).t(),
    "special": lambda: torch.tensor([float("nan"), float("inf"), -0.0, 1e-5, 1e10]),
    "strided": lambda: torch.arange(24).reshape(2, 3, 4)[:, :, ::2].permute(2, 0, 1),
}

PATH.write_text(json.dumps({name: str(make()) for name, make in MADE.items()}, indent=0) + "\n")
print(f"torch {torch.__version__}", file=sys.stderr)
