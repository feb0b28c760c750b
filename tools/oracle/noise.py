"""How far PyTorch's own results are from exact ones.

Some samples are ill-conditioned (digamma near its zero, sums that cancel); a comparison then has to allow what PyTorch
itself allows. The distance is that of its float32 result from its float64 one. One run may be right by luck, so it is the
largest of several: of the sample, and of neighbours whose numbers are up to three ulps nearer to zero (nearer, so that a
probability stays one). Both results are of the same neighbour: what is measured is rounding, not the slope of the
function, and so no kink is hidden. Of a float64 sample the distance is as much smaller as float64's ulp is.
"""

import torch
from fixture import leaves, rebuild

NEIGHBOURS = 5
# By dtype: the ulp, in those of float32, and the absolute and relative tolerances of packages/core/test/oracle/compare.ts.
# Distances below a quarter of these need no mention.
MEASURES = {torch.float32: (1.0, 1e-6, 1e-5), torch.float64: (2.0**-29, 1e-12, 1e-10)}


def beside(v, generator):
    """Float32 numbers up to three ulps nearer to zero."""
    if isinstance(v, torch.Tensor):
        if v.dtype != torch.float32:
            return v
        steps = torch.randint(0, 4, v.shape, generator=generator)
        return (v.detach() * (1 - steps * 2.0**-24)).requires_grad_(v.requires_grad)
    if isinstance(v, dict):
        return {k: beside(x, generator) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [beside(x, generator) for x in v]
    return v


def _distance(single, double, dtype):
    if single is None or double is None or not single.is_floating_point() or single.shape != double.shape:
        return None
    s, d = single.detach().double().flatten(), double.detach().double().flatten()
    ulp, absolute, relative = MEASURES[dtype]
    distance = (s - d).abs().clamp(max=1e300) * ulp
    distance[~(torch.isfinite(s) & torch.isfinite(d))] = 0
    return torch.where(distance > (absolute + relative * d.abs()) / 4, distance, 0.0)


def _mentioned(distance):
    """[position, distance, position, distance, ...], or 0 where all is well."""
    if distance is None or not distance.any():
        return 0
    return [x for i in distance.nonzero().flatten().tolist() for x in (i, float(f"{distance[i].item():.1e}"))]


def _larger(a, b):
    if a is None or b is None:
        return a if b is None else b
    # Equal elements may be others beside, and `unique` has as many results more: nothing tells which belong together.
    return torch.maximum(a, b) if a.shape == b.shape else a


def noises(compute, given):
    """`compute` gives tensors by name, several for each; so does the result: what each is off by, if any is off."""
    generator = torch.Generator().manual_seed(0)
    worst = {}
    dtype = torch.float64 if any(t.dtype == torch.float64 for t in leaves(given)) else torch.float32
    single = rebuild(given, torch.float32 if dtype == torch.float64 else None)
    movable = any(t.dtype == torch.float32 for t in leaves(single))
    for number in range(NEIGHBOURS if movable else 1):
        nearby = single if number == 0 else beside(single, generator)
        try:
            exact = compute(rebuild(nearby, torch.float64))
            rounded = compute(rebuild(nearby))
            found = {k: [_distance(s, d, dtype) for s, d in zip(v, exact[k])] for k, v in rounded.items()}
        except Exception:
            # Outside the domain of one of the two; or float64 is not supported.
            continue
        for name, distances in found.items():
            so_far = worst.setdefault(name, distances)
            worst[name] = [_larger(a, b) for a, b in zip(so_far, distances)]
    mentioned = {name: [_mentioned(x) for x in distances] for name, distances in worst.items()}
    return {name: x for name, x in mentioned.items() if any(x)}
