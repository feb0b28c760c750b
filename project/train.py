"""Trains Model from where Kindling left it.

python train.py                                   one process
torchrun --nproc-per-node 4 train.py              DDP: gloo on CPUs, nccl on GPUs
torchrun --nproc-per-node 4 train.py --fsdp       FSDP2: all state in shards
"""

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import load_file
from torch import Tensor, optim
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

import parallel
import state
from data import reference_data, training_data
from loss import loss_fn
from model import Model

HERE = Path(__file__).parent
SEED = 0
BATCH_SIZE = 32


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, or other arguments in its place."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--epochs", type=int, default=1, help="epochs to go on for")
    add("--steps", type=int, help="steps to go on for, instead of epochs")
    add("--batch-size", type=int, default=BATCH_SIZE, help="of all ranks together")
    add("--seed", type=int, default=SEED, help="of order, and dropout on several ranks")
    add("--drop-last", action="store_true", help="leave out a last batch that is short")
    add("--workers", type=int, default=0, help="processes that load samples")
    add("--fsdp", action="store_true", help="shard all state over the ranks (FSDP2)")
    add("--bf16", action="store_true", help="compute in bfloat16 where autocast does")
    add("--compile", action="store_true", help="compile the model by torch.compile")
    add("--dry-run", action="store_true", help="train on the reference batches only")
    add("--losses", type=Path, default=HERE / "losses.jsonl", help="file for losses")
    add("--checkpoints", type=Path, default=HERE / "checkpoints", help="folder of them")
    add("--every", type=int, default=0, help="steps between checkpoints; 0: epochs")
    add("--resume", action="store_true", help="go on from the newest checkpoint")
    add("--export", type=Path, help="folder for Kindling's importTorch, at the end")
    return parser.parse_args(given)


def build(ranks: parallel.Ranks, options: argparse.Namespace) -> state.Training:
    """Model, optimizer and schedule as Kindling left them."""
    model = Model()
    state.load_model(model, HERE / "state.safetensors")
    model.to(ranks.device).train()
    loss_fn.to(ranks.device)
    if options.fsdp:
        parallel.shard(model, ranks)
    if options.compile:
        model.compile()
    called = model
    if ranks.world > 1 and not options.fsdp:
        devices = [ranks.device] if ranks.device.type == "cuda" else None
        called = DistributedDataParallel(model, devices)
    optimizer = optim.AdamW(model.parameters(), lr=0.001)
    training = state.Training(
        ranks=ranks,
        model=model,
        called=called,
        losses={"loss": loss_fn},
        optimizers={"optimizer": optimizer},
        schedulers={},
        bf16=options.bf16,
    )
    state.load_exported(training, HERE)
    if ranks.world == 1 and options.seed == SEED:
        torch.set_rng_state(load_file(HERE / "generator.safetensors")["default"])
    else:
        # Each rank has dropout masks of its own.
        torch.manual_seed(options.seed + ranks.rank)
    return training


def train_step(
    training: state.Training, batch: Sequence[Tensor], share: parallel.Share
) -> float:
    """One step on this rank's share of a batch; the loss of the whole batch."""
    device = training.ranks.device
    [optimizer] = training.optimizers.values()
    x, target = (part.to(device) for part in batch)
    optimizer.zero_grad()
    with torch.autocast(device.type, torch.bfloat16, enabled=training.bf16):
        output = training.called(x)
        if share.world == 1:
            loss = loss_fn(output, target)
        else:
            loss = parallel.part_of(loss_fn, output, [target], share)
    # DDP and FSDP give the mean of the ranks' gradients, which is to be their sum.
    (loss * share.world).backward()
    optimizer.step()
    return parallel.summed(loss).item()


def train(training: state.Training, options: argparse.Namespace) -> None:
    """Goes on for the epochs or steps that were asked for, and saves checkpoints."""
    ranks, progress = training.ranks, training.progress
    dataset = reference_data() if options.dry_run else training_data()
    seed = None if options.dry_run else options.seed
    batches = parallel.SharedBatches(
        len(dataset), options.batch_size, ranks, seed, options.drop_last
    )
    # A generator of its own, so that loading draws nothing from the default one.
    loader = DataLoader(
        dataset,
        batch_sampler=batches,
        num_workers=options.workers,
        generator=torch.Generator(),
    )
    epochs = progress["epoch"] + options.epochs
    steps = math.inf
    if options.steps is not None:
        epochs, steps = math.inf, progress["step"] + options.steps
    while progress["step"] < steps and progress["epoch"] < epochs:
        batches.begin(progress["epoch"], progress["sample"])
        for size, batch in zip(batches.sizes(), loader, strict=True):
            loss = train_step(training, batch, ranks.share(size))
            report(training, loss, options.losses)
            advance(training, size, loss, progress["sample"] + size >= batches.size)
            often = options.every
            due = progress["step"] % often if often else progress["sample"]
            if due == 0 or progress["step"] == steps:
                state.save_checkpoint(training, options.checkpoints)
            if progress["step"] == steps:
                break


def advance(training: state.Training, size: int, loss: float, is_last: bool) -> None:
    """Counts a step."""
    progress = training.progress
    progress["step"] += 1
    progress["sample"] += size
    if is_last:
        progress["epoch"] += 1
        progress["sample"] = 0


def report(training: state.Training, loss: float, file: Path) -> None:
    """Adds a line of JSON to the losses."""
    if training.ranks.rank != 0:
        return
    [optimizer] = training.optimizers.values()
    step, epoch = training.progress["step"] + 1, training.progress["epoch"]
    rates = [group["lr"] for group in optimizer.param_groups]
    with file.open("a") as log:
        line = {"step": step, "epoch": epoch, "loss": loss, "lr": rates}
        log.write(json.dumps(line) + "\n")


def main() -> None:
    """Trains, and exports where that is asked for."""
    options = arguments()
    ranks = parallel.join_ranks()
    training = build(ranks, options)
    if options.resume:
        state.resume(training, options.checkpoints)
    elif ranks.rank == 0:
        options.losses.unlink(missing_ok=True)
    train(training, options)
    if options.export:
        state.export(training, options.export)
    if ranks.world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
