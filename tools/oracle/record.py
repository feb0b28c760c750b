"""Runs one sample through PyTorch and records what went in and what came out."""

import torch
from choose import MAX_ELEMENTS
from fixture import Unsupported, differentiate, flat, leaves, rebuild
from noise import noises

# Arguments that say where a tensor lives, not what it holds.
IRRELEVANT = {"device", "layout", "requires_grad", "pin_memory", "inplace"}


def relevant(kwargs):
    kept = {}
    for k, v in kwargs.items():
        if k in IRRELEVANT:
            continue
        if k == "memory_format":
            if v not in (torch.contiguous_format, torch.preserve_format):
                raise Unsupported("memory_format")
            continue
        if k == "out":
            raise Unsupported("out=")
        kept[k] = v
    return kept


def with_integers(v):
    """The same arguments as JavaScript would pass them: an integral float is an integer."""
    if isinstance(v, float) and v.is_integer():
        return int(v)
    if isinstance(v, dict):
        return {k: with_integers(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return type(v)(with_integers(x) for x in v) if type(v) in (list, tuple) else v
    return v


def check_scalars(function, args, kwargs):
    """JavaScript has one kind of number: 2.0 is 2. A sample whose dtype depends on the difference has no counterpart."""
    if any(t.is_floating_point() for t in leaves((args, kwargs))) or kwargs.get("dtype") is not None:
        return
    if not any(isinstance(s, float) and s.is_integer() for s in flat((args, kwargs))):
        return
    try:
        plain = function(*with_integers(rebuild(args)), **with_integers(rebuild(kwargs)))
    except Exception:
        plain = None
    expected = function(*rebuild(args), **rebuild(kwargs))
    if [t.dtype for t in leaves(plain)] != [t.dtype for t in leaves(expected)]:
        raise Unsupported("an integral Python float decides the dtype")


def run(function, args, kwargs):
    inputs = [t for t in leaves((args, kwargs)) if t.requires_grad]
    # requires_grad leaves must not be mutated; a clone stands in for what batch_norm and embedding update in place.
    before = [t.detach().clone() for t in leaves((args, kwargs))]
    out = function(*args, **kwargs)
    after = []
    for k, (old, new) in enumerate(zip(before, leaves((args, kwargs)))):
        if not torch.equal(old, new.detach()) and not torch.isnan(old.double() if old.dtype != torch.bool else old).any():
            after.append((k, new.detach().clone()))
    return out, differentiate(out, inputs), after


def draws(function, args, kwargs):
    """Whether the result is another with another seed. The database's own attention sets one, so that it never is."""
    if kwargs.get("dropout_p", 0) > 0:
        return True
    results = []
    with torch.random.fork_rng(devices=[]):
        for seed in (1, 2):
            torch.manual_seed(seed)
            results.append([t.detach() for t in leaves(function(*rebuild(args), **rebuild(kwargs)))])
    return not all(torch.allclose(a.double(), b.double(), equal_nan=True) for a, b in zip(*results))


def record(fixture, function, args, kwargs):
    """The recorded sample, or Unsupported."""
    kwargs = relevant(kwargs)
    check_scalars(function, args, kwargs)
    args, kwargs = rebuild(args), rebuild(kwargs)
    # On copies: batch_norm and embedding write into their arguments.
    out, grads, after = run(function, rebuild(args), rebuild(kwargs))
    if draws(function, args, kwargs):
        raise Unsupported("a random result")
    if any(t.numel() > MAX_ELEMENTS for t in leaves(out)):
        raise Unsupported("large result")
    entry = {"a": fixture.value(args)}
    if kwargs:
        entry["k"] = fixture.value(kwargs)
    entry["out"] = fixture.value(out.detach() if isinstance(out, torch.Tensor) else _detached(out))
    if grads is not None:
        entry["grads"] = fixture.value(list(grads))
    if after:
        entry["after"] = [[k, fixture.value(t)] for k, t in after]
    entry.update(noises(lambda given: _results(function, *given), [args, kwargs]))
    return entry


def _results(function, args, kwargs):
    out, grads, _ = run(function, args, kwargs)
    return {"noise": list(leaves(out)), "gradNoise": grads or ()}


def _detached(v):
    if isinstance(v, torch.Tensor):
        return v.detach()
    if isinstance(v, (list, tuple)):
        return [_detached(x) for x in v]
    return v
