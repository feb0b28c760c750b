"""Fixtures of single operations: packages/core/test/fixtures/ops and packages/nn/test/fixtures/functional."""

import itertools
import math
import sys

import torch
import warnings
from choose import choose
from database import SIZES, SMALLER, operator, samples
from fixture import Fixture, Unsupported
from ops_list import CORE, EDGES_BINARY, EDGES_UNARY, FLOATS_ONLY, FUNCTIONAL, FUNCTIONAL_LAYERS
from record import record
from whole_vectors import on_whole_vectors

# dtype, samples at most, bytes at most
PLAN = [
    (torch.float32, 30, 8_000),
    (torch.float64, 20, 8_000),
    (torch.int32, 12, 3_000),
    (torch.uint8, 10, 1_500),
    (torch.bool, 8, 1_500),
]
NAMES = {torch.int64: "int32"}

EDGE_VALUES = [
    -math.inf, -1e30, -1e4, -88.8, -20.0, -6.0, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, -1e-3, -1e-30, -0.0,
    0.0, 1e-30, 1e-3, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 6.0, 20.0, 88.8, 1e4, 1e30, math.inf, math.nan,
]  # fmt: skip
# PyTorch's float32 vector path of gelu, and its composed derivative of softsign, make NaN of what has a limit.
NAN_AT_INFINITY = {"nn.functional.gelu", "nn.functional.softsign"}
PAIR_VALUES = [-math.inf, -1e30, -3.0, -2.5, -1.0, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 1e30, math.inf, math.nan]


EMBEDDINGS = ("nn.functional.embedding", "nn.functional.embedding_bag")


def natural(name, args):
    """PyTorch's own argument order, where the database's wrapper has another one."""
    if name == "where":
        return [args[1], args[0], *args[2:]]
    if name in EMBEDDINGS:
        return [args[1], args[0], *args[2:]]
    if name == "einsum":
        return [args[1], args[0]]
    if name == "__getitem__":
        # x[1, 2] has two items, x[[1, 2]] one, a list; JSON would not tell them apart.
        return [args[0], list(args[1]) if isinstance(args[1], tuple) else [args[1]]]
    return list(args)


def up_to_signs(name, out):
    """Singular vectors and eigenvectors without their signs, and as many as there are values: others are not unique."""
    if name in ("linalg.svd", "svd"):
        u, s, v = out
        k = s.shape[-1]
        return u[..., :k].abs(), s, (v[..., :k, :] if name == "linalg.svd" else v[..., :k]).abs()
    return (out[0], out[1].abs()) if name == "linalg.eigh" else out


def caller(op):
    def call(*args, **kwargs):
        return up_to_signs(op.name, called(*args, **kwargs))

    def called(*args, **kwargs):
        if op.name in ("where", *EMBEDDINGS):
            return op.op(args[1], args[0], *args[2:], **kwargs)
        if op.name == "einsum":
            return op.op(args[1], args[0])
        if op.name == "__getitem__":
            return args[0][tuple(args[1])]
        return op.op(*args, **kwargs)

    return call


def drawn(op, dtype, sizes):
    floating = dtype.is_floating_point
    return [
        (natural(op.name, [s.input, *s.args]), with_draws(op.name, s.input, s.kwargs))
        for s in samples(op, dtype, floating and op.supports_autograd, sizes)
    ]


def with_draws(name, x, kwargs):
    """The numbers that fractional pooling would draw are given: the same on both sides."""
    if not name.startswith("nn.functional.fractional") or kwargs.get("_random_samples") is not None:
        return kwargs
    n = int(name[-2])
    return {**kwargs, "_random_samples": torch.rand(x.shape[0], x.shape[1], n, dtype=x.dtype)}


def shapes(op, candidates):
    """The database draws elementwise operations of one operand in one shape: others are cut from its values."""
    if op.name not in EDGES_UNARY or op.variant_test_name:
        return candidates
    values = candidates[0][0][0].detach().flatten()
    depth = (values.numel() - 1) // 6
    cut = [values[0], values[:0].reshape(0, 3), values[1 : 1 + 6 * depth].reshape(2, 3, depth), values[3:10]]
    grad = candidates[0][0][0].requires_grad
    return [*candidates, *(([v.clone().requires_grad_(grad)], {}) for v in cut)]


def edges(op, dtype):
    if op.name in EDGES_UNARY and not op.variant_test_name.startswith("decimals"):
        # At digamma's poles PyTorch's derivative is a large number of no meaning.
        pole = lambda v: op.name == "digamma" and v < 0 and (v < -1e3 or v == round(v))  # noqa: E731
        values = [v for v in EDGE_VALUES if not pole(v) and not (op.name in NAN_AT_INFINITY and math.isinf(v))]
        return [([torch.tensor(values, dtype=dtype, requires_grad=op.supports_autograd)], {})]
    if op.name in EDGES_BINARY:
        pairs = torch.tensor(list(itertools.product(PAIR_VALUES, PAIR_VALUES)), dtype=dtype)
        kwargs = {"div": {"trunc_rounding": {"rounding_mode": "trunc"}, "floor_rounding": {"rounding_mode": "floor"}}}
        kw = kwargs.get(op.name, {}).get(op.variant_test_name, {})
        x, y = (pairs[:, k].clone().requires_grad_(op.supports_autograd) for k in (0, 1))
        return [([x, y], kw)]
    return []


def generate_operator(fixture, name, variant):
    op = operator(name, variant)
    label = f"{name}[{variant}]" if variant else name
    if op is None:
        fixture.skip(label, "not in this torch's database")
        return
    for dtype, limit, budget in PLAN:
        if (name, variant) in FLOATS_ONLY and not dtype.is_floating_point:
            continue
        supported = op.supported_dtypes("cpu")
        if dtype not in supported:
            if dtype != torch.int32 or torch.int64 not in supported:
                continue
            dtype = torch.int64
        try:
            recorded = []
            for sizes in (SIZES, SMALLER):
                if not recorded:
                    chosen = choose(shapes(op, drawn(op, dtype, sizes)), limit, budget)
                    recorded = [r for a, k in chosen if (r := _record(fixture, op, label, a, k))]
        except Exception as error:
            fixture.skip(f"{label} {dtype}", f"drawing failed: {type(error).__name__}")
            continue
        if dtype.is_floating_point:
            for args, kwargs in edges(op, dtype):
                sample = _record(fixture, op, label, args, kwargs)
                recorded.append({**sample, "edge": 1} if sample else None)
        recorded = [r for r in recorded if r]
        if recorded:
            entry = {
                "op": name,
                "variant": variant,
                "dtype": NAMES.get(dtype, str(dtype)[6:]),
                "method": hasattr(torch.Tensor, name),
                "inPlace": hasattr(torch.Tensor, f"{name}_"),
                "samples": recorded,
            }
            fixture.add(entry)


def unspecified(op, args, kwargs):
    """Whether equal elements stand in another order than a stable sort's: PyTorch promises none."""
    if op.name not in ("sort", "argsort", "topk") or args[0].dim() == 0:
        return False
    given = {**dict(zip(("k", "dim", "largest") if op.name == "topk" else ("dim", "descending"), args[1:])), **kwargs}
    indices = op.op(*args, **kwargs)
    indices = indices if op.name == "argsort" else indices[1]
    dim = given.get("dim", -1)
    descending = given.get("largest", True) if op.name == "topk" else given.get("descending", False)
    stable = torch.sort(args[0], dim=dim, descending=descending, stable=True)[1]
    return not torch.equal(indices, stable.narrow(dim, 0, given["k"]) if "k" in given else stable)


def _record(fixture, op, label, args, kwargs):
    try:
        if unspecified(op, args, kwargs):
            raise Unsupported("an order of equal elements that PyTorch does not promise")
        return record(fixture, on_whole_vectors(caller(op), args, kwargs), args, kwargs)
    except Unsupported as reason:
        fixture.skip(label, str(reason))
    except Exception as error:
        fixture.skip(label, f"{type(error).__name__}: {str(error).splitlines()[0][:90]}")
    return None


def generate_family(folder, family, operators):
    fixture = Fixture(folder, family)
    for spec in operators:
        name, variant = spec if isinstance(spec, tuple) else (spec, "")
        generate_operator(fixture, name, variant)
    fixture.write()


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    # Families that are named, or all of them.
    wanted = sys.argv[1:] or [*CORE, "functional", "functional-layers"]
    for family, operators in CORE.items():
        if family in wanted:
            generate_family("packages/core/test/fixtures/ops", family, operators)
    if "functional" in wanted:
        generate_family("packages/nn/test/fixtures", "functional", FUNCTIONAL)
    if "functional-layers" in wanted:
        generate_family("packages/nn/test/fixtures", "functional-layers", FUNCTIONAL_LAYERS)


if __name__ == "__main__":
    main()
