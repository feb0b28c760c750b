import { call, list, statement, written } from '../python/text/index.ts';
import { filled } from './template.ts';

/** What train.py says of a training. */
export interface TrainNeeds {
  readonly className: string;
  readonly lossIsModule: boolean;
  readonly lossHasState: boolean;
  readonly optimizer: { readonly python: string; readonly isLBFGS: boolean; readonly shards: boolean };
  readonly scheduler: {
    readonly python: string;
    readonly imports: ReadonlyMap<string, ReadonlySet<string>>;
    readonly interval: 'epoch' | 'step';
    readonly followsLoss: boolean;
  } | null;
  readonly inputs: number;
  readonly targets: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly batchNorm: boolean;
  readonly unusedParameters: boolean;
  /** Names of modules that stay in evaluation mode. */
  readonly evaluated: readonly string[];
  readonly clipNorm: { readonly maxNorm: number; readonly normType: number } | null;
  readonly clipValue: number | null;
}

const template = String.raw`"""Trains $CLASS$ from where Kindling left it.

python train.py                                   one process
torchrun --nproc-per-node 4 train.py              DDP: gloo on CPUs, nccl on GPUs
torchrun --nproc-per-node 4 train.py --fsdp       FSDP2: all state in shards
"""

import argparse
import json
import math
$WARNINGS$
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import load_file
from torch import Tensor, $NN$optim
from torch.nn.parallel import DistributedDataParallel
$SCHEDULER_IMPORTS$
from torch.utils.data import DataLoader

import parallel
import state
from data import reference_data, training_data
from loss import loss_fn
from model import $CLASS$

HERE = Path(__file__).parent
SEED = $SEED$
BATCH_SIZE = $BATCH_SIZE$
$EVALUATED$


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, or other arguments in its place."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--epochs", type=int, default=1, help="epochs to go on for")
    add("--steps", type=int, help="steps to go on for, instead of epochs")
    add("--batch-size", type=int, default=BATCH_SIZE, help="of all ranks together")
    add("--seed", type=int, default=SEED, help="of order, and dropout on several ranks")
$DROP_LAST$
    add("--workers", type=int, default=0, help="processes that load samples")
    add("--fsdp", action="store_true", help="shard all state over the ranks (FSDP2)")
$SYNC_FLAG$
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
    model = $CLASS$()
    state.load_model(model, HERE / "state.safetensors")
    model.to(ranks.device).train()
$EVALUATE$
$LOSS_STATE$
$LOSS_DEVICE$
$SYNC$
    if options.fsdp:
        parallel.shard(model, ranks)
    if options.compile:
        model.compile()
    called = model
    if ranks.world > 1 and not options.fsdp:
        devices = [ranks.device] if ranks.device.type == "cuda" else None
$DDP$
$OPTIMIZER$
$SCHEDULER$
    training = state.Training(
        ranks=ranks,
        model=model,
        called=called,
        losses={"loss": loss_fn},
        optimizers={"optimizer": optimizer},
        schedulers=$SCHEDULERS$,
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
    $UNPACK$ = (part.to(device) for part in batch)
$STEP$


def train(training: state.Training, options: argparse.Namespace) -> None:
    """Goes on for the epochs or steps that were asked for, and saves checkpoints."""
    ranks, progress = training.ranks, training.progress
    dataset = reference_data() if options.dry_run else training_data()
    seed = $ORDER$
    batches = parallel.SharedBatches(
        len(dataset), options.batch_size, ranks, seed, options.drop_last
    )
$SHORT_BATCH$
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
    """$ADVANCE_DOC$"""
    progress = training.progress
    progress["step"] += 1
    progress["sample"] += size
$ADVANCE$
    if is_last:
$ADVANCE_EPOCH$
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
$REFUSE_SHARDS$
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
`;

const names = (what: string, count: number): string[] =>
  count === 1 ? [what] : Array.from({ length: count }, (_, i) => `${what}_${i + 1}`);

/** What of train.py depends on whether there is batch normalisation, whose statistics are of all ranks or of one. */
const batchNormParts = {
  WARNINGS: 'import warnings',
  SYNC_FLAG: '    add("--sync-batch-norm", action="store_true", help="statistics of all ranks")',
  SYNC: [
    '    if options.sync_batch_norm and ranks.world > 1:',
    '        model = parallel.synchronise_batch_norm(model, ranks)',
    '    elif ranks.world > 1:',
    '        warnings.warn("each rank normalises its share alone: --sync-batch-norm")',
  ].join('\n'),
  SHORT_BATCH: [
    '    short = min(batches.sizes(), default=0)',
    '    if short < ranks.world:',
    '        raise SystemExit(f"a batch of {short} is too short to share: --drop-last")',
  ].join('\n'),
};
const noBatchNormParts: typeof batchNormParts = { WARNINGS: '', SYNC_FLAG: '', SYNC: '', SHORT_BATCH: '' };

/** What of train.py depends on the schedule. */
function scheduleParts({ scheduler }: TrainNeeds) {
  const step = scheduler === null ? null : stepLine(scheduler);
  const inEpoch = scheduler?.interval === 'epoch';
  const countsLoss = inEpoch && scheduler?.followsLoss === true;
  return {
    SCHEDULER_IMPORTS: importLines(scheduler?.imports),
    SCHEDULER: scheduler?.python ?? '',
    SCHEDULERS: scheduler === null ? '{}' : '{"scheduler": scheduler}',
    ADVANCE_DOC:
      scheduler === null
        ? 'Counts a step.'
        : `Counts a step, and moves the schedule at the end of ${inEpoch ? 'an epoch' : 'it'}.`,
    ADVANCE: [
      ...(countsLoss ? ['    progress["total"] = progress.get("total", 0.0) + size * loss'] : []),
      ...(step !== null && !inEpoch ? [step('    ', 'loss')] : []),
    ].join('\n'),
    ADVANCE_EPOCH:
      step !== null && inEpoch ? step('        ', 'progress.pop("total") / progress["sample"]') : '',
  };
}

/** The text of train.py. */
export function trainPython(needs: TrainNeeds): string {
  const { optimizer } = needs;
  const inputs = names('x', needs.inputs);
  const targets = names('target', needs.targets);
  const all = [...inputs, ...targets];
  return filled(template, {
    CLASS: needs.className,
    SEED: written(needs.seed),
    BATCH_SIZE: written(needs.batchSize),
    NN: needs.clipNorm === null && needs.clipValue === null ? '' : 'nn, ',
    EVALUATED: constant('EVALUATED', needs.evaluated),
    EVALUATE:
      needs.evaluated.length === 0
        ? ''
        : '    for name in EVALUATED:\n        model.get_submodule(name).training = False',
    LOSS_STATE: needs.lossHasState ? '    loss_fn.load_state_dict(load_file(HERE / "loss.safetensors"))' : '',
    LOSS_DEVICE: needs.lossIsModule ? '    loss_fn.to(ranks.device)' : '',
    DDP: statement(
      '        called = ',
      call('DistributedDataParallel', [
        'model',
        'devices',
        ...(needs.unusedParameters ? ['find_unused_parameters=True'] : []),
      ]),
    ),
    OPTIMIZER: optimizer.python,
    UNPACK: all.length === 1 ? `[${all[0]}]` : all.join(', '),
    STEP: stepLines(needs, inputs, targets),
    ORDER: needs.shuffle ? 'None if options.dry_run else options.seed' : 'None',
    DROP_LAST: needs.dropLast
      ? '    add("--keep-last", dest="drop_last", action="store_false", help="short batches too")'
      : '    add("--drop-last", action="store_true", help="leave out a last batch that is short")',
    REFUSE_SHARDS: optimizer.shards
      ? ''
      : '    if options.fsdp:\n        raise SystemExit("this optimizer of torch has no sharded form: use DDP")',
    ...(needs.batchNorm ? batchNormParts : noBatchNormParts),
    ...scheduleParts(needs),
  });
}

/** The lines of a step after its batch was unpacked. */
function stepLines(needs: TrainNeeds, inputs: readonly string[], targets: readonly string[]): string {
  const { isLBFGS } = needs.optimizer;
  const indent = isLBFGS ? '        ' : '    ';
  const body = [
    'optimizer.zero_grad()',
    'with torch.autocast(device.type, torch.bfloat16, enabled=training.bf16):',
    `    output = training.called(${inputs.join(', ')})`,
    '    if share.world == 1:',
    `        loss = loss_fn(${['output', ...targets].join(', ')})`,
    '    else:',
    `        loss = parallel.part_of(loss_fn, output, [${targets.join(', ')}], share)`,
    "# DDP and FSDP give the mean of the ranks' gradients, which is to be their sum.",
    '(loss * share.world).backward()',
  ].map((line) => `${indent}${line}`);
  const lines = [...body, ...clipLines(needs, indent)];
  if (!isLBFGS)
    return [...lines, '    optimizer.step()', '    return parallel.summed(loss).item()'].join('\n');
  const head = [
    '',
    '    def closure() -> Tensor:',
    '        """Gradients of the whole batch, and its loss."""',
  ];
  const tail = ['        return parallel.summed(loss)', '', '    return optimizer.step(closure).item()'];
  return [...head, ...lines, ...tail].join('\n');
}

function clipLines({ clipNorm, clipValue }: TrainNeeds, indent: string): string[] {
  const parameters = 'training.model.parameters()';
  const type =
    clipNorm === null || clipNorm.normType === 2 ? [] : [`norm_type=${written(clipNorm.normType)}`];
  const norm =
    clipNorm &&
    call('nn.utils.clip_grad_norm_', [parameters, `max_norm=${written(clipNorm.maxNorm)}`, ...type]);
  const value =
    clipValue === null ? null : call('nn.utils.clip_grad_value_', [parameters, written(clipValue)]);
  return [norm, value].flatMap((made) => (made === null ? [] : [statement(indent, made)]));
}

const stepLine =
  ({ followsLoss }: { followsLoss: boolean }) =>
  (indent: string, metric: string): string =>
    statement(indent, call('training.schedulers["scheduler"].step', followsLoss ? [metric] : []));

/** Lines of imports in their order, names in brackets where a line is too short. */
function importLines(imports: ReadonlyMap<string, ReadonlySet<string>> | undefined): string {
  const lines = [...(imports ?? [])].map(([from, used]) => {
    const names = [...used].sort();
    const line = `from ${from} import ${names.join(', ')}`;
    return line.length <= 88
      ? line
      : statement('', { head: `from ${from} import (`, items: names, tail: ')' });
  });
  return lines.sort().join('\n');
}

const constant = (name: string, values: readonly string[]): string =>
  values.length === 0 ? '' : statement(`${name} = `, list(values.map(written)));
