"""What makes several processes one: shares of a batch, and losses over all of it."""

import copy
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.utils.data import Sampler

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


def part_of(
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
    return part / summed(weights.sum())


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

    for block in blocks(model):
        own = list(block.parameters())
        if own and all(users[p] == 1 for p in own):
            fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)
