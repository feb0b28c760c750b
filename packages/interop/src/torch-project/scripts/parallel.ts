import { filled } from './template.ts';

/** How ranks come to the loss of a whole batch. */
export type Sharing = 'mean' | 'sum' | 'weighted' | 'whole' | 'alone';

/** What parallel.py has to do. */
interface ParallelNeeds {
  readonly sharing: Sharing;
  readonly batchNorm: boolean;
  /** Whether parameters are of several dtypes, of which torch shards one at a time. */
  readonly mixed: boolean;
}

const template = String.raw`"""What makes several processes one: shares of a batch, and losses over all of it."""

$IMPORTS$

Loss = Callable[..., Tensor]


@dataclass(frozen=True)
class Ranks:
    """This process among all of them."""

    device: torch.device
    rank: int = 0
    world: int = 1

    def share(self, total: int) -> "Share":
        """The part of a batch of so many samples that belongs to this rank."""
        whole, rest = divmod(total, self.world)
        return Share(self.rank, tuple(whole + (r < rest) for r in range(self.world)))


@dataclass(frozen=True)
class Share:
    """How a batch is cut: the samples of each rank, in the order of the batch."""

    rank: int
    counts: tuple[int, ...]

    @property
    def world(self) -> int:
        """The number of ranks."""
        return len(self.counts)

    @property
    def total(self) -> int:
        """The samples of the whole batch."""
        return sum(self.counts)

    @property
    def count(self) -> int:
        """The samples of this rank: none where there are fewer than ranks."""
        return self.counts[self.rank]

    @property
    def start(self) -> int:
        """The place of this rank's first sample in the batch."""
        return sum(self.counts[: self.rank])


def join_ranks() -> Ranks:
    """Joins the other processes where torchrun started this one."""
    cuda = torch.cuda.is_available()
    if "RANK" not in os.environ:
        return Ranks(torch.device("cuda" if cuda else "cpu"))
    device = torch.device("cpu")
    if cuda:
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if cuda else "gloo")
    return Ranks(device, dist.get_rank(), dist.get_world_size())


class SharedBatches(Sampler[list[int]]):
    """The batches of one process, each cut into shares: no sample twice, none left out.

    The order of an epoch depends on seed and epoch alone, so any number of ranks sees the
    same batches. A rank without a share gets a sample that counts nothing.
    """

    def __init__(
        self,
        samples: int,
        batch_size: int,
        ranks: Ranks,
        seed: int | None,
        drop_last: bool = False,
    ) -> None:
        """Shuffles unless the seed is None."""
        self.ranks, self.samples, self.batch_size = ranks, samples, batch_size
        self.seed, self.epoch, self.first = seed, 0, 0
        self.size = samples - samples % batch_size if drop_last else samples

    def begin(self, epoch: int, first: int = 0) -> None:
        """Chooses the epoch, and how many of its samples are left out at first."""
        self.epoch, self.first = epoch, first

    def sizes(self) -> list[int]:
        """The samples of each whole batch that is left in the epoch."""
        starts = range(self.first, self.size, self.batch_size)
        return [min(self.batch_size, self.size - start) for start in starts]

    def __len__(self) -> int:
        return len(self.sizes())

    def __iter__(self) -> Iterator[list[int]]:
        order = list(range(self.samples))
        if self.seed is not None:
            generator = torch.Generator().manual_seed(self.seed + self.epoch)
            order = torch.randperm(len(order), generator=generator).tolist()
        start = self.first
        for size in self.sizes():
            share = self.ranks.share(size)
            own = start + share.start
            yield order[own : own + share.count] or order[start : start + 1]
            start += size


def summed(x: Tensor) -> Tensor:
    """The sum over all ranks, without its graph."""
    x = x.detach().clone()
    if dist.is_initialized():
        dist.all_reduce(x)
    return x


$SHARING$


def shard(model: nn.Module, ranks: Ranks) -> None:
    """Cuts the model into shards: each entry of its lists of layers, then the rest."""
    mesh = init_device_mesh(ranks.device.type, (ranks.world,))
    users = Counter(p for m in model.modules() for p in m.parameters(recurse=False))

    def blocks(module: nn.Module) -> Iterator[nn.Module]:
        for child in module.children():
            if isinstance(module, (nn.ModuleList, nn.Sequential)):
                yield child
            else:
                yield from blocks(child)

$MIXED$
    for block in blocks(model):
        own = list(block.parameters())
        if own and all(users[p] == 1 for p in own):
            fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)
$BATCH_NORM$
`;

const ofOtherTypes = `    # Shards are made of one dtype at a time.
    [(main, _), *_] = Counter(p.dtype for p in model.parameters()).most_common()
    for module in model.modules():
        if any(p.dtype != main for p in module.parameters(recurse=False)):
            fully_shard(module, mesh=mesh)`;

const gathered = String.raw`def gathered(value: Any, share: Share) -> Any:
    """The whole batch from the shares of all ranks; this rank's own keeps its graph."""
    if isinstance(value, dict):
        return {key: gathered(x, share) for key, x in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(gathered(x, share) for x in value)
    own = value[: share.count]
    padded = own.detach().new_zeros(max(share.counts), *own.shape[1:])
    padded[: share.count] = own.detach()
    parts = [torch.empty_like(padded) for _ in share.counts]
    dist.all_gather(parts, padded)
    parts[share.rank] = own
    return torch.cat([part[:n] for part, n in zip(parts, share.counts, strict=True)])


def part_of(
    loss_fn: Loss, output: Any, targets: Sequence[Tensor], share: Share
) -> Tensor:
    """This rank's part of a loss of the whole batch, with all of the gradient of its own."""
    targets = [gathered(target, share) for target in targets]
    loss = loss_fn(gathered(output, share), *targets)
    return loss - loss.detach() * (1 - 1 / share.world)`;

const weighted = String.raw`def part_of(
    loss_fn: nn.CrossEntropyLoss | nn.NLLLoss,
    output: Tensor,
    targets: Sequence[Tensor],
    share: Share,
) -> Tensor:
    """This rank's part of a mean over the weights of the targets that are not ignored."""
    [target] = targets
    numerator = copy.copy(loss_fn)
    numerator.reduction = "sum"
    counted = target[: share.count]
    counted = counted[counted != loss_fn.ignore_index]
    weights = torch.ones_like(counted)
    if loss_fn.weight is not None:
        weights = loss_fn.weight[counted]
    part = numerator(output, target) * (share.count > 0)
    return part / summed(weights.sum())`;

const proportional = (what: string, factor: string): string =>
  String.raw`def part_of(
    loss_fn: Loss, output: Any, targets: Sequence[Tensor], share: Share
) -> Tensor:
    """This rank's part of a loss that is a ${what} over samples."""
    return loss_fn(output, *targets) * ${factor}`;

const sharings: Readonly<Record<Sharing, string>> = {
  mean: proportional('mean', '(share.count / share.total)'),
  sum: proportional('sum', '(share.count > 0)'),
  weighted,
  whole: gathered,
  alone: String.raw`def part_of(
    loss_fn: Loss, output: Any, targets: Sequence[Tensor], share: Share
) -> Tensor:
    """The loss, which several ranks cannot share."""
    if share.world > 1:
        raise RuntimeError("this training runs in one process: README.md says why")
    return loss_fn(output, *targets)`,
};

const batchNorm = String.raw`

def synchronise_batch_norm(model: nn.Module, ranks: Ranks) -> nn.Module:
    """Has batch normalisation take the statistics of all ranks' samples."""
    if ranks.device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.forward = partial(batch_norm_of_all, module)
    return model


def batch_norm_of_all(module: _BatchNorm, x: Tensor) -> Tensor:
    """What nn.SyncBatchNorm computes, which torch has on GPUs only."""
    if not module.training and module.track_running_stats:
        return type(module).forward(module, x)
    dims = [dim for dim in range(x.dim()) if dim != 1]
    shape = [1, -1] + [1] * (x.dim() - 2)
    wide = x.double()
    size = wide.new_tensor([x.numel() / x.size(1)])
    sums = SumOverRanks.apply(torch.cat([wide.sum(dims), size]))
    count, mean = sums[-1], sums[:-1] / sums[-1]
    centered = wide - mean.view(shape)
    variance = SumOverRanks.apply(centered.square().sum(dims)) / count
    if module.training and module.track_running_stats:
        with torch.no_grad():
            module.num_batches_tracked += 1
            seen = module.num_batches_tracked.item()
            step = 1 / seen if module.momentum is None else module.momentum
            unbiased = variance * count / (count - 1)
            module.running_mean.lerp_(mean.to(module.running_mean.dtype), step)
            module.running_var.lerp_(unbiased.to(module.running_var.dtype), step)
    normal = (centered * (variance + module.eps).rsqrt().view(shape)).to(x.dtype)
    if not module.affine:
        return normal
    return normal * module.weight.view(shape) + module.bias.view(shape)


class SumOverRanks(torch.autograd.Function):
    """The sum over all ranks, whose gradient is that of all ranks."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return summed(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return SumOverRanks.apply(gradient.contiguous())`;

/** The text of parallel.py. */
export function parallelPython({ sharing, batchNorm: hasBatchNorm, mixed }: ParallelNeeds): string {
  const standard = [
    ...(sharing === 'weighted' ? ['import copy'] : []),
    'import os',
    'from collections import Counter',
    `from collections.abc import Callable, Iterator, Sequence`,
    'from dataclasses import dataclass',
    ...(hasBatchNorm ? ['from functools import partial'] : []),
    ...(sharing === 'weighted' && !hasBatchNorm ? [] : ['from typing import Any']),
  ];
  const torch = [
    'import torch',
    'import torch.distributed as dist',
    'from torch import Tensor, nn',
    'from torch.distributed.device_mesh import init_device_mesh',
    'from torch.distributed.fsdp import fully_shard',
    ...(hasBatchNorm ? ['from torch.nn.modules.batchnorm import _BatchNorm'] : []),
    'from torch.utils.data import Sampler',
  ];
  return filled(template, {
    IMPORTS: [...standard, '', ...torch].join('\n'),
    MIXED: mixed ? ofOtherTypes : '',
    SHARING: sharings[sharing],
    BATCH_NORM: hasBatchNorm ? batchNorm : '',
  });
}
