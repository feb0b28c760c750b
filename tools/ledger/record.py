"""Records the public names of PyTorch and of its test databases: fixtures/pytorch.json, which `pnpm docs:ledger` reads.

    PYTHON=v/bin/python; $PYTHON tools/ledger/record.py

A name is public by PyTorch's own rule (test/test_public_bindings.py): it stands in the module's `__all__`; where there is no
such list, it begins with no underscore and what it names was made in that module, or is built in.
"""

import importlib
import json
import sys
import types
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "oracle" / "stubs"))

MODULES = """torch torch.nn torch.nn.functional torch.nn.init torch.nn.utils torch.nn.utils.rnn torch.nn.utils.parametrize
torch.nn.utils.parametrizations torch.nn.utils.prune torch.nn.attention torch.optim torch.optim.lr_scheduler
torch.optim.swa_utils torch.linalg torch.special torch.masked torch.signal.windows torch.fft torch.utils.data
torch.utils.checkpoint torch.autograd torch.autograd.functional torch.autograd.forward_ad torch.autograd.graph torch.func
torch.distributions torch.random""".split()


def made_here(module: types.ModuleType, value: object) -> bool:
    """Whether what has no list of names would call this its own."""
    if isinstance(value, (torch.dtype, torch.layout, torch.memory_format)):
        return True
    origin = getattr(value, "__module__", None)
    if not callable(value):
        return False
    builtin = isinstance(value, types.BuiltinFunctionType) or origin in (None, "torch._C._nn", "torch._C._linalg")
    return builtin or origin.startswith(module.__name__)


def public(module: types.ModuleType) -> list[str]:
    listed = getattr(module, "__all__", None)
    names = []
    for name in dir(module):
        if name.startswith("_") or isinstance(getattr(module, name), types.ModuleType):
            continue
        # What `torch` defines as a function or a dtype belongs to it though its list forgets some of them.
        own = made_here(module, getattr(module, name))
        if name in listed if listed is not None and module is not torch else own or name in (listed or []):
            names.append(name)
    return sorted(names)


def modules() -> dict[str, list[str]]:
    recorded = {name: public(importlib.import_module(name)) for name in MODULES}
    recorded["torch.Tensor"] = sorted(name for name in dir(torch.Tensor) if not name.startswith("_"))
    return recorded


def databases() -> dict[str, list[str]]:
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db
    from torch.testing._internal.common_optimizers import optim_db

    return {
        "op_db": sorted({op.name for op in op_db}),
        "module_db": sorted({info.module_cls.__name__ for info in module_db}),
        "optim_db": sorted({info.optim_cls.__name__ for info in optim_db}),
    }


def main() -> None:
    path = Path(__file__).parent / "fixtures" / "pytorch.json"
    path.parent.mkdir(exist_ok=True)
    content = {"version": torch.__version__.split("+")[0], "modules": modules(), "databases": databases()}
    path.write_text(json.dumps(content, indent=1) + "\n")
    for kind in ("modules", "databases"):
        for name, names in content[kind].items():
            print(f"{name}: {len(names)}")


if __name__ == "__main__":
    main()
