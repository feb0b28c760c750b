"""Names the arguments of PyTorch's Python functions, as Kindling takes them: required ones and `dim` by position, the
optional ones, by name, in one trailing object."""

import inspect

from torch.nn import _reduction

# These stay positional even where PyTorch gives them a default.
POSITIONAL = {"dim", "dims", "hx"}
DROPPED = {"device", "dtype", "inplace", "_weight", "_freeze", "size_average", "reduce", "_stacklevel"}


def bind(signature, args, kwargs):
    """(positional, options) for a call; the deprecated size_average and reduce become reduction."""
    bound = signature.bind(*args, **kwargs).arguments
    positional, options = [], {}
    for name, parameter in signature.parameters.items():
        if name not in bound or name in DROPPED or name == "self":
            continue
        required = parameter.default is inspect.Parameter.empty
        if required or (name in POSITIONAL and len(positional) == _place(signature, name)):
            positional.append(bound[name])
        elif not _same(bound[name], parameter.default):
            options[name] = bound[name]
    if bound.get("size_average") is not None or bound.get("reduce") is not None:
        options["reduction"] = _reduction.legacy_get_string(bound.get("size_average"), bound.get("reduce"), False)
    return positional, options


def _place(signature, name):
    return [n for n in signature.parameters if n != "self"].index(name)


def _same(value, default):
    return value is default or (type(value) is type(default) and isinstance(value, (bool, int, float, str)) and value == default)
