"""Fixtures of what is refused: packages/core/test/fixtures/errors and packages/nn/test/fixtures/errors, from the inputs that
PyTorch's own databases say end in errors."""

import inspect
import warnings

import torch
import torch.nn as nn
from binding import bind
from database import operator, refusals
from fixture import Fixture, Unsupported, seed
from modules import constructor
from ops import caller, natural
from ops_list import CORE, DRAWS, FUNCTIONAL, FUNCTIONAL_LAYERS, LOSSES
from record import relevant

# What has no counterpart: devices, layouts, and dtypes that Kindling does not have.
FOREIGN = ("cuda", "device", "sparse", "complex", "Half", "BFloat16", "out=", "expected out", "named")
LARGE = 4000


def recordable(fixture, args, kwargs, regex):
    if any(word in regex for word in FOREIGN):
        raise Unsupported("a device, a layout or a dtype")
    if regex == "" and not all(isinstance(x, torch.Tensor) for x in args[:2]):
        raise Unsupported("a number for a tensor, which Kindling takes")
    if "invalid combination of arguments" in regex:
        raise Unsupported("a float where an integer stands: JavaScript has one kind of number")
    entry = {"a": fixture.value(list(args))}
    kwargs = relevant(kwargs)
    if kwargs:
        entry["k"] = fixture.value(kwargs)
    return {**entry, "message": regex}


def refused(op):
    for error in refusals(op):
        sample = error.sample_input
        yield natural(op.name, [sample.input, *sample.args]), dict(sample.kwargs), str(error.error_regex)


def refuses(op, args, kwargs):
    """Whether PyTorch does: some of the database's inputs are made for the sizes that it ships."""
    try:
        caller(op)(*args, **kwargs)
    except Exception:
        return True
    return False


def of_operators(fixture, names, bound=lambda op, args, kwargs: (args, kwargs)):
    for spec in names:
        name, variant = spec if isinstance(spec, tuple) else (spec, "")
        op = operator(name, variant)
        if op is None or op.error_inputs_func is None:
            continue
        samples = []
        for args, kwargs, regex in refused(op):
            try:
                if any(isinstance(x, torch.Tensor) and x.numel() > LARGE for x in args):
                    raise Unsupported("a large tensor")
                if not refuses(op, args, kwargs):
                    raise Unsupported("what PyTorch takes, in these sizes")
                samples.append(recordable(fixture, *bound(op, args, kwargs), regex))
            except Unsupported as reason:
                fixture.skip(name, str(reason))
            except Exception as error:
                fixture.skip(name, f"{type(error).__name__}: {str(error).splitlines()[0][:90]}")
        if samples:
            fixture.add({"op": name, "variant": variant, "dtype": "", "samples": samples})


def as_function(op, args, kwargs):
    """Of a loss, which Kindling takes by its Python signature."""
    return bind(inspect.signature(getattr(torch.nn.functional, op.name.split(".")[-1])), args, kwargs)


def of_modules(fixture):
    import torch.testing._internal.common_modules as common_modules

    for info in common_modules.module_db:
        if info.module_error_inputs_func is None:
            continue
        cls = info.module_cls
        seed("errors", info.name)
        samples = []
        for error in info.module_error_inputs_func(info, device="cpu", dtype=torch.float32, requires_grad=False, training=True):
            made, given = error.module_error_input.constructor_input, error.module_error_input.forward_input
            try:
                positional, options = bind(constructor(cls), (None, *made.args), made.kwargs)
                sample = {"ctor": fixture.value(positional), "ctorOptions": fixture.value(options), "a": []}
                if given is not None and (given.args or given.kwargs):
                    args, kwargs = bind(inspect.signature(cls.forward), (None, *given.args), given.kwargs)
                    sample.update(recordable(fixture, args, kwargs, str(error.error_regex)))
                samples.append({**sample, "message": str(error.error_regex)})
            except Unsupported as reason:
                fixture.skip(info.name, str(reason))
            except Exception as problem:
                fixture.skip(info.name, f"{type(problem).__name__}: {str(problem).splitlines()[0][:90]}")
        if samples:
            fixture.add({"op": info.name, "variant": "", "dtype": "float32", "samples": samples})


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    # What samples leave uninitialised is NaN.
    torch.use_deterministic_algorithms(True, warn_only=True)
    core = Fixture("packages/core/test/fixtures", "errors")
    of_operators(core, [*(spec for family in CORE.values() for spec in family), *DRAWS])
    core.write()
    layers = Fixture("packages/nn/test/fixtures", "errors")
    of_operators(layers, [*FUNCTIONAL, *FUNCTIONAL_LAYERS])
    of_operators(layers, [f"nn.functional.{name}" for name in LOSSES], as_function)
    of_modules(layers)
    layers.write()


if __name__ == "__main__":
    assert nn
    main()
