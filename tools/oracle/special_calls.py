"""The calls whose special values are drawn: (Kindling's name, PyTorch's function, a maker of its arguments from a `Draw`).

The arguments are as Kindling takes them: required ones by position, options by PyTorch's names, of which Kindling's are the
camelCase.
"""

import re

import torch
import torch.nn.functional as F
from fixture import Unsupported

UNARY = """abs neg sign square sqrt rsqrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh
acosh atanh sigmoid erf erfc erfinv lgamma digamma floor ceil round trunc frac reciprocal isnan isinf isfinite isneginf isposinf
signbit relu positive logit""".split()
BINARY = """add sub mul div pow fmod remainder floor_divide xlogy""".split()
OF_TENSORS = """atan2 copysign fmax fmin heaviside hypot logaddexp logaddexp2 maximum minimum""".split()
COMPARISONS = "eq ne lt le gt ge".split()


inf = float("inf")
KINKS = [1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.0, 0.1]
POSITIVE = [0.1, 0.5, 1.0, 2.0, 3.3, 7.0, 100.0, float("inf"), float("nan"), -0.5, -1.3, 0.0]


def camel(name):
    return re.sub(r"_([a-z0-9])", lambda m: m[1].upper(), name)


def vector(d):
    return d.tensor(d.pick(1, 4, 9, 19))


def matrix(d):
    return d.tensor(d.pick(1, 3), d.pick(1, 2, 4, 9))


def call(name, arguments, function=None, kindling=None):
    return (kindling or camel(name), function or getattr(torch, name), arguments)


def elementwise():
    for name in UNARY:
        if name not in ("lgamma", "digamma"):
            yield call(name, lambda d: ([vector(d)], {}))
    # At poles PyTorch's derivatives are large numbers of no meaning; that of digamma is good to 1e-9 only.
    yield call("lgamma", lambda d: ([d.tensor(5, of=POSITIVE)], {}))
    yield call("digamma", lambda d: ([d.tensor(5, of=POSITIVE, grad=False)], {}))
    yield call("logit", lambda d: ([vector(d)], {"eps": d.pick(0.1, 0.5, 0.6, 1e-6, 1.0)}))
    yield call("nan_to_num", lambda d: ([vector(d)], d.pick({}, {"nan": 0.1}, {"posinf": 0.1, "neginf": -0.3}, {"nan": float("inf")})))
    yield call("round", lambda d: ([vector(d)], {"decimals": d.pick(1, -1, 3)}))

    def operands(d):
        n = d.pick(1, 4, 9, 19)
        return [d.tensor(n), d.tensor(d.pick(n, 1))]

    def with_number(d):
        x = vector(d)
        return d.pick([x, d.number()], [x, d.pick(0.1, 0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -2.0, -0.5, 4.0)])

    for name in [*BINARY, *OF_TENSORS, *COMPARISONS]:
        # The vector kernel of fmod gives NaN where the quotient overflows.
        yield call(name, lambda d, name=name: ([d.moderate(9), d.moderate(9)] if name == "fmod" else operands(d), {}))
    for name in [*BINARY, *COMPARISONS]:
        yield call(name, lambda d: (with_number(d), {}))
    yield call("div", lambda d: (d.pick(operands, with_number)(d), {"rounding_mode": d.pick("trunc", "floor")}))
    yield call("pow", lambda d: (with_number(d)[::-1], {}), lambda a, b: torch.pow(a, b))
    yield call("pow", lambda d: ([vector(d), d.pick(0.5, 1.5, 2.5, -0.5, 1.0, 3.0)], {}))
    yield call("rsub", lambda d: (with_number(d), {}))
    yield call("add", lambda d: (operands(d), {"alpha": d.number()}))
    yield call("sub", lambda d: (operands(d), {"alpha": d.number()}))
    yield call("addcmul", lambda d: ([*operands(d), d.tensor(1)], {"value": d.number()}))
    yield call("addcdiv", lambda d: ([*operands(d), d.tensor(1)], {"value": d.number()}))
    yield call("lerp", lambda d: ([*operands(d), d.pick(d.tensor(1), d.number())], {}))
    yield call("where", lambda d: where_arguments(d, operands(d)))
    yield call("isclose", lambda d: (operands(d), {"equal_nan": d.pick(True, False), "rtol": d.pick(1e-5, 0.5)}))

    def clamping(d):
        x = vector(d)
        low = d.pick(d.number(), 0.1, None, d.tensor(x.numel()))
        high = d.tensor(x.numel()) if isinstance(low, torch.Tensor) else d.pick(d.number(), 0.7, None if low is not None else 0.3)
        if d.pick(0, 1) and isinstance(low, torch.Tensor):
            high = None
        return [x], {k: v for k, v in (("min", low), ("max", high)) if v is not None}

    yield call("clamp", clamping)
    yield call("clamp_min", lambda d: (d.pick(with_number, operands)(d), {}))
    yield call("clamp_max", lambda d: (d.pick(with_number, operands)(d), {}))


def where_arguments(d, operands):
    return [torch.tensor([d.pick(True, False) for _ in range(operands[0].numel())]), *operands], {}


def reductions():
    def dim(d):
        return [matrix(d), d.pick(0, 1, -1)]

    def some(d):
        return d.pick([matrix(d)], dim(d))

    for name in "sum mean nansum nanmean".split():
        # Sums of numbers that cancel are noise.
        yield call(name, lambda d: ([d.moderate(3, 4), *d.pick([], [0], [1])], {}))
    for name in "amax amin var std std_mean var_mean logsumexp all any count_nonzero".split():
        maker = dim if name == "logsumexp" else some
        yield call(name, lambda d, maker=maker: (maker(d), {}))
    yield call("var", lambda d: (dim(d), {"correction": d.pick(0, 1, 2)}))
    yield call("std", lambda d: (dim(d), {"correction": d.pick(0, 1, 2)}))
    yield call("var_mean", lambda d: (dim(d), {"correction": d.pick(0, 1, 2)}))
    yield call("std_mean", lambda d: (dim(d), {"correction": d.pick(0, 1, 2)}))
    for name in "argmax argmin max min median nanmedian".split():
        yield call(name, lambda d: (some(d), {}))
    yield call("prod", lambda d: (d.pick([d.moderate(2, 3)], [d.moderate(3, 2), d.pick(0, 1)]), {}))
    for name in "cumsum cummax cummin mode softmax log_softmax".split():
        yield call(name, lambda d: (dim(d), {}))
    for name in "cumprod logcumsumexp".split():
        yield call(name, lambda d: ([d.moderate(3, d.pick(1, 2, 5)), d.pick(0, 1)], {}))
    yield call("softmin", lambda d: (dim(d), {}), F.softmin)
    yield call("aminmax", lambda d: ([matrix(d)], d.pick({}, {"dim": 1})))
    yield call("diff", lambda d: ([matrix(d)], {}))
    for name in ("quantile", "nanquantile"):
        # Of equal elements an unstable sort picks the one that gets the gradient.
        yield call(name, lambda d: ([matrix(d).detach(), d.pick(0.0, 0.3, 0.5, 1.0), d.pick(0, 1)], {}))
    powers = [0, 1, 2, 3, 0.5, -1, float("inf"), float("-inf")]
    yield call("norm", lambda d: ([d.moderate(3, d.pick(1, 4, 9)), d.pick(*powers), d.pick(0, 1)], {}))
    yield call("norm", lambda d: ([d.moderate(3, d.pick(1, 4, 9)), d.pick(*powers)], {}))
    yield call("vector_norm", lambda d: ([d.moderate(3, d.pick(1, 4, 9)), d.pick(*powers), d.pick(0, 1)], {}), torch.linalg.vector_norm, "linalg.vectorNorm")
    yield call("vector_norm", lambda d: ([d.tensor(3, 2, of=[0.0, -0.0, 1.5]), d.pick(*powers), 1], {}), torch.linalg.vector_norm, "linalg.vectorNorm")
    yield call(
        "matrix_norm",
        lambda d: ([d.moderate(3, 4), d.pick("fro", 1, -1, float("inf"), float("-inf"))], {}),
        torch.linalg.matrix_norm,
        "linalg.matrixNorm",
    )
    yield call("trace", lambda d: ([d.tensor(3, 3)], {}))
    yield call("histc", lambda d: ([vector(d)], {"bins": d.pick(3, 7), "min": d.pick(-1, 0.1, 0), "max": d.pick(0.7, 1, 3)}))
    yield call("histc", lambda d: ([d.moderate(d.pick(1, 4, 9))], {"bins": 4}))


def orders():
    def dim(d):
        return [matrix(d), d.pick(0, 1)]

    for name in ("sort", "argsort"):
        yield call(name, lambda d: (dim(d), {"descending": d.pick(True, False), "stable": True}), stable(name))
    yield call("msort", lambda d: ([matrix(d)], {}))
    yield call("topk", lambda d: ([matrix(d), 1], {"largest": d.pick(True, False)}))
    yield call("topk", lambda d: ([d.tensor(9), d.pick(3, 9)], {"largest": d.pick(True, False)}))
    yield call("kthvalue", lambda d: ([d.tensor(d.pick(3, 9)), d.pick(1, 2, 3)], {}))
    yield call("unique", lambda d: ([d.tensor(9, grad=False)], {"return_counts": True, "return_inverse": True}), torch.unique)
    yield call("unique", lambda d: ([d.tensor(4, 2, grad=False)], {"dim": 0}), torch.unique)
    yield call("unique_consecutive", lambda d: ([d.tensor(9, grad=False)], {"return_counts": True}), torch.unique_consecutive)

    def sorted_and_values(d):
        return [d.tensor(6, grad=False).sort().values, d.tensor(9, grad=False)]

    yield call("searchsorted", lambda d: (sorted_and_values(d), {"right": d.pick(True, False)}))
    yield call("bucketize", lambda d: (sorted_and_values(d)[::-1], {"right": d.pick(True, False)}))
    yield call("equal", lambda d: ([d.tensor(2), d.tensor(2)], {}))
    yield call("allclose", lambda d: ([d.tensor(2), d.tensor(2)], {"equal_nan": d.pick(True, False)}))
    yield call("nonzero", lambda d: ([vector(d)], {}))


def stable(name):
    def run(x, dim, **options):
        return getattr(torch, name)(x, dim=dim, **options)

    return run


def products():
    yield call("mm", lambda d: ([d.tensor(2, 3), d.tensor(3, 2)], {}))
    yield call("mv", lambda d: ([d.tensor(2, 3), d.tensor(3)], {}))
    yield call("dot", lambda d: ([d.tensor(3), d.tensor(3)], {}))
    yield call("outer", lambda d: ([d.tensor(3), d.tensor(2)], {}))
    yield call("matmul", lambda d: ([d.tensor(2, 2, 3), d.tensor(3, 2)], {}))
    yield call("cross", lambda d: ([d.tensor(2, 3), d.tensor(2, 3)], {"dim": 1}))
    yield call("cdist", lambda d: ([d.moderate(3, 2), d.moderate(2, 2)], {"p": d.pick(0.0, 1.0, 2.0, 3.0, float("inf"))}))
    yield call("dist", lambda d: ([d.moderate(3), d.moderate(3)], {"p": d.pick(0, 1, 2, 3, float("inf"), 0.5)}))
    yield call("cosine_similarity", lambda d: ([d.moderate(2, 3), d.moderate(2, 3), 1], {}))
    yield call("pairwise_distance", lambda d: ([d.moderate(2, 3), d.moderate(2, 3)], {"p": d.pick(1.0, 2.0, 3.0, float("inf"))}))


def written():
    """What writes several values to one place."""
    few = [0.0, -0.0, 1.0, -2.0, 0.5, 3.0]

    def several(d, *shape):
        return d.tensor(*shape, of=few) if d.share == 0 else d.moderate(*shape)

    for how in ("sum", "prod", "mean", "amax", "amin"):
        yield call(
            "scatter_reduce",
            lambda d, how=how: ([several(d, 4), 0, d.integers(7, high=4), several(d, 7), how], d.pick({}, {"include_self": False})),
        )
        if how == "sum":
            continue
        yield call(
            "index_reduce",
            lambda d, how=how: ([several(d, 3, 2), 0, d.integers(5, high=3), several(d, 5, 2), how], d.pick({}, {"include_self": False})),
        )


def special_functions():
    for name in "ndtr ndtri erfcx entr i0 i0e i1 i1e sinc".split():
        function = getattr(torch.special, name)
        yield call(name, lambda d: ([vector(d)], {}), function, f"special.{camel(name)}")
    # Further below 0 PyTorch's derivative is a difference of large numbers.
    yield call("log_ndtr", lambda d: ([d.tensor(6, of=[-3.0, -1.0, 0.0, 1.0, 5.0, 8.0, 14.0, 60.0, float("inf"), float("-inf"), float("nan")])], {}), torch.special.log_ndtr, "special.logNdtr")
    yield call("xlog1py", lambda d: ([d.tensor(9), d.tensor(9)], {}), torch.special.xlog1py, "special.xlog1py")


def creations():
    def bounds(d):
        return [d.pick(0.1, -0.3, 1.0, 16777217.0, 1e-3), d.pick(0.7, 3.3, 2.0, 100.0), d.pick(1, 2, 5, 7)]

    yield call("linspace", lambda d: (bounds(d), {"dtype": d.dtype}))
    yield call("logspace", lambda d: ([d.pick(0.1, -0.3, 1.0), d.pick(0.7, 3.3, 2.0), d.pick(1, 2, 5)], {"dtype": d.dtype, "base": d.pick(10.0, 2.0, 0.3)}))
    yield call("arange", lambda d: ([d.pick(0.1, -0.3, 1.5), d.pick(3.7, 4.3), d.pick(0.1, 0.3, 0.7)], {"dtype": d.dtype}))
    yield call("full", lambda d: ([[2], d.number()], {"dtype": d.dtype}))


def core_calls():
    return [*elementwise(), *reductions(), *orders(), *products(), *written(), *special_functions(), *creations()]


def activations():
    def of(name, **options):
        def arguments(d):
            given = {k: d.pick(*v) for k, v in options.items()}
            return [vector(d)], given

        return call(name, arguments, getattr(F, name), camel(name))

    yield from (of(n) for n in "relu relu6 selu silu mish hardswish hardsigmoid tanhshrink tanh sigmoid".split())
    yield call("softsign", lambda d: ([d.tensor(5, of=[0.0, -0.0, 1.0, -2.0, 1e30, inf, -inf, float("nan")])], {}), F.softsign)
    yield call("logsigmoid", lambda d: ([vector(d)], {}), F.logsigmoid, "logSigmoid")
    yield of("leaky_relu", negative_slope=[0.01, 0.1, -0.5, 0.0])
    yield of("elu", alpha=[1.0, 0.1, 2.0])
    yield of("celu", alpha=[1.0, 0.1, 2.0])
    yield of("gelu", approximate=["none", "tanh"])
    yield of("hardtanh", min_val=[-1.0, -0.1, 0.0], max_val=[1.0, 0.7, 0.1])
    yield of("hardshrink", lambd=[0.5, 0.1, 0.0])
    yield of("softshrink", lambd=[0.5, 0.1, 0.0])
    yield of("softplus", beta=[1.0, 0.1, 2.0], threshold=[20.0, 1.1])
    yield call("threshold", lambda d: ([vector(d), d.pick(0.1, 0.5, 0.0), d.pick(0.3, 20.0, float("nan"))], {}), F.threshold)
    yield call("prelu", lambda d: ([d.tensor(2, 3), d.pick(d.tensor(1), d.tensor(3))], {}), F.prelu)
    yield call("glu", lambda d: ([d.moderate(2, 4)], {}), F.glu)
    yield call("normalize", lambda d: ([d.pick(d.moderate(2, 3), d.tensor(2, 3, of=[0.0]))], {"p": d.pick(1.0, 2.0, 3.0, float("inf"))}), F.normalize)
    yield call("layer_norm", lambda d: ([d.moderate(2, 4), [4]], {}), F.layer_norm)
    yield call("rms_norm", lambda d: ([d.moderate(2, 4), [4]], {}), F.rms_norm)
    yield call("bilinear", lambda d: ([d.tensor(2, 2), d.tensor(2, 2), d.tensor(1, 2, 2)], {}), F.bilinear)


def attended(q, k, v, **options):
    """Without queries all of whose scores are NaN: their greatest score is NaN to PyTorch's vectors and -inf beyond the last whole one, so
    that it depends on the machine whether they give NaN or 0."""
    scores = (q @ k.transpose(-2, -1)).detach()
    if options.get("is_causal"):
        scores = scores.masked_fill(torch.ones(scores.shape[-2:]).triu(1).bool(), -inf)
    if ((scores.isnan() | (scores == -inf)).all(-1) & scores.isnan().any(-1)).any():
        raise Unsupported("the greatest of scores that are all NaN")
    return F.scaled_dot_product_attention(q, k, v, **options)


def attentions():
    # A row of scores that are all NaN gives PyTorch NaN, and 0 where there are fewer keys than its vectors have lanes and no mask.
    def attention(d):
        keys = 16
        masks = [{"attn_mask": d.moderate(2, keys, grad=False)}, {"attn_mask": d.integers(2, keys, high=2).bool()}]
        options = d.pick({}, {"is_causal": True}, *masks)
        scored = (lambda *shape: d.tensor(*shape, of=KINKS)) if options.get("is_causal") else d.moderate
        return [scored(1, 1, 2, 2), scored(1, 1, keys, 2), d.moderate(1, 1, keys, 2)], options

    yield call("scaled_dot_product_attention", attention, attended)

    # More queries than PyTorch takes at a time.
    def causal(d):
        return [d.tensor(1, 1, 40, 2, of=KINKS), d.tensor(1, 1, 70, 2, of=KINKS), d.tensor(1, 1, 70, 2, of=KINKS)], {"is_causal": True}

    yield call("scaled_dot_product_attention", causal, attended)


def losses():
    def loss(name, arguments, **options):
        def maker(d):
            given = {k: d.pick(*v) for k, v in options.items()}
            args = arguments(d)
            extra = args.pop() if isinstance(args[-1], dict) else {}
            return args, {**extra, **given, "reduction": d.pick("none", "mean", "sum")}

        return call(name, maker, getattr(F, name), camel(name))

    def pair(d):
        n = d.pick(1, 5, 9)
        return [d.tensor(n), d.tensor(n, grad=d.pick(True, False))]

    def signs(d, n):
        return d.tensor(n, grad=False, of=[1.0, -1.0, 1.0, -1.0, float("nan"), 0.0, float("inf")] if d.share > 0.2 else [1.0, -1.0])

    def classes(d, n, c):
        return d.tensor(n, c), d.integers(n, high=c)

    def ignoring(d, n, c):
        target = d.integers(n, high=c)
        target[d.random.randrange(n)] = d.pick(-100, 0)
        return target

    yield loss("l1_loss", pair)
    yield loss("mse_loss", pair)
    yield loss("smooth_l1_loss", pair, beta=[1.0, 0.5, 0.0, 0.1])
    yield loss("huber_loss", pair, delta=[1.0, 0.5, 0.1])
    # Where exp(-y x) overflows PyTorch gives infinity and NaN, Kindling the limits.
    bounded = [0.0, -0.0, 1.0, -1.0, 0.5, 3.3, -6.0, float("nan")]
    yield loss("soft_margin_loss", lambda d: [d.tensor(5, of=bounded), d.tensor(5, grad=False, of=[1.0, -1.0])])
    yield loss("hinge_embedding_loss", lambda d: [d.tensor(5), signs(d, 5)], margin=[1.0, 0.1])
    yield loss("margin_ranking_loss", lambda d: [d.tensor(5), d.tensor(5), signs(d, 5)], margin=[0.0, 1.0, 0.1])
    yield loss("kl_div", lambda d: [d.tensor(2, 3), d.tensor(2, 3, of=[0.0, 0.5, 1.0, 2.5, -0.0, float("nan")])], log_target=[True, False])
    yield loss("poisson_nll_loss", pair, log_input=[True, False], full=[True, False])
    positive = [0.0, 0.5, 1.0, 2.0, 1e-8, float("inf"), float("nan")]
    yield loss("gaussian_nll_loss", lambda d: [d.moderate(2, 3), d.moderate(2, 3), d.tensor(2, 3, of=positive)], full=[True, False])
    unit = [0.0, 1.0, 0.5, 0.1, 0.9]
    weights = [0.0, 0.5, 1.0, 2.0, 0.1]
    edge = [*unit, -0.1, 1.5, float("nan"), float("inf")]

    def probabilities(d):
        return [d.tensor(5, of=unit if d.share < 0.4 else edge), d.tensor(5, of=unit if d.pick(0, 1) else edge, grad=d.pick(True, False))]

    yield loss("binary_cross_entropy", lambda d: probabilities(d))
    yield loss("binary_cross_entropy", lambda d: [*probabilities(d), {"weight": d.tensor(5, grad=False, of=weights)}])
    yield loss("binary_cross_entropy_with_logits", pair)
    yield loss("binary_cross_entropy_with_logits", lambda d: [d.tensor(2, 3), d.tensor(2, 3), {"pos_weight": d.tensor(3, grad=False, of=weights), "weight": d.tensor(3, grad=False, of=weights)}])
    yield loss("multilabel_soft_margin_loss", lambda d: [d.tensor(2, 3), d.tensor(2, 3, grad=False, of=unit)])
    yield loss("multilabel_soft_margin_loss", lambda d: [d.tensor(2, 3), d.tensor(2, 3, grad=False, of=unit), {"weight": d.tensor(3, grad=False, of=weights)}])
    yield loss("multi_margin_loss", lambda d: [*classes(d, 3, 4)], p=[1, 2], margin=[1.0, 0.1])
    yield loss("multi_margin_loss", lambda d: [*classes(d, 3, 4), {"weight": d.tensor(4, grad=False, of=weights)}], p=[1, 2])
    yield loss("multilabel_margin_loss", lambda d: [d.tensor(2, 3), torch.tensor([[0, 2, -1], [1, -1, 0]])])
    yield loss("nll_loss", lambda d: [d.tensor(4, 3), ignoring(d, 4, 3)])
    yield loss("nll_loss", lambda d: [d.tensor(4, 3), ignoring(d, 4, 3), {"weight": d.tensor(3, grad=False, of=weights)}])
    yield loss("cross_entropy", lambda d: [d.tensor(4, 3), ignoring(d, 4, 3)], label_smoothing=[0.0, 0.0, 0.1])
    yield loss("cross_entropy", lambda d: [d.tensor(4, 3), ignoring(d, 4, 3), {"weight": d.tensor(3, grad=False, of=weights)}], label_smoothing=[0.0, 0.1])
    yield loss("cross_entropy", lambda d: [d.tensor(2, 3, 2), ignoring(d, 4, 3).reshape(2, 2)], label_smoothing=[0.0, 0.1])
    yield loss("cross_entropy", lambda d: [d.tensor(2, 3), d.tensor(2, 3, of=unit)], label_smoothing=[0.0, 0.1])
    yield loss("cross_entropy", lambda d: [d.tensor(2, 3), d.tensor(2, 3, of=unit), {"weight": d.tensor(3, grad=False, of=weights)}], label_smoothing=[0.0, 0.1])
    yield loss("cosine_embedding_loss", lambda d: [d.moderate(3, 2), d.moderate(3, 2), d.tensor(3, grad=False, of=[1.0, -1.0])], margin=[0.0, 0.5])
    yield loss("triplet_margin_loss", lambda d: [d.moderate(2, 3), d.moderate(2, 3), d.moderate(2, 3)], p=[1.0, 2.0, 3.0], swap=[True, False], margin=[1.0, 0.1])
    yield loss("triplet_margin_with_distance_loss", lambda d: [d.moderate(2, 3), d.moderate(2, 3), d.moderate(2, 3)], swap=[True, False])
    yield loss("ctc_loss", ctc, zero_infinity=[True, False])


def ctc(d):
    log_p = d.tensor(5, 2, 3, of=[0.0, -0.5, -1.0, -3.0, -0.1, *([float("-inf"), float("nan")] if d.share > 0.2 else [])])
    if d.pick(0, 1):
        log_p = log_p.detach().log_softmax(2).requires_grad_(True)
    return [log_p, d.integers(2, 2, low=1, high=3), torch.tensor([5, d.pick(4, 1)]), torch.tensor([2, d.pick(2, 1)])]


def functional_calls():
    return [*activations(), *attentions(), *losses()]
