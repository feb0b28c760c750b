"""Fixtures of the losses that PyTorch has not: packages/nn/test/fixtures/beyond-losses.

Each is written here as its paper has it, plainly, in float64, with autograd for the gradient. Kindling's own are fused and
rearranged for accuracy, so the two share nothing but the formula.
"""

import math

import torch
import torch.nn.functional as F
from fixture import Fixture, seed_for
from record import record

FOLDER = "packages/nn/test/fixtures"


def reduced(loss, reduction, sample_weight, share=None):
    """Kindling's reductions: weights multiply the unreduced loss, aligned with its first dimensions; `share` says how much
    of a mean's denominator each element is."""
    weight = None
    if sample_weight is not None:
        weight = sample_weight.reshape(sample_weight.shape + (1,) * (loss.dim() - sample_weight.dim())).expand_as(loss)
        loss = loss * weight
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if reduction == "mean":
        return loss.sum() / (loss.numel() if share is None else share.sum())
    return loss.sum() / (weight if share is None else weight * share).sum()


def elementwise(value):
    """A loss of input and target whose unreduced form has one value an element."""

    def loss(input, target, *args, reduction="mean", sample_weight=None, **options):
        return reduced(value(input, target, *args, **options), reduction, sample_weight)

    return loss


@elementwise
def sigmoid_focal_loss(x, t, alpha=0.25, gamma=2):
    p = torch.sigmoid(x)
    pt = p * t + (1 - p) * (1 - t)
    return (alpha * t + (1 - alpha) * (1 - t)) * (1 - pt) ** gamma * -(t * p.log() + (1 - t) * (1 - p).log())


def focal_loss(x, t, weight=None, gamma=2, ignore_index=-100, reduction="mean", sample_weight=None):
    p = torch.softmax(x, 1)
    w = torch.ones(x.shape[1], dtype=x.dtype) if weight is None else weight
    shaped = w.reshape((-1,) + (1,) * (x.dim() - 2))
    if t.is_floating_point():
        loss = (-shaped * t * (1 - p) ** gamma * p.log()).sum(1)
        return reduced(loss, reduction, sample_weight)
    kept = t != ignore_index
    safe = torch.where(kept, t, torch.zeros_like(t))
    pt = p.gather(1, safe.unsqueeze(1)).squeeze(1)
    scale = w[safe] * kept
    return reduced(-scale * (1 - pt) ** gamma * pt.log(), reduction, sample_weight, scale)


def overlap(x, t, ignore_index, batch, squared=False):
    """Sums over the pixels of p t, p (1 - t) and (1 - p) t (or of p^2 and t^2), per item and channel."""
    if t.is_floating_point():
        p, y, kept = torch.sigmoid(x), t, torch.ones_like(t)
    else:
        inside = t != ignore_index if ignore_index is not None else torch.ones_like(t, dtype=torch.bool)
        safe = torch.where(inside, t, torch.zeros_like(t))
        p, y = torch.softmax(x, 1), F.one_hot(safe, x.shape[1]).movedim(-1, 1).to(x.dtype)
        kept = inside.unsqueeze(1).to(x.dtype)
    dims = ([0] if batch else []) + list(range(2, x.dim()))
    total = lambda v: (v * kept).sum(dims)
    if squared:
        return total(p * y), total(p * p), total(y * y)
    return total(p * y), total(p * (1 - y)), total((1 - p) * y)


def region(value):
    def loss(x, t, reduction="mean", sample_weight=None, ignore_index=None, batch=False, squared=False, **options):
        return reduced(value(*overlap(x, t, ignore_index, batch, squared), squared=squared, **options), reduction, sample_weight)

    return loss


@region
def dice_loss(tp, fp, fn, smooth=1, squared=False):
    union = fp + fn if squared else 2 * tp + fp + fn
    return 1 - (2 * tp + smooth) / (union + smooth)


@region
def tversky_loss(tp, fp, fn, alpha=0.3, beta=0.7, smooth=1, squared=False):
    return 1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)


@region
def focal_tversky_loss(tp, fp, fn, alpha=0.3, beta=0.7, gamma=4 / 3, smooth=1, squared=False):
    return (1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)) ** (1 / gamma)


@region
def jaccard_loss(tp, fp, fn, smooth=1, squared=False):
    return 1 - (tp + smooth) / (tp + fp + fn + smooth)


@elementwise
def log_cosh_loss(x, t):
    return torch.log(torch.cosh(x - t))


@elementwise
def quantile_loss(x, t, q):
    if isinstance(q, list):
        q, t = torch.tensor(q, dtype=x.dtype), t.unsqueeze(-1)
    return torch.maximum(q * (t - x), (q - 1) * (t - x))


@elementwise
def asymmetric_loss(x, t, gamma_neg=4, gamma_pos=1, clip=0.05):
    p = torch.sigmoid(x)
    shifted = (p - clip).clamp(min=0)
    return -(t * (1 - p) ** gamma_pos * p.log() + (1 - t) * shifted**gamma_neg * (1 - shifted).log())


def margin_softmax(with_margin):
    def loss(cosine, target, scale=64, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean", **options):
        hot = torch.arange(cosine.shape[1]) == target.unsqueeze(1)
        logits = scale * torch.where(hot, with_margin(cosine, **options), cosine)
        return F.cross_entropy(
            logits, target, weight=weight, ignore_index=ignore_index, label_smoothing=label_smoothing, reduction=reduction
        )

    return loss


@margin_softmax
def arc_face_loss(cosine, margin=0.5, easy_margin=False):
    turned = torch.cos(torch.acos(cosine) + margin)
    if easy_margin:
        return torch.where(cosine > 0, turned, cosine)
    return torch.where(cosine > math.cos(math.pi - margin), turned, cosine - math.sin(math.pi - margin) * margin)


@margin_softmax
def cos_face_loss(cosine, margin=0.35):
    return cosine - margin


def info_nce_loss(query, key, negatives=None, temperature=0.1, symmetric=False, reduction="mean", sample_weight=None):
    q, k = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
    if negatives is None:
        logits = q @ k.T / temperature
        own = torch.arange(len(q))
        loss = F.cross_entropy(logits, own, reduction="none")
        if symmetric:
            loss = (loss + F.cross_entropy(logits.T, own, reduction="none")) / 2
    else:
        n = F.normalize(negatives, dim=-1)
        positive = (q * k).sum(1, keepdim=True)
        others = q @ n.T if n.dim() == 2 else (n @ q.unsqueeze(2)).squeeze(2)
        loss = -torch.log_softmax(torch.cat([positive, others], 1) / temperature, 1)[:, 0]
    return reduced(loss, reduction, sample_weight)


def sup_con_loss(features, labels, temperature=0.07, base_temperature=None, reduction="mean", sample_weight=None):
    views = features if features.dim() == 3 else features.unsqueeze(1)
    n, v, _ = views.shape
    z = F.normalize(views.reshape(n * v, -1), dim=1)
    y = labels.repeat_interleave(v)
    losses = []
    for i in range(n * v):
        others = [a for a in range(n * v) if a != i]
        logits = z[i] @ z[others].T / temperature
        mates = y[others] == y[i]
        losses.append(-(torch.log_softmax(logits, 0) * mates).sum() / max(int(mates.sum()), 1))
    loss = torch.stack(losses).reshape(features.shape[:-1]) * (temperature / (base_temperature or temperature))
    return reduced(loss, reduction, sample_weight)


def emd_loss(x, t, power=2, reduction="mean", sample_weight=None):
    if not t.is_floating_point():
        t = F.one_hot(t, x.shape[1]).movedim(-1, 1).to(x.dtype)
    difference = torch.cumsum(torch.softmax(x, 1), 1) - torch.cumsum(t, 1)
    return reduced((difference[:, :-1].abs() ** power).sum(1), reduction, sample_weight)


@elementwise
def wing_loss(x, t, omega=10, epsilon=2):
    d = (x - t).abs()
    return torch.where(d < omega, omega * torch.log(1 + d / epsilon), d - (omega - omega * math.log(1 + omega / epsilon)))


@elementwise
def adaptive_wing_loss(x, t, omega=14, theta=0.5, epsilon=1, alpha=2.1):
    d, power = (x - t).abs(), alpha - t
    ratio = (theta / epsilon) ** power
    slope = omega * power * (theta / epsilon) ** (power - 1) / (1 + ratio) / epsilon
    outside = slope * d - (theta * slope - omega * torch.log(1 + ratio))
    return torch.where(d < theta, omega * torch.log(1 + (d / epsilon) ** power), outside)


@elementwise
def charbonnier_loss(x, t, epsilon=1e-3):
    return torch.sqrt((x - t) ** 2 + epsilon**2)


def huber(r, delta):
    return torch.where(r.abs() <= delta, r * r / 2, delta * (r.abs() - delta / 2))


@elementwise
def fractional_huber_loss(x, t, delta=1):
    return huber(x / t - 1, torch.as_tensor(delta, dtype=x.dtype))


@elementwise
def binned_huber_loss(x, t, edges, thresholds, fractional=False):
    delta = thresholds[torch.bucketize(t, edges, right=True)]
    return huber(x / t - 1 if fractional else x - t, delta)


class Draw:
    """Tensors of one dtype from one seed."""

    def __init__(self, name, dtype):
        self.generator = torch.Generator().manual_seed(seed_for("beyond", name))
        self.dtype = dtype

    def normal(self, *shape, scale=1.0, grad=True):
        x = torch.randn(shape, generator=self.generator, dtype=torch.float64) * scale
        return x.to(self.dtype).requires_grad_(grad)

    def uniform(self, *shape, low=0.0, high=1.0, grad=False):
        x = torch.rand(shape, generator=self.generator, dtype=torch.float64) * (high - low) + low
        return x.to(self.dtype).requires_grad_(grad)

    def classes(self, count, *shape):
        return torch.randint(count, shape, generator=self.generator)

    def bits(self, *shape):
        return (torch.rand(shape, generator=self.generator) < 0.5).to(self.dtype)

    def distribution(self, *shape):
        return torch.softmax(self.normal(*shape, grad=False), 1)


def reductions(d, n):
    """Every reduction, with and without weights that require a gradient."""
    yield {}
    for reduction in ("none", "sum"):
        yield {"reduction": reduction}
    for reduction in ("none", "sum", "mean", "weightedMean"):
        yield {"reduction": reduction, "sample_weight": d.uniform(n, low=0.1, high=2, grad=True)}


def with_reductions(d, make, *options):
    """Each option object once, and each reduction once with the first of them."""
    for extra in options or ({},):
        yield make(), extra
    for extra in reductions(d, 4):
        yield make(), {**(options[0] if options else {}), **extra}


def regression(d):
    return lambda: [d.normal(4, 3, scale=2), d.normal(4, 3, scale=2)]


def segmentation(d):
    yield from with_reductions(d, lambda: [d.normal(4, 2, 3, 3, scale=2), d.bits(4, 2, 3, 3)], {}, {"batch": True}, {"smooth": 0.1})
    with_gap = d.classes(3, 4, 3, 2)
    with_gap[0, 1, 1] = 255
    yield from with_reductions(d, lambda: [d.normal(4, 3, 3, 2), d.classes(3, 4, 3, 2)])
    yield [d.normal(4, 3, 3, 2), with_gap], {"ignore_index": 255}


def margins(d, *options):
    make = lambda: [d.uniform(4, 5, low=-0.98, high=0.98, grad=True), d.classes(5, 4)]
    for o in [{}, *options]:
        yield make(), {"scale": 8, **o}
    yield make(), {}
    for reduction in ("none", "sum"):
        yield make(), {"scale": 8, "reduction": reduction}
    yield make(), {"scale": 8, "weight": d.uniform(5, low=0.5, high=2), "label_smoothing": 0.1}
    yield [make()[0], torch.tensor([0, -100, 4, 2])], {"scale": 8}


def cases(name, d):
    match name:
        case "sigmoid_focal_loss" | "asymmetric_loss":
            options = (
                ({}, {"alpha": 0.6, "gamma": 0}, {"gamma": 1}, {"gamma": 0.5}, {"gamma": 3.5})
                if name == "sigmoid_focal_loss"
                else ({}, {"clip": 0}, {"gamma_neg": 0, "gamma_pos": 0, "clip": 0}, {"gamma_neg": 2, "clip": 0.2})
            )
            yield from with_reductions(d, lambda: [d.normal(4, 3, scale=3), d.bits(4, 3)], *options)
            yield from with_reductions(d, lambda: [d.normal(4, scale=3), d.uniform(4, low=0.1, high=0.9, grad=True)])
        case "focal_loss":
            yield from with_reductions(d, lambda: [d.normal(4, 3, scale=2), d.classes(3, 4)], {}, {"gamma": 0}, {"gamma": 0.5})
            yield from with_reductions(
                d, lambda: [d.normal(4, 3, 2, scale=2), d.classes(3, 4, 2)], {"weight": d.uniform(3, low=0.5, high=2)}
            )
            yield [d.normal(4, 3), torch.tensor([0, -100, 2, 1])], {}
            yield [d.normal(4, 3), torch.tensor([0, 1, 2, 1])], {"ignore_index": 1, "weight": d.uniform(3, low=0.5)}
            yield from with_reductions(d, lambda: [d.normal(4, 3, 2), d.distribution(4, 3, 2).requires_grad_()])
        case "dice_loss":
            yield from segmentation(d)
            yield [d.normal(4, 2, 5), d.bits(4, 2, 5)], {"squared": True}
        case "tversky_loss" | "focal_tversky_loss":
            yield from segmentation(d)
            yield [d.normal(4, 2, 5), d.bits(4, 2, 5)], {"alpha": 0.9, "beta": 0.2}
            if name == "focal_tversky_loss":
                yield [d.normal(4, 2, 5), d.bits(4, 2, 5)], {"gamma": 0.75}
        case "jaccard_loss":
            yield from segmentation(d)
        case "quantile_loss":
            yield from with_reductions(d, lambda: [*regression(d)(), 0.2])
            yield from with_reductions(d, lambda: [d.normal(4, 2, 3), d.normal(4, 2), [0.1, 0.5, 0.9]])
        case "arc_face_loss":
            yield from margins(d, {"margin": 1.2}, {"easy_margin": True}, {"margin": 0})
        case "cos_face_loss":
            yield from margins(d, {"margin": 0.1})
        case "info_nce_loss":
            pair = lambda: [d.normal(4, 3), d.normal(4, 3)]
            yield from with_reductions(d, pair, {}, {"symmetric": True}, {"temperature": 0.5})
            yield pair(), {"negatives": d.normal(5, 3)}
            yield pair(), {"negatives": d.normal(4, 2, 3)}
        case "sup_con_loss":
            labels = torch.tensor([0, 1, 0, 2])
            yield from with_reductions(d, lambda: [d.normal(4, 3), labels], {}, {"temperature": 0.5})
            yield from with_reductions(d, lambda: [d.normal(4, 2, 3), labels], {"base_temperature": 0.1})
        case "emd_loss":
            yield from with_reductions(d, lambda: [d.normal(4, 5), d.distribution(4, 5).requires_grad_()], {}, {"power": 1}, {"power": 3})
            yield [d.normal(4, 5), d.classes(5, 4)], {}
            yield [d.normal(4, 3, 2), d.classes(3, 4, 2)], {}
        case "wing_loss":
            yield from with_reductions(d, regression(d), {}, {"omega": 1, "epsilon": 0.3})
        case "adaptive_wing_loss":
            make = lambda: [d.uniform(4, 3, low=-0.5, high=1.5, grad=True), d.uniform(4, 3, grad=True)]
            yield from with_reductions(d, make, {}, {"omega": 5, "theta": 0.2, "epsilon": 0.7, "alpha": 2.5})
        case "charbonnier_loss":
            yield from with_reductions(d, regression(d), {}, {"epsilon": 0.5})
        case "log_cosh_loss":
            yield from with_reductions(d, regression(d))
        case "fractional_huber_loss":
            make = lambda: [d.uniform(4, 3, low=0.5, high=8, grad=True), d.uniform(4, 3, low=1, high=5, grad=True)]
            yield from with_reductions(d, make, {}, {"delta": 0.3})
        case "binned_huber_loss":
            edges = torch.tensor([1.5, 3.0], dtype=d.dtype)
            thresholds = torch.tensor([0.2, 0.6, 1.1], dtype=d.dtype)
            make = lambda: [d.uniform(4, 3, low=0.5, high=6, grad=True), d.uniform(4, 3, low=0.5, high=5, grad=True), edges, thresholds]
            yield from with_reductions(d, make, {}, {"fractional": True})


def main():
    fixture = Fixture(FOLDER, "beyond-losses")
    names = [n for n in list(globals()) if n.endswith("_loss")]
    for name in names:
        for dtype in (torch.float64, torch.float32):
            drawn = list(cases(name, Draw(name, dtype)))
            assert drawn, name
            # One sample in four suffices to see that float32 works.
            chosen = drawn if dtype == torch.float64 else drawn[::4]
            samples = [record(fixture, globals()[name], args, options) for args, options in chosen]
            fixture.add({"op": f"nn.functional.{name}", "variant": "", "dtype": str(dtype)[6:], "samples": samples})
    fixture.write()


if __name__ == "__main__":
    main()
