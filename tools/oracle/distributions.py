"""Fixtures of @kindling/distributions: packages/distributions/test/fixtures/distributions.json.

Of each distribution, with parameters that are drawn: how it is printed, its moments, samples of a seed, log-probabilities, and
gradients by what it was made of; of pairs of a class the divergence.
"""

import json
import math
import os
from pathlib import Path

import torch
import torch.distributions as D
from fixture import seed_for

REPOSITORY = Path(os.environ.get("ORACLE_OUT", Path(__file__).resolve().parents[2]))
generator = torch.Generator()


def plain(value):
    """JSON, in which what is not finite is a string."""
    if isinstance(value, torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, list):
        return [plain(x) for x in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def real(*shape):
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def positive(*shape):
    return torch.rand(shape, generator=generator, dtype=torch.float64) * 2 + 0.2


def unit(*shape):
    return torch.rand(shape, generator=generator, dtype=torch.float64) * 0.8 + 0.1


def triangle(*shape):
    return real(*shape).tril(-1) + torch.diag_embed(positive(*shape[:-1]))


def definite(*shape):
    factor = triangle(*shape)
    return factor @ factor.mT + torch.eye(shape[-1], dtype=torch.float64)


def located():
    return [((real(3), positive(3)), {}), ((real(2, 1), positive(3)), {}), ((0.5, 1.5), {}), ((real(2), 0.75), {})]


def chances(drawn, logits=True):
    probs = [((), {"probs": drawn(*shape)}) for shape in ((3,), (2, 3))]
    return probs + ([((), {"logits": real(*shape)}) for shape in ((3,), (2, 3))] if logits else [])


def cases():
    """Class, arguments and values at which it is asked."""
    for name in ("Normal", "Laplace", "Cauchy", "Gumbel"):
        yield name, located(), lambda d: d.sample() * 1.25
    yield "LogNormal", located(), lambda d: d.sample() * 1.25
    for name in ("HalfNormal", "HalfCauchy"):
        yield name, [((positive(3),), {}), ((1.5,), {})], lambda d: d.sample()
    yield "Exponential", [((positive(3),), {}), ((1.5,), {})], lambda d: d.sample()
    for name in ("Weibull", "Pareto"):
        yield name, [((positive(3), positive(3)), {}), ((positive(2, 1), positive(3)), {}), ((0.5, 2.5), {}), ((positive(2), 0.75), {})], lambda d: d.sample()
    low = real(3)
    yield "Uniform", [((low, low + positive(3)), {}), ((-1.0, 2.0), {})], lambda d: d.sample()
    yield "Bernoulli", chances(unit) + [((), {"probs": torch.tensor([0.0, 0.5, 1.0])}), ((), {"probs": 0.25})], lambda d: d.sample()
    yield "Geometric", [((), {"probs": unit(3)}), ((), {"logits": real(2, 3)})], lambda d: d.sample()
    yield "Poisson", [((positive(3) * 3,), {}), ((4.0,), {})], lambda d: d.sample()
    yield "Categorical", chances(unit), lambda d: d.sample((4,))
    yield "Categorical", [((), {"probs": torch.tensor([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0]])})], lambda d: d.sample((2,))
    yield "OneHotCategorical", chances(unit), lambda d: d.sample((4,))
    yield "OneHotCategoricalStraightThrough", chances(unit), lambda d: d.sample()
    vectors = [
        ((real(2),), {"scale_tril": triangle(2, 2)}),
        ((real(3),), {"covariance_matrix": definite(3, 3)}),
        ((real(2, 3),), {"precision_matrix": definite(3, 3)}),
        ((real(3),), {"scale_tril": triangle(2, 3, 3)}),
    ]
    yield "Independent", [((real(2, 3), positive(2, 3)), {})], lambda d: d.sample((2,)) * 1.25
    yield "MixtureSameFamily", [((unit(3), real(3), positive(3)), {}), ((unit(2, 3), real(2, 3), positive(3)), {})], lambda d: d.sample((4,)) * 1.25
    yield "MixtureOfVectors", [((unit(3), real(3, 2), positive(3, 2)), {})], lambda d: d.sample((4,)) * 1.25
    yield "MultivariateNormal", vectors, lambda d: d.sample((2,)) * 1.25


# Those that are made of others, from the parameters of these.
MADE = {
    "Independent": lambda loc, scale: D.Independent(D.Normal(loc, scale), 1),
    "MixtureSameFamily": lambda probs, loc, scale: D.MixtureSameFamily(D.Categorical(probs), D.Normal(loc, scale)),
    "MixtureOfVectors": lambda probs, loc, scale: D.MixtureSameFamily(D.Categorical(probs), D.Independent(D.Normal(loc, scale), 1)),
}


def leaf(x, dtype):
    return x.to(dtype, copy=True).requires_grad_() if isinstance(x, torch.Tensor) else x


def constructed(name, args, options, dtype):
    given = [leaf(x, dtype) for x in args], {k: leaf(x, dtype) for k, x in options.items()}
    make = MADE.get(name) or getattr(D, name)
    return given, make(*given[0], **given[1])


def stated(given):
    args, options = given
    return {"args": [plain(x) for x in args], "options": {k: plain(x) for k, x in options.items()}}


def gradients(result, given):
    """Of the sum, by all tensors that were given."""
    leaves = [x for x in [*given[0], *given[1].values()] if isinstance(x, torch.Tensor)]
    if not leaves or not result.requires_grad:
        return None
    return [plain(g) for g in torch.autograd.grad(result.sum(), leaves, retain_graph=True, allow_unused=True, materialize_grads=True)]


def attempt(function):
    try:
        return function()
    except NotImplementedError:
        return None


def asked(distribution, given, value):
    """What it says, and the gradients of that."""
    entry = {}
    for what in ("mean", "variance", "stddev", "mode"):
        entry[what] = plain(attempt(lambda: getattr(distribution, what)))
    share = torch.tensor([0.125, 0.5, 0.75], dtype=value.dtype).reshape(-1, *[1] * len(distribution.batch_shape))
    methods = {
        "logProb": lambda: distribution.log_prob(value),
        "entropy": lambda: distribution.entropy(),
        "cdf": lambda: distribution.cdf(value),
        "icdf": lambda: distribution.icdf(share),
        "enumerateSupport": lambda: distribution.enumerate_support(),
    }
    for name, method in methods.items():
        result = attempt(method)
        entry[name] = None if result is None else {"value": plain(result), "grads": gradients(result, given)}
    return entry


def drawn(distribution, given, seed):
    shape = (2, 3)
    torch.manual_seed(seed)
    entry = {"sample": plain(distribution.sample(shape))}
    torch.manual_seed(seed)
    result = distribution.rsample(shape) if distribution.has_rsample else None
    entry["rsample"] = None if result is None else {"value": plain(result), "grads": gradients(result, given)}
    return entry


entries = []
divergences = []
for name, arguments, value_of in cases():
    for number, (args, options) in enumerate(arguments):
        for dtype in (torch.float32, torch.float64):
            seed = seed_for("distributions", name, number)
            generator.manual_seed(seed)
            torch.set_default_dtype(dtype)
            torch.manual_seed(seed + 1)
            given, distribution = constructed(name, args, options, dtype)
            # Not of a mixture: PyTorch prints what it has worked out of one, too.
            printed = None if name in MADE and "Mixture" in name else str(distribution)
            value = value_of(distribution).detach()
            entry = {"distribution": name, "dtype": str(dtype).removeprefix("torch."), "seed": seed, **stated(given)}
            entry["printed"] = printed
            entry["batchShape"], entry["eventShape"] = list(distribution.batch_shape), list(distribution.event_shape)
            entries.append({**entry, "value": plain(value), **asked(distribution, given, value), **drawn(distribution, given, seed)})
            if dtype != torch.float64:
                continue
            for others, other_options in arguments:
                both = [(args, options), (others, other_options)]
                p, q = (constructed(name, *one, dtype) for one in both)
                try:
                    result = attempt(lambda: D.kl_divergence(p[1], q[1]))
                except (IndexError, RuntimeError, ValueError):
                    continue  # shapes that do not broadcast, or that PyTorch does not broadcast
                if result is not None:
                    grads = [gradients(result, p[0]), gradients(result, q[0])]
                    divergences.append(
                        {"distribution": name, "p": stated(p[0]), "q": stated(q[0]), "value": plain(result), "grads": grads}
                    )

path = REPOSITORY / "packages/distributions/test/fixtures/distributions.json"
path.parent.mkdir(parents=True, exist_ok=True)
lines = {"entries": entries, "divergences": divergences}
body = ",\n".join(f'"{k}": [\n' + ",\n".join(json.dumps(x) for x in v) + "\n]" for k, v in lines.items())
path.write_text(f'{{"torch": "{torch.__version__}",\n{body}}}\n')
