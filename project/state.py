"""The state of a training by name: files that Kindling writes and reads, and checkpoints."""

import json
import math
import os
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from parallel import Loss, Ranks


@dataclass
class Training:
    """What goes on from step to step."""

    ranks: Ranks
    model: nn.Module
    #: The model as it is called: DDP around it, where there are several ranks.
    called: nn.Module
    losses: dict[str, Loss]
    optimizers: dict[str, Optimizer]
    schedulers: dict[str, LRScheduler]
    progress: dict[str, Any] = field(default_factory=dict)
    bf16: bool = False


def load_model(model: nn.Module, file: Path) -> None:
    """Loads weights and buffers strictly, in the dtypes that they have in the file."""
    saved = load_file(file)
    for name, own in [*model.named_parameters(), *model.named_buffers()]:
        if name in saved:
            own.data = own.data.to(saved[name].dtype)
    model.load_state_dict(saved, strict=True)


def load_exported(training: Training, folder: Path) -> None:
    """Takes up schedules, optimizers and progress where they were left."""
    for name, scheduler in training.schedulers.items():
        scheduler.load_state_dict(read_json(folder / f"{name}.json"))
    for name in training.optimizers:
        tensors = load_file(folder / f"{name}.safetensors")
        load_optimizer(training, name, read_json(folder / f"{name}.json"), tensors)
    training.progress = read_json(folder / "progress.json")


def export(training: Training, folder: Path) -> None:
    """Writes what Kindling's importTorch reads: all of it or nothing."""
    model = {name: whole(x) for name, x in training.model.state_dict().items()}
    optimizers = {}
    for name in training.optimizers:
        saved, tensors = optimizer_state(training, name)
        optimizers[name] = saved, {key: whole(x) for key, x in tensors.items()}
    if training.ranks.rank != 0:
        return
    new = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    new.mkdir(parents=True)
    save_file(model, new / "state.safetensors")
    for name, (saved, tensors) in optimizers.items():
        write_json(new / f"{name}.json", saved)
        save_file(tensors, new / f"{name}.safetensors")
    for name, scheduler in training.schedulers.items():
        write_json(new / f"{name}.json", scheduler.state_dict())
    save_file({"default": torch.get_rng_state()}, new / "generator.safetensors")
    write_json(new / "progress.json", training.progress)
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)


def save_checkpoint(training: Training, folder: Path) -> None:
    """Writes a checkpoint, each rank its shards and the state of its generators."""
    values: dict[str, Any] = {"progress": training.progress}
    state: dict[str, Any] = {"model": training.model.state_dict()}
    for name, scheduler in training.schedulers.items():
        values[name] = scheduler.state_dict()
    for name in training.optimizers:
        values[name], state[name] = optimizer_state(training, name)
    state["values"] = json.dumps(encoded(values))
    path = folder / f"step-{training.progress['step']:08d}"
    state |= generators(training.ranks)
    dcp.save(state, checkpoint_id=path, no_dist=training.ranks.world == 1)


def resume(training: Training, folder: Path) -> None:
    """Goes on from the newest checkpoint that was written to its end."""
    files = sorted(
        folder.glob("step-*/.metadata"), key=lambda file: file.stat().st_mtime
    )
    if not files:
        raise FileNotFoundError(f"there is no checkpoint in {folder}")
    reader = dcp.FileSystemReader(files[-1].parent)
    kept = reader.read_metadata().state_dict_metadata
    parameters = dict(training.model.named_parameters())
    state: dict[str, Any] = {"values": "", "model": training.model.state_dict()}
    for name in training.optimizers:
        state[name] = {}
        for key in [key for key in kept if key.startswith(f"{name}.")]:
            parameter = parameters[key.removeprefix(f"{name}.").split("/")[0]].detach()
            shaped = kept[key].size == parameter.shape
            like = parameter if shaped else torch.empty(kept[key].size)
            zeros = torch.zeros_like(like, dtype=kept[key].properties.dtype)
            state[name][key.removeprefix(f"{name}.")] = zeros
    own = {key: x for key, x in generators(training.ranks).items() if key in kept}
    state |= own
    dcp.load(state, storage_reader=reader, no_dist=training.ranks.world == 1)
    values = json.loads(state["values"], object_hook=decoded)
    training.progress = values["progress"]
    for name, scheduler in training.schedulers.items():
        scheduler.load_state_dict(values[name])
    for name in training.optimizers:
        load_optimizer(training, name, values[name], state[name])
    for key in own:
        module = torch.cuda if ".cuda." in key else torch
        module.set_rng_state(state[key])


def generators(ranks: Ranks) -> dict[str, Tensor]:
    """The states of this rank's generators."""
    states = {f"generators.cpu.{ranks.rank}": torch.get_rng_state()}
    if ranks.device.type == "cuda":
        states[f"generators.cuda.{ranks.rank}"] = torch.cuda.get_rng_state()
    return states


def names_of(training: Training, name: str) -> list[str]:
    """The names of an optimizer's parameters, in its order."""
    names = {p: key for key, p in training.model.named_parameters()}
    groups = training.optimizers[name].param_groups
    return [names[p] for group in groups for p in group["params"]]


def optimizer_state(
    training: Training, name: str
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Groups and state with parameters by name; and the state's tensors by key."""
    names = names_of(training, name)
    state = training.optimizers[name].state_dict()
    tensors: dict[str, Tensor] = {}

    def emptied(value: Any, key: str) -> Any:
        if isinstance(value, Tensor):
            tensors[key] = value
            return "tensor"
        if isinstance(value, dict):
            return {k: emptied(v, f"{key}/{k}") for k, v in value.items()}
        if isinstance(value, list):
            return [emptied(v, f"{key}/{i}") for i, v in enumerate(value)]
        return value

    groups = state["param_groups"]
    return {
        "param_groups": [
            {**group, "params": [names[i] for i in group["params"]]} for group in groups
        ],
        "state": {names[i]: emptied(x, names[i]) for i, x in state["state"].items()},
    }, tensors


def load_optimizer(
    training: Training, name: str, saved: Any, tensors: Mapping[str, Tensor]
) -> None:
    """Gives an optimizer what optimizer_state gave, in shards where parameters are."""
    names = names_of(training, name)
    if [key for group in saved["param_groups"] for key in group["params"]] != names:
        raise ValueError(f"{name}: the saved groups hold other parameters")
    parameters = dict(training.model.named_parameters())

    def filled(value: Any, key: str, parameter: Tensor) -> Any:
        if isinstance(value, dict):
            return {k: filled(v, f"{key}/{k}", parameter) for k, v in value.items()}
        if isinstance(value, list):
            return [filled(v, f"{key}/{i}", parameter) for i, v in enumerate(value)]
        if value != "tensor":
            return value
        tensor, mesh = tensors[key], getattr(parameter, "device_mesh", None)
        if (
            mesh is None
            or isinstance(tensor, DTensor)
            or tensor.shape != parameter.shape
        ):
            return tensor
        return distribute_tensor(tensor, mesh, parameter.placements)

    optimizer = training.optimizers[name]
    groups = [
        {**own, **given, "params": own["params"]}
        for own, given in zip(
            optimizer.state_dict()["param_groups"], saved["param_groups"], strict=True
        )
    ]
    state = {
        names.index(key): filled(value, key, parameters[key])
        for key, value in saved["state"].items()
    }
    optimizer.load_state_dict({"param_groups": groups, "state": state})


def whole(x: Tensor) -> Tensor:
    """All of a tensor of which this rank may hold a shard, in memory of its own."""
    x = x.full_tensor() if isinstance(x, DTensor) else x
    return x.detach().cpu().contiguous().clone()


NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}


def encoded(value: Any) -> Any:
    """What JSON can hold of a value: numbers that are not finite as Kindling spells them."""
    if isinstance(value, Mapping):
        return {str(key): encoded(x) for key, x in value.items()}
    if isinstance(value, (list, tuple)):
        return [encoded(x) for x in value]
    if isinstance(value, float) and not math.isfinite(value):
        return NOT_FINITE.get(value, "NaN")
    return value


def decoded(value: dict[str, Any]) -> dict[Any, Any]:
    """The inverse for an object; milestones are counted by number."""
    if value and all(key.isdigit() for key in value):
        return Counter({int(key): count for key, count in value.items()})
    spelled = (*NOT_FINITE.values(), "NaN")
    return {key: float(x) if x in spelled else x for key, x in value.items()}


def read_json(file: Path) -> Any:
    """The value in a file."""
    return json.loads(file.read_text(), object_hook=decoded)


def write_json(file: Path, value: Any) -> None:
    """Writes a value, readable."""
    file.write_text(json.dumps(encoded(value), indent=2) + "\n")
