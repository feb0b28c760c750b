"""How far PyTorch's own float32 results are from exact ones.

Some samples are ill-conditioned (digamma near its zero, sums that cancel); a comparison in float32 then has to allow what
PyTorch itself allows. One run may be right by luck, so the distance is the largest of several: of the sample, and of
neighbours whose numbers are up to three ulps nearer to zero (nearer, so that a probability stays one). Both results are
of the same neighbour: what is measured is rounding, not the slope of the function, and so no kink is hidden.
"""

import torch
from fixture import leaves, rebuild

NEIGHBOURS = 5
# Distances below a quarter of the tolerances of packages/core/test/oracle/compare.ts need no mention.
ABSOLUTE, RELATIVE = 1e-6 / 4, 1e-5 / 4


def _beside(v, generator):
    if isinstance(v, torch.Tensor):
        if v.dtype != torch.float32:
            return v
        steps = torch.randint(0, 4, v.shape, generator=generator)
        return (v.detach() * (1 - steps * 2.0**-24)).requires_grad_(v.requires_grad)
    if isinstance(v, dict):
        return {k: _beside(x, generator) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [_beside(x, generator) for x in v]
    return v


def _distance(single, double):
    if single is None or double is None or not single.is_floating_point() or single.shape != double.shape:
        return None
    s, d = single.detach().double().flatten(), double.detach().double().flatten()
    distance = (s - d).abs().clamp(max=1e300)
    distance[~(torch.isfinite(s) & torch.isfinite(d))] = 0
    return torch.where(distance > ABSOLUTE + RELATIVE * d.abs(), distance, 0.0)


def _mentioned(distance):
    """[position, distance, position, distance, ...], or 0 where all is well."""
    if distance is None or not distance.any():
        return 0
    return [x for i in distance.nonzero().flatten().tolist() for x in (i, float(f"{distance[i].item():.1e}"))]


def noises(compute, given):
    """`compute` gives tensors by name, several for each; so does the result: what each is off by, if any is off."""
    generator = torch.Generator().manual_seed(0)
    worst = {}
    movable = any(t.dtype == torch.float32 for t in leaves(given))
    for number in range(NEIGHBOURS if movable else 1):
        nearby = rebuild(given) if number == 0 else _beside(given, generator)
        try:
            exact = compute(rebuild(nearby, torch.float64))
            found = {k: [_distance(s, d) for s, d in zip(v, exact[k])] for k, v in compute(nearby).items()}
        except Exception:
            # Outside the domain of one of the two; or float64 is not supported.
            continue
        for name, distances in found.items():
            so_far = worst.setdefault(name, distances)
            worst[name] = [a if b is None else b if a is None else torch.maximum(a, b) for a, b in zip(so_far, distances)]
    mentioned = {name: [_mentioned(x) for x in distances] for name, distances in worst.items()}
    return {name: x for name, x in mentioned.items() if any(x)}
