"""Chooses few samples of many: small tensors only, as many different kinds as possible, within a budget of bytes."""

import os

import torch
from fixture import leaves

SCALE = int(os.environ.get("ORACLE_SCALE", "1"))
MAX_ELEMENTS = 400 * SCALE


def _kind(v):
    if isinstance(v, torch.Tensor):
        return ("tensor", v.dim(), v.numel() == 0, str(v.dtype))
    if isinstance(v, dict):
        return tuple((k, _kind(x)) for k, x in v.items())
    if isinstance(v, (list, tuple)):
        return (type(v).__name__, len(v), *(_kind(x) for x in v[:3]))
    return (type(v).__name__, v if isinstance(v, (bool, str)) or v is None else "")


def _bytes(args):
    # Twice for the gradients, and once more for an output of about the inputs' size.
    return 120 + sum(t.numel() * t.element_size() * (2 if t.requires_grad else 1) for t in leaves(args)) * 3 // 2


def choose(candidates, limit, budget):
    """`candidates` are (args, kwargs); every kind has its turn before a kind has its second."""
    limit, budget = limit * SCALE, budget * SCALE
    groups = {}
    for args, kwargs in candidates:
        if any(t.numel() > MAX_ELEMENTS for t in leaves((args, kwargs))):
            continue
        groups.setdefault(_kind((args, kwargs)), []).append((args, kwargs))
    chosen, spent = [], 0
    turn = 0
    while len(chosen) < limit and any(len(g) > turn for g in groups.values()):
        for group in groups.values():
            if len(group) <= turn or len(chosen) >= limit:
                continue
            # From the ends inwards, so that a group drawn in a sweep shows its extremes.
            at = turn // 2 if turn % 2 == 0 else len(group) - 1 - turn // 2
            cost = _bytes(group[at])
            if spent + cost > budget and len(chosen) >= 3:
                continue
            spent += cost
            chosen.append(group[at])
        turn += 1
    return chosen
