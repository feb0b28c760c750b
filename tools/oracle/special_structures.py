"""More calls whose special values are drawn: products with a summand, what moves and places elements, statistics, special functions of two
operands or with an order, layers' functions. In the form of `special_calls.py`."""

import torch
import torch.nn.functional as F
from special_calls import call, camel, matrix, vector

# Where the incomplete gamma functions are good to more than 9 digits in PyTorch.
MODEST = [0.1, 0.5, 1.0, 2.0, 3.3, 7.0, float("inf"), float("nan"), 0.0]
POSITIVE = [0.1, 0.5, 1.0, 2.0, 3.3, 7.0, 100.0, float("inf"), float("nan"), 0.0]


def own(name, arguments, function=None):
    """A call that passes its arguments on as Kindling takes them."""
    return call(name, arguments, function)


def products():
    def scales(d):
        return d.pick({}, {"beta": 0.0, "alpha": 2.0}, {"beta": 0.5}, {"alpha": 0.0})

    yield own("addmm", lambda d: ([d.tensor(d.pick(2, 1), 2), d.tensor(2, 3), d.tensor(3, 2)], scales(d)))
    yield own("addmv", lambda d: ([d.tensor(2), d.tensor(2, 3), d.tensor(3)], scales(d)))
    yield own("addr", lambda d: ([d.tensor(2, 3), d.tensor(2), d.tensor(3)], scales(d)))
    yield own("baddbmm", lambda d: ([d.tensor(2, 2, 2), d.tensor(2, 2, 3), d.tensor(2, 3, 2)], scales(d)))
    yield own("addbmm", lambda d: ([d.tensor(2, 2), d.tensor(2, 2, 3), d.tensor(2, 3, 2)], scales(d)))
    yield own("bmm", lambda d: ([d.tensor(2, 2, 3), d.tensor(2, 3, 2)], {}))
    yield own("inner", lambda d: ([d.tensor(2, 3), d.tensor(3)], {}))
    yield own("kron", lambda d: ([d.tensor(2, 2), d.tensor(2)], {}))
    yield own("pdist", lambda d: ([d.moderate(4, 2)], {"p": d.pick(0.0, 0.5, 1.0, 2.0, 3.0, float("inf"))}), F.pdist)
    yield own("renorm", lambda d: ([d.moderate(3, 2), d.pick(1, 2, 3), 0, 1.5], {}))


def placed():
    def along(d):
        return [d.tensor(3, 2), 0, d.integers(5, high=3), d.tensor(5, 2)]

    yield own("index_add", lambda d: (along(d), d.pick({}, {"alpha": 0.0}, {"alpha": 2.0})))
    yield own("index_copy", lambda d: ([d.tensor(3, 2), 0, torch.tensor([2, 0]), d.tensor(2, 2)], {}))
    yield own("index_fill", lambda d: ([d.tensor(3, 2), 0, torch.tensor([2, 0]), d.number()], {}))
    yield own("scatter_add", lambda d: ([d.tensor(4), 0, d.integers(7, high=4), d.tensor(7)], {}))
    yield own("gather", lambda d: ([d.tensor(4), 0, d.integers(7, high=4)], {}))
    yield own("masked_fill", lambda d: ([d.tensor(4), torch.tensor([True, False, True, False]), d.number()], {}))
    yield own("tril", lambda d: ([d.tensor(3, 3)], {}))
    yield own("triu", lambda d: ([d.tensor(3, 3)], {}))
    yield own("cov", lambda d: ([d.moderate(2, 3)], {}))
    yield own("corrcoef", lambda d: ([d.moderate(2, 3)], {}))
    yield own("trapezoid", lambda d: ([d.tensor(2, 4)], {}))
    yield own("cumulative_trapezoid", lambda d: ([d.tensor(2, 4)], {}))
    yield own("einsum", lambda d: (["ij,j->i", d.tensor(2, 3), d.tensor(3)], {}))


def special_functions():
    for name in "deg2rad rad2deg sgn angle i0 sinc".split():
        yield own(name, lambda d: ([vector(d)], {}))
    for name in "float_power ldexp".split():
        yield own(name, lambda d, name=name: ([d.moderate(9), d.tensor(9, grad=name == "float_power", of=[0.0, 1.0, 2.0, -1.0, 0.5, 3.0])], {}))
    yield own("nextafter", lambda d: ([d.tensor(9, grad=False), d.tensor(9, grad=False)], {}))
    # PyTorch's trigamma, the derivative of the digamma function, is good to 1e-9 only.
    poles = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, -1.0, -2.0, -3.0]
    for n in range(4):
        of = poles if n < 2 else [*poles, *POSITIVE, -0.5]
        yield own("polygamma", lambda d, n=n, of=of: ([n, d.tensor(6, of=of)], {}))
    for name in "igamma igammac".split():
        yield own(name, lambda d: ([d.tensor(9, of=MODEST, grad=False), d.tensor(9, of=MODEST)], {}))
    yield call("zeta", lambda d: ([d.tensor(9, of=[*POSITIVE, 1.5, 1.0], grad=False), d.tensor(9, of=[*POSITIVE, -0.5, -1.0])], {}), torch.special.zeta, "special.zeta")
    yield own("mvlgamma", lambda d: ([d.tensor(4, of=[1.1, 2.0, 3.3, 7.0, float("inf")]), d.pick(1, 2, 3)], {}))
    for name in "bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0".split():
        of = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1.0, -1.0, 0.5, 3.0, -3.0]
        yield call(name, lambda d, of=of: ([d.tensor(6, grad=False, of=of)], {}), getattr(torch.special, name), f"special.{camel(name)}")
    for name in "chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p".split():
        of = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1.0, -1.0, 0.5, 3.0]
        yield call(name, lambda d, of=of: ([d.tensor(6, grad=False, of=of), d.integers(6, low=-1, high=6).to(d.dtype)], {}), getattr(torch.special, name), f"special.{camel(name)}")


def core_calls():
    return [*products(), *placed(), *special_functions()]


def normalizations():
    def factors(d, n):
        weight = d.moderate(n)
        kind = d.pick(0, 1, 2, 3)
        return {k: v for k, v in (("weight", weight if kind else None), ("bias", d.moderate(n) if kind > 1 else None)) if v is not None}

    yield own("layer_norm", lambda d: ([d.moderate(2, 4), [4]], factors(d, 4)), F.layer_norm)
    yield own("rms_norm", lambda d: ([d.moderate(2, 4), [4]], d.pick({}, {"weight": d.moderate(4)})), F.rms_norm)
    yield own("group_norm", lambda d: ([d.moderate(2, 4, 2), 2], factors(d, 4)), F.group_norm)
    yield own("instance_norm", lambda d: ([d.moderate(2, 2, 4)], factors(d, 2)), F.instance_norm)
    yield own("batch_norm", lambda d: ([d.moderate(3, 2, 2), None, None], {**factors(d, 2), "training": True}), F.batch_norm)
    positive = [0.0, 0.5, 1.0, 2.0, float("inf"), float("nan")]
    yield own("batch_norm", lambda d: ([d.moderate(3, 2, 2), d.moderate(2, grad=False), d.tensor(2, grad=False, of=positive)], factors(d, 2)), F.batch_norm)
    yield own("local_response_norm", lambda d: ([d.moderate(2, 3, 2), 2], {}), F.local_response_norm)
    yield own("normalize", lambda d: ([d.moderate(2, 3)], {"p": d.pick(0.0, 0.5, 2.0), "dim": d.pick(0, 1)}), F.normalize)


def windows():
    def image(d, *rest):
        return d.tensor(1, d.pick(1, 2), *rest)

    yield own("max_pool1d", lambda d: ([image(d, 6), 2], d.pick({}, {"stride": 1, "padding": 1}, {"ceil_mode": True, "stride": 3})), F.max_pool1d)
    yield own("max_pool2d", lambda d: ([image(d, 4, 4), 2], d.pick({}, {"stride": 1, "padding": 1}, {"dilation": 2})), F.max_pool2d)
    yield own("avg_pool2d", lambda d: ([image(d, 4, 4), 2], d.pick({}, {"stride": 1, "padding": 1}, {"padding": 1, "count_include_pad": False})), F.avg_pool2d)
    yield own("adaptive_max_pool2d", lambda d: ([image(d, 4, 5), [2, 3]], {}), F.adaptive_max_pool2d)
    yield own("adaptive_avg_pool2d", lambda d: ([image(d, 4, 5), [2, 3]], {}), F.adaptive_avg_pool2d)
    yield own("lp_pool1d", lambda d: ([d.moderate(1, 2, 6), d.pick(1, 2, 3), 2], {}), F.lp_pool1d)
    yield own("lp_pool2d", lambda d: ([d.moderate(1, 1, 4, 4), d.pick(1, 2, 3), 2], {}), F.lp_pool2d)
    yield own("conv1d", lambda d: ([d.tensor(1, 2, 4), d.tensor(2, 2, 2), d.pick(None, d.tensor(2))], d.pick({}, {"stride": 2}, {"padding": 1})), F.conv1d)
    yield own("conv2d", lambda d: ([d.tensor(1, 1, 3, 3), d.tensor(2, 1, 2, 2), d.tensor(2)], d.pick({}, {"stride": 2}, {"padding": 1})), F.conv2d)
    yield own("conv_transpose1d", lambda d: ([d.tensor(1, 2, 3), d.tensor(2, 2, 2), d.tensor(2)], d.pick({}, {"stride": 2}, {"padding": 1})), F.conv_transpose1d)
    yield own("unfold", lambda d: ([d.tensor(1, 1, 3, 3), 2], {}), F.unfold)
    yield own("pad", lambda d: ([d.tensor(1, 2, 4), [1, 1]], {"mode": d.pick("constant", "reflect", "replicate", "circular")}), F.pad)


def resampling():
    def modes(d):
        align = d.pick({}, {"align_corners": True})
        return d.pick({"mode": "nearest"}, {"mode": "bilinear", **align}, {"mode": "bicubic", **align}, {"mode": "area"})

    yield own("interpolate", lambda d: ([d.tensor(1, 1, 3, 3)], {"size": d.pick([4, 5], [2, 2], [6, 6]), **modes(d)}), F.interpolate)

    def sampled(d):
        mode, padding = d.pick("bilinear", "nearest", "bicubic"), d.pick("zeros", "border", "reflection")
        # PyTorch reads beside the memory where it has NaN for a position: bilinear, where padding is to keep it inside.
        wild = [[float("inf"), float("-inf")], [float("nan")]]
        beside = {"zeros": 2, "border": 1, "reflection": 0}[padding] if mode == "bilinear" else 2
        places = [0.0, 0.3, -0.7, 1.0, -1.0, 1.3, -2.2, *(sum(wild[:beside], []) if d.share > 0 else [])]
        x = d.tensor(1, 1, 3, 3) if d.pick(0, 1) else d.tensor(1, 2, 2, 3, of=[0.5, 1.0, -2.0, 3.0])
        options = {"mode": mode, "padding_mode": padding}
        return [x, d.tensor(1, 2, 2, 2, of=places)], {**options, "align_corners": d.pick(True, False)}

    yield own("grid_sample", sampled, F.grid_sample)


def learned():
    yield own("linear", lambda d: ([d.tensor(2, 3), d.tensor(2, 3), d.pick(None, d.tensor(2))], {}), F.linear)
    yield own("embedding", lambda d: ([d.integers(4, high=3), d.tensor(3, 2)], d.pick({}, {"padding_idx": 1}, {"scale_grad_by_freq": True})), F.embedding)
    yield own("embedding_bag", lambda d: ([d.integers(2, 3, high=3), d.tensor(3, 2)], {"mode": d.pick("sum", "mean", "max")}), F.embedding_bag)
    yield own("cosine_similarity", lambda d: ([d.moderate(2, 3), d.moderate(2, 3), d.pick(0, 1)], {}), F.cosine_similarity)
    yield own("softmax", lambda d: ([matrix(d), 1], {}), F.softmax)

    def divergence(d):
        special = [float("-inf"), float("nan"), 0.0, 0.5, 1.0, -2.0, -0.0, float("inf")]
        logs = d.pick(True, False)
        # The exponential of infinity: the second gradient is a sum of infinities of both signs.
        target = d.tensor(2, 3, of=special[:-1] if logs else special)
        return [d.tensor(2, 3, of=special), target], {"log_target": logs, "reduction": d.pick("none", "mean", "sum", "batchmean")}

    yield own("kl_div", divergence, F.kl_div)


def functional_calls():
    return [*normalizations(), *windows(), *resampling(), *learned()]
