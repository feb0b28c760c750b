"""Fixtures of NaN, infinities, signed zeros, ties and extremes in values, gradients and second gradients:
packages/core/test/fixtures/special and packages/nn/test/fixtures/special.

With another seed and scale (see generate.sh) this is a fuzzer.
"""

import math
import random
import sys
import warnings
from collections import Counter

import special_structures
import torch
from choose import SCALE
from fixture import Fixture, Unsupported, cotangent, leaves, seed_for
from noise import beside, noises
from record import rebuild
from special_calls import core_calls, functional_calls
from whole_vectors import on_whole_vectors

# Of each call and dtype.
SAMPLES = 4

inf, nan = math.inf, math.nan
SPECIAL = [nan, inf, -inf, 0.0, -0.0]
KINKS = [1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 6.0, 0.1]
EXTREME = [1e-30, -1e-30, 1e30, -1e30, 1e-3, 100.0, -100.0]


class Draw:
    """Draws the tensors of one call: mostly few distinct numbers, so that ties and kinks meet."""

    def __init__(self, seed, dtype):
        self.random = random.Random(seed)
        self.dtype = dtype

    def number(self, pools=(SPECIAL, KINKS, EXTREME)):
        kind = self.random.random()
        if kind < self.share:
            return self.random.choice(pools[0])
        if kind < 0.7:
            return self.random.choice(pools[1])
        if kind < 0.75 and self.share > 0:
            return self.random.choice(pools[2])
        return round(self.random.gauss(0, 1.5), 2)

    def fresh(self):
        """Chooses the share of special values in this sample: none, few or many."""
        self.share = self.random.choice([0.0, 0.1, 0.25, 0.5])

    def moderate(self, *shape, grad=True):
        """Numbers that PyTorch's own formulas do not overflow with."""
        pool = [*KINKS, 0.25, -0.7, 1.3, *(SPECIAL * (1 if self.share > 0 else 0))]
        return self.tensor(*shape, grad=grad, of=pool)

    def tensor(self, *shape, grad=True, of=None):
        """A leaf of numbers drawn, or picked from `of`."""
        values = [self.number() if of is None else self.random.choice(of) for _ in range(math.prod(shape))]
        return torch.tensor(values, dtype=self.dtype).reshape(shape).requires_grad_(grad)

    def integers(self, *shape, low=0, high):
        return torch.tensor([self.random.randrange(low, high) for _ in range(math.prod(shape))]).reshape(shape)

    def pick(self, *choices):
        return self.random.choice(choices)


def wild(like, index):
    """A gradient that is NaN, infinite and 0 in turn, between numbers."""
    values = [nan, 1.0, inf, 0.0, -2.0, -inf, 0.5]
    return torch.tensor([values[(i + index) % len(values)] for i in range(like.numel())], dtype=like.dtype).reshape(like.shape)


def lone(like, index):
    """A gradient of numbers, of which one is infinite."""
    weights = cotangent(like, index).flatten()
    if like.numel() > 0:
        weights[like.numel() // 2] = inf
    return weights.reshape(like.shape)


def gradients(outputs, inputs, create_graph, weigh=cotangent):
    targets = [t for t in leaves(outputs) if t.requires_grad]
    if not targets or not inputs:
        return None
    weights = [weigh(t, k) for k, t in enumerate(targets)]
    return torch.autograd.grad(targets, inputs, weights, allow_unused=True, create_graph=create_graph)


def decided_by_rounding(function, args, kwargs, weigh):
    """Whether a difference that is 0, or nearly so, has the gradient be infinite of either sign: then inputs some ulps beside part."""
    generator = torch.Generator().manual_seed(0)

    def kinds(given):
        inputs = [t for t in leaves(given) if t.requires_grad]
        found = gradients(function(*given[0], **given[1]), inputs, False, weigh)
        return [torch.where(torch.isfinite(g), 0.0, g.double()).nan_to_num(nan=2.0, posinf=1.0, neginf=-1.0) for g in found]

    single = rebuild([args, kwargs], torch.float32)
    first = kinds(rebuild(single))
    return any(not torch.equal(a, b) for _ in range(30) for a, b in zip(first, kinds(beside(single, generator))))


def rounding(function, args, kwargs, twice):
    """How far PyTorch's own numbers are from exact ones."""

    def compute(given):
        inputs = [t for t in leaves(given) if t.requires_grad]
        out = function(*given[0], **given[1])
        found = gradients(out, inputs, False) if not twice else gradients(out, inputs, True)
        second = twice and found is not None and second_gradients(found, inputs)
        return {"noise": list(leaves(detached(out))), "gradNoise": found or (), "secondNoise": second or ()}

    return noises(compute, [args, kwargs])


def second_gradients(first, inputs):
    """`None` where no first gradient depends on an input: asking for more is an error in PyTorch."""
    return gradients([g for g in first if g is not None], inputs, False)


def sample(fixture, name, function, args, kwargs, twice, strange):
    entry = {"a": fixture.value(rebuild(args))}
    if kwargs:
        entry["k"] = fixture.value(rebuild(kwargs))
    try:
        args, kwargs = rebuild(args), rebuild(kwargs)
        inputs = [t for t in leaves((args, kwargs)) if t.requires_grad]
        function = on_whole_vectors(function, args, kwargs)
        out = function(*args, **kwargs)
    except (RuntimeError, ValueError, IndexError) as error:
        return {**entry, "error": str(error).splitlines()[0][:100]}
    entry["out"] = fixture.value(detached(out))
    try:
        # PyTorch has other formulas for gradients that are to be differentiated, which give other NaNs.
        first = gradients(function(*args, **kwargs), inputs, False)
        if first is None:
            return entry
        entry["grads"] = tensors(fixture, first)
        for kind, weigh in (("wild", wild), ("lone", lone)):
            if strange and not (name in NORMALISED and decided_by_rounding(function, args, kwargs, weigh)):
                entry[kind] = tensors(fixture, gradients(function(*args, **kwargs), inputs, False, weigh))
        entry.update(rounding(function, args, kwargs, twice))
        if not twice:
            return entry
        second = second_gradients(gradients(out, inputs, True), inputs)
    except RuntimeError:
        # PyTorch has no derivative, or no second one.
        return entry
    entry["second"] = None if second is None else tensors(fixture, second)
    return entry


def tensors(fixture, values):
    """A copy makes numbers of PyTorch's tensors that only know that they are zero."""
    return [None if v is None else fixture.tensor(v.detach().clone()) for v in values]


def detached(v):
    if isinstance(v, torch.Tensor):
        return v.detach()
    return [detached(x) for x in v] if isinstance(v, (list, tuple)) else v


# Their second derivatives are those of a kink, differences of large numbers, or of no meaning where a variance is clamped; that of lgamma
# is good to 1e-9 in PyTorch.
ONCE = {"copysign", "lgamma", "digamma", "mvlgamma", "hypot", "gridSample"}
# What becomes of a gradient that is not finite depends on PyTorch's vectors (sigmoid), on rounding (the special functions), or on a
# slope that is 0 in PyTorch and the least of numbers in fact (silu of -100 in float32).
FINITE = {"sigmoid", "silu", "special.erfcx", "special.i0e", "special.i1e"}
# Sums of these cancel: what float32 leaves of them is PyTorch's rounding.
TWICE_IN_FLOAT64 = {"logcumsumexp", "linalg.vectorNorm", "special.logNdtr", "special.i1", "special.i1e", "sinc", "special.sinc", "special.erfcx"}
# What is left of a number without the mean, or of a probability without what alignments give it, may be rounding alone.
NORMALISED = {"layerNorm", "ctcLoss"}


def twice_of(name, dtype):
    """Whether second gradients are asked for."""
    return not (name in ONCE or (name in TWICE_IN_FLOAT64 and dtype == torch.float32))


def generate(folder, calls):
    fixture = Fixture(folder, "special")
    entries = {}
    seen = Counter()
    # Operations that are named, or all of them.
    wanted = set(sys.argv[1:])
    for name, function, arguments in (c for c in calls if not wanted or c[0] in wanted):
        seen[name] += 1
        for dtype in (torch.float32, torch.float64):
            draw = Draw(seed_for(name, seen[name], dtype), dtype)
            recorded = entries.setdefault((name, dtype), [])
            for _ in range(SAMPLES * SCALE):
                draw.fresh()
                args, kwargs = arguments(draw)
                try:
                    recorded.append(sample(fixture, name, function, args, kwargs, twice_of(name, dtype), name not in FINITE))
                except Unsupported as reason:
                    fixture.skip(name, str(reason))
    for (name, dtype), recorded in entries.items():
        fixture.add({"op": name, "variant": "", "dtype": str(dtype)[6:], "samples": recorded})
    fixture.write()


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    generate("packages/core/test/fixtures", [*core_calls(), *special_structures.core_calls()])
    generate("packages/nn/test/fixtures", [*functional_calls(), *special_structures.functional_calls()])


if __name__ == "__main__":
    main()
