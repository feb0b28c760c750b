"""Fixtures of the losses: packages/nn/test/fixtures/{losses,loss-edges,criteria-<torch version>}.

`losses` are the operator database's samples, `criteria` PyTorch's own criterion tests (classes and functions; the
list differs much between torch's versions, so it is drawn from each that the caller runs this on), `loss-edges`
the extremes that break a naive implementation.
"""

import inspect
import math
import sys
import warnings
from contextlib import contextmanager

import database
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.testing._internal.common_nn as common_nn
from binding import bind
from choose import choose
from database import operator, samples
from fixture import Fixture, Unsupported, leaves, rebuild, seed
from modules import record_module
from ops_list import LOSSES
from record import record

DTYPES = (torch.float32, torch.float64)
MAX_ELEMENTS = 4000
FOLDER = "packages/nn/test/fixtures"
VERSION = ".".join(torch.__version__.split(".")[:2])
LOSS_CLASSES = [c for n, c in vars(nn).items() if inspect.isclass(c) and n.endswith("Loss") and not n.endswith("NLLLoss2d")]


def function_sample(fixture, name, args, kwargs):
    function = getattr(F, name)
    positional, options = bind(inspect.signature(function), args, kwargs)
    return record(fixture, function, positional, options)


def attempt(fixture, label, make):
    try:
        return make()
    except Unsupported as reason:
        fixture.skip(label, str(reason))
    except Exception as error:
        fixture.skip(label, f"{type(error).__name__}: {str(error).splitlines()[0][:90]}")
    return None


def cast(v, dtype):
    """Floating tensors of a nest in `dtype`."""
    if isinstance(v, torch.Tensor):
        return v.detach().to(dtype).requires_grad_(v.requires_grad) if v.is_floating_point() else v
    if isinstance(v, dict):
        return {k: cast(x, dtype) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return type(v)(cast(x, dtype) for x in v)
    return v


def requiring(v):
    """The same nest with every floating tensor a leaf that requires its gradient."""
    for t in leaves(v):
        if t.is_floating_point():
            t.requires_grad_(True)
    return v


def database_losses():
    fixture = Fixture(FOLDER, "losses")
    for name in LOSSES:
        for variant in ("", "chunked", "chunked_none"):
            op = operator(f"nn.functional.{name}", variant)
            if op is None:
                if not variant:
                    fixture.skip(name, "not in this torch's database")
                continue
            for dtype in DTYPES:
                try:
                    candidates = [([s.input, *s.args], s.kwargs) for s in samples(op, dtype, True)]
                except TypeError as error:
                    # torch 1.13's cross_entropy samples do not run on Python 3.11.
                    fixture.skip(name, f"drawing failed: {error}")
                    continue
                if variant:
                    # The chunking options are PyTorch's way to save memory; the value is the same without them.
                    candidates = [(a, {k: v for k, v in kw.items() if k != "options"}) for a, kw in candidates]
                chosen = choose(candidates, 32, 24_000)
                recorded = [attempt(fixture, name, lambda: function_sample(fixture, name, a, k)) for a, k in chosen]
                add(fixture, f"nn.functional.{name}", variant, dtype, recorded)
    fixture.write()


def add(fixture, op, variant, dtype, recorded):
    recorded = [r for r in recorded if r]
    if recorded:
        fixture.add({"op": op, "variant": variant, "dtype": str(dtype)[6:], "samples": recorded})


@contextmanager
def recorded_constructors():
    """Every loss remembers what it was constructed with."""
    originals = {c: c.__init__ for c in LOSS_CLASSES}

    def wrap(cls, original):
        def init(self, *args, **kwargs):
            original(self, *args, **kwargs)
            if type(self) is cls:
                self.constructed = (args, kwargs)

        return init

    for c, original in originals.items():
        c.__init__ = wrap(c, original)
    try:
        yield {c: inspect.signature(o) for c, o in originals.items()}
    finally:
        for c, original in originals.items():
            c.__init__ = original


@contextmanager
def recorded_functions(calls):
    """Every call of a loss of nn.functional is noted in `calls`."""
    originals = {n: getattr(F, n) for n in LOSSES if hasattr(F, n)}

    def wrap(name, original):
        def call(*args, **kwargs):
            calls.append((name, args, kwargs))
            return original(*args, **kwargs)

        return call

    for name, original in originals.items():
        setattr(F, name, wrap(name, original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(F, name, original)


def draw(test, key):
    if f"{key}_fn" in test:
        return test[f"{key}_fn"]()
    if key in test:
        return test[key]
    if f"{key}_size" in test:
        sizes = test[f"{key}_size"]
        return [torch.randn(s) for s in sizes] if isinstance(sizes, list) else torch.randn(sizes)
    return ()


def criterion_cases():
    """(class, positional, options, forward inputs) of every criterion test."""
    for number, test in enumerate(common_nn.criterion_tests):
        seed("criterion", number)
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.double)
        try:
            constructor = test.get("constructor") or getattr(nn, test["module_name"])
            with recorded_constructors() as signatures:
                module = constructor(*draw(test, "constructor_args"))
                args, kwargs = module.constructed
            inputs = draw(test, "input")
            target = draw(test, "target")
            extra = draw(test, "extra_args")
        finally:
            torch.set_default_dtype(before)
        signature = signatures[type(module)]
        positional, options = bind(signature, (module, *args), kwargs)
        inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        for t in inputs:
            t.requires_grad_(t.is_floating_point())
        yield type(module), positional, options, [*inputs, target, *extra]


def functional_cases():
    """(function, args, kwargs) of every functional variant among PyTorch's module tests."""
    for name in sorted(n for n in dir(common_nn) if n.endswith("_test") and ("loss" in n or n.startswith("bce"))):
        if "complex" in name:
            continue
        seed("functional", name)
        test = getattr(common_nn, name)()
        calls = []
        with recorded_functions(calls):
            test["constructor"]()(draw(test, "input"))
        if calls:
            yield calls[0]


def criteria():
    fixture = Fixture(FOLDER, f"criteria-{VERSION}")
    grouped = {}
    for cls, positional, options, inputs in criterion_cases():
        reductions = ["mean", "sum", "none"] if cls is not nn.CTCLoss else ["mean", "sum"]
        given = options.get("reduction", "mean")
        if sum(t.numel() for t in leaves(inputs)) > MAX_ELEMENTS:
            fixture.skip(cls.__name__, "large tensors")
            continue
        outside = cls is nn.BCELoss and not bool(((inputs[1] >= 0) & (inputs[1] <= 1)).all())
        if outside:
            fixture.skip(cls.__name__, "targets outside [0, 1], which the newest PyTorch refuses")
            continue
        for reduction in [given, *(r for r in reductions if r != given)]:
            kw = {**options, "reduction": reduction}
            if reduction != given and sum(t.numel() for t in leaves(inputs)) > 300:
                continue
            if reduction == "mean":
                del kw["reduction"]
            for dtype in DTYPES:

                def make():
                    return record_module(fixture, cls, *cast((positional, kw, inputs), dtype), {}, True, dtype)

                grouped.setdefault((f"nn.{cls.__name__}", dtype), []).append(attempt(fixture, cls.__name__, make))
    for name, args, kwargs in functional_cases():
        for dtype in DTYPES:

            def make():
                a, k = cast((list(args), kwargs), dtype)
                a[0].requires_grad_(True)
                return function_sample(fixture, name, a, k)

            grouped.setdefault((f"nn.functional.{name}", dtype), []).append(attempt(fixture, name, make))
    for (op, dtype), recorded in grouped.items():
        add(fixture, op, "", dtype, recorded)
    fixture.write()


def edge_cases():
    """Extremes, in float64; (function, args, kwargs)."""
    inf = math.inf
    big = torch.tensor([-1e4, -1e3, -100.0, -20.0, -1.0, 0.0, 1.0, 20.0, 100.0, 1e3, 1e4])
    for target in (torch.zeros(11), torch.ones(11), torch.linspace(0, 1, 11)):
        for reduction in ("none", "mean"):
            yield "binary_cross_entropy_with_logits", [big.clone(), target], {"reduction": reduction}
        yield "binary_cross_entropy_with_logits", [big.clone(), target], {"pos_weight": torch.full((11,), 3.0)}
        yield "soft_margin_loss", [big.clone(), target * 2 - 1], {"reduction": "none"}
        yield "multilabel_soft_margin_loss", [big.clone().reshape(1, 11), target.reshape(1, 11)], {"reduction": "none"}
    probability = torch.tensor([0.0, 1e-30, 1e-12, 1e-3, 0.5, 0.999, 1.0, 0.0, 1.0])
    for target in (torch.zeros(9), torch.ones(9), torch.tensor([0.0, 0.5, 1.0, 0.0, 0.5, 1.0, 0.5, 1.0, 0.0])):
        yield "binary_cross_entropy", [probability.clone(), target], {"reduction": "none"}
        yield "binary_cross_entropy", [probability.clone(), target], {}
    rows = torch.tensor([
        [1e30, -1e30, 0.0], [-1e30, 1e30, 1e30], [1e4, 1e4, 1e4], [0.0, -inf, 1.0], [-inf, 0.0, -inf], [700.0, -700.0, 0.0],
    ])  # fmt: skip
    for target in (torch.tensor([0, 1, 2, 0, 1, 2]), torch.tensor([1, 2, 0, 2, 1, 0]), torch.tensor([-100, 1, 0, 0, 1, -100])):
        for reduction in ("none", "mean", "sum"):
            yield "cross_entropy", [rows.clone(), target], {"reduction": reduction}
    yield "cross_entropy", [rows[:3].clone(), torch.tensor([0, 1, 2])], {"label_smoothing": 0.2, "reduction": "none"}
    yield "cross_entropy", [torch.randn(3, 4), torch.full((3,), -100)], {}
    yield "cross_entropy", [torch.randn(3, 4), torch.full((3,), -100)], {"reduction": "sum"}
    yield "cross_entropy", [torch.randn(0, 4), torch.zeros(0, dtype=torch.int64)], {"reduction": "sum"}
    yield "cross_entropy", [torch.randn(0, 4), torch.zeros(0, dtype=torch.int64)], {}
    probabilities = torch.softmax(torch.randn(3, 4, 5), 1)
    for options in ({}, {"label_smoothing": 0.1}, {"weight": torch.rand(4) + 0.1}, {"weight": torch.rand(4), "label_smoothing": 0.3}):
        for reduction in ("none", "mean", "sum"):
            yield "cross_entropy", [torch.randn(3, 4, 5), probabilities], {**options, "reduction": reduction}
            index = torch.tensor([[0, 1, 2, 3, -100], [3, 3, 1, -100, 0], [2, 2, 2, 1, 0]])
            yield "cross_entropy", [torch.randn(3, 4, 5), index], {**options, "reduction": reduction}
    log_p = torch.log_softmax(torch.randn(4, 5), 1)
    q = torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0], [0.2] * 5, [0.5, 0.5, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0]])
    for reduction in ("none", "mean", "sum", "batchmean"):
        yield "kl_div", [log_p.clone(), q], {"reduction": reduction}
        yield "kl_div", [log_p.clone(), (q + 0.01).log()], {"reduction": reduction, "log_target": True}
        yield "kl_div", [log_p.clone(), torch.full((4, 5), -inf)], {"reduction": reduction, "log_target": True}
    tie = torch.tensor([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    for reduction in ("none", "mean", "sum"):
        for beta in (0.0, 0.5, 1.0, 2.0):
            yield "smooth_l1_loss", [tie.clone(), torch.zeros(7)], {"beta": beta, "reduction": reduction}
        for delta in (0.5, 1.0, 2.0):
            yield "huber_loss", [tie.clone(), torch.zeros(7)], {"delta": delta, "reduction": reduction}
        yield "l1_loss", [tie.clone(), torch.zeros(7)], {"reduction": reduction}
        yield "mse_loss", [tie.clone() * 1e18, torch.zeros(7)], {"reduction": reduction}
        yield "hinge_embedding_loss", [tie.clone(), torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0])], {"reduction": reduction}
        yield "margin_ranking_loss", [tie.clone(), tie.flip(0), torch.sign(tie + 0.1)], {"margin": 1.0, "reduction": reduction}
        yield "gaussian_nll_loss", [tie.clone(), torch.zeros(7), torch.tensor([0.0, 1e-9, 1e-6, 1e-3, 0.5, 1.0, 1e4])], {"reduction": reduction, "full": True}
        yield "poisson_nll_loss", [tie.clone(), torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0, 0.5, 100.0])], {"reduction": reduction, "full": True}
        yield "poisson_nll_loss", [tie.abs(), torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0, 0.5, 100.0])], {"reduction": reduction, "log_input": False, "full": True}
        yield "multi_margin_loss", [torch.randn(4, 5), torch.tensor([0, 4, 2, 2])], {"p": 2, "margin": 0.7, "weight": torch.rand(5), "reduction": reduction}
        yield "multilabel_margin_loss", [torch.randn(3, 5), torch.tensor([[0, 3, -1, 2, 1], [-1, 0, 0, 0, 0], [4, 3, 2, 1, 0]])], {"reduction": reduction}
        yield "cosine_embedding_loss", [torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]]), torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, -2.0]]), torch.tensor([1.0, 1.0, -1.0])], {"margin": 0.5, "reduction": reduction}
        for p in (1.0, 2.0, 3.0):
            yield "triplet_margin_loss", [torch.randn(4, 3), torch.randn(4, 3), torch.randn(4, 3)], {"p": p, "swap": True, "reduction": reduction}


def ctc_cases():
    """Small CTC problems: padded, concatenated and unbatched targets, repeats, and targets longer than their input."""
    for blank in (0, 5):
        log_p = torch.log_softmax(torch.randn(12, 3, 6), 2)
        low = 1 if blank == 0 else 0
        padded = torch.randint(low, low + 5, (3, 5))
        padded[0, 1] = padded[0, 0]
        lengths = torch.tensor([5, 3, 2])
        joined = torch.cat([padded[i, :n] for i, n in enumerate(lengths)])
        for reduction in ("none", "mean", "sum"):
            for targets in (padded, joined):
                yield "ctc_loss", [log_p.clone(), targets, torch.tensor([12, 12, 12]), lengths], {"blank": blank, "reduction": reduction}
            yield "ctc_loss", [log_p.clone(), padded, torch.tensor([12, 9, 4]), lengths], {"blank": blank, "reduction": reduction}
            for zero in (False, True):
                too_long = [log_p.clone(), padded, torch.tensor([3, 12, 12]), lengths]
                yield "ctc_loss", too_long, {"blank": blank, "reduction": reduction, "zero_infinity": zero}
            yield "ctc_loss", [log_p.clone(), padded, torch.tensor([12, 12, 12]), torch.tensor([0, 3, 1])], {"blank": blank, "reduction": reduction}
        yield "ctc_loss", [log_p[:, 0].clone(), padded[0], torch.tensor(12), torch.tensor(5)], {"blank": blank, "reduction": "none"}
        yield "ctc_loss", [log_p[:, 0].clone(), padded[0], torch.tensor(12), torch.tensor(5)], {"blank": blank}


def edges():
    fixture = Fixture(FOLDER, "loss-edges")
    seed("loss-edges")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.double)
    cases = [(n, rebuild(a), rebuild(k)) for n, a, k in [*edge_cases(), *ctc_cases()]]
    torch.set_default_dtype(before)
    grouped = {}
    for name, args, kwargs in cases:
        for dtype in DTYPES:

            def make():
                a, k = cast((args, kwargs), dtype)
                a[0].requires_grad_(True)
                if name not in ("ctc_loss", "cross_entropy", "binary_cross_entropy", "kl_div", "soft_margin_loss"):
                    requiring(a)
                return function_sample(fixture, name, a, k)

            grouped.setdefault((name, dtype), []).append(attempt(fixture, name, make))
    for (name, dtype), recorded in grouped.items():
        add(fixture, f"nn.functional.{name}", "", dtype, recorded)
    fixture.write()


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if "--criteria-only" not in sys.argv:
        database_losses()
        edges()
    criteria()


if __name__ == "__main__":
    assert database
    main()
