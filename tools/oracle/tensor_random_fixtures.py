"""Writes random draws as users make them, and the batches that a DataLoader gives for a seed.

packages/core/test/fixtures/random/tensors.json: by name, as the test of the same name draws them in TypeScript, the values
and the CRC-32 of the generator's state afterwards. packages/core/test/fixtures/data/{batches,samplers}.json: orders of samples.
int32 stands for PyTorch's int64.
"""
import json
import sys
import zlib

import torch
from fixture import REPOSITORY
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)

FIXTURES = REPOSITORY / "packages/core/test/fixtures"
SEED = 2024


def empty(*shape, dtype=torch.float32):
    return torch.empty(shape, dtype=dtype)


rare = torch.tensor([0.0, 0.0, 3.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
weights = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.0, 5.0, 1.0, 2.0]])
probabilities = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 11
rates = torch.arange(40, dtype=torch.float32).reshape(5, 8).square() / 8
trials = torch.arange(60, dtype=torch.float32).reshape(15, 4).square()

# Small draws and large ones (normal has a path of its own from 16 elements on), dense targets and others.
DRAWS = {
    "rand": lambda: torch.rand(2, 3),
    "rand float64": lambda: torch.rand(5, dtype=torch.float64),
    "rand of no element": lambda: torch.rand(0, 3),
    "rand 0-dim": lambda: torch.rand(()),
    "randn small": lambda: torch.randn(3, 5),
    "randn large": lambda: torch.randn(4, 5),
    "randn float64": lambda: torch.randn(3, 6, dtype=torch.float64),
    "randint": lambda: torch.randint(10, (3, 4)),
    "randint low": lambda: torch.randint(-5, 5, (8,)),
    "randint uint8": lambda: torch.randint(0, 256, (6,), dtype=torch.uint8),
    "randint float32": lambda: torch.randint(3, 9, (6,), dtype=torch.float32),
    "randperm": lambda: torch.randperm(11),
    "bernoulli": lambda: torch.bernoulli(probabilities),
    "bernoulli transposed": lambda: torch.bernoulli(probabilities.t()),
    "normal numbers": lambda: torch.normal(1.0, 2.0, (3, 7)),
    "normal mean": lambda: torch.normal(torch.arange(5.0), 0.5),
    "normal both": lambda: torch.normal(torch.arange(4.0).reshape(4, 1), torch.arange(1.0, 6.0)),
    "normal transposed mean": lambda: torch.normal(torch.zeros(5, 4).t(), 1.0),
    "multinomial": lambda: torch.multinomial(weights, 3),
    "multinomial of few": lambda: torch.multinomial(rare, 7),
    "multinomial of few, once": lambda: torch.multinomial(rare, 1),
    "multinomial of few, many": lambda: torch.multinomial(torch.arange(90.0) % 9 // 8, 60),
    "multinomial row": lambda: torch.multinomial(weights[0], 2),
    "multinomial replacement": lambda: torch.multinomial(weights, 6, replacement=True),
    "randLike": lambda: torch.rand_like(torch.zeros(2, 3)),
    "randLike transposed": lambda: torch.rand_like(torch.zeros(3, 4).t()),
    "randLike sliced": lambda: torch.rand_like(torch.zeros(3, 8)[:, ::2]),
    "randnLike transposed": lambda: torch.randn_like(torch.zeros(4, 5).t()),
    "randintLike transposed": lambda: torch.randint_like(torch.zeros(3, 4, dtype=torch.int64).t(), 0, 50),
    "uniform_": lambda: empty(2, 3).uniform_(-1, 3),
    "uniform_ transposed": lambda: empty(3, 4).t().uniform_(),
    "uniform_ permuted": lambda: empty(2, 3, 4).permute(2, 0, 1).uniform_(),
    "uniform_ sliced": lambda: empty(3, 8)[:, ::2].uniform_(),
    "normal_ transposed small": lambda: empty(3, 4).t().normal_(),
    "normal_ transposed large": lambda: empty(4, 5).t().normal_(2, 3),
    "normal_ sliced large": lambda: empty(5, 8)[:, ::2].normal_(),
    "normal_ sliced float64": lambda: empty(9, 4, dtype=torch.float64)[1::2].normal_(),
    "bernoulli_ transposed": lambda: empty(3, 4).t().bernoulli_(0.3),
    "bernoulli_ tensor": lambda: empty(3, 4).bernoulli_(probabilities),
    "bernoulli_ tensor transposed": lambda: empty(3, 4).t().bernoulli_(probabilities.reshape(4, 3)),
    "bernoulli_ int": lambda: empty(4, 3, dtype=torch.int64).t().bernoulli_(0.5),
    "random_ transposed": lambda: empty(3, 4, dtype=torch.int64).t().random_(0, 100),
    "exponential_ transposed": lambda: empty(3, 4).t().exponential_(),
    "cauchy_ transposed": lambda: empty(3, 4).t().cauchy_(),
    "logNormal_ transposed": lambda: empty(3, 4).t().log_normal_(),
    "geometric_ transposed": lambda: empty(3, 4).t().geometric_(0.3),
    "poisson": lambda: torch.poisson(rates),
    "poisson transposed": lambda: torch.poisson(rates.t()),
    "poisson float64": lambda: torch.poisson(rates.double() + 0.1),
    "binomial": lambda: torch.binomial(trials, probabilities[0]),
    "binomial probabilities": lambda: torch.binomial(torch.full((3, 4), 70.0), probabilities),
    "binomial float64": lambda: torch.binomial(trials.double(), torch.full((), 0.61, dtype=torch.float64)),
}


def draws():
    cases = {}
    for name, draw in DRAWS.items():
        torch.manual_seed(SEED)
        x = draw()
        dtype = str(x.dtype)[6:].replace("int64", "int32")
        cases[name] = {
            "dtype": dtype,
            "shape": list(x.shape),
            "values": x.flatten().tolist(),
            "state": zlib.crc32(torch.get_rng_state().numpy().tobytes()),
        }
    return cases


def batches():
    """Two epochs of a loader, then a draw that shows whether both sides have drawn as much."""
    cases = []
    for n, options in (
        (10, {"batch_size": 3}),
        (10, {"batch_size": 3, "shuffle": True}),
        (10, {"batch_size": 3, "shuffle": True, "drop_last": True}),
        (10, {"batch_size": 4, "drop_last": True}),
        (9, {"batch_size": 3, "shuffle": True, "drop_last": True}),
        (7, {"shuffle": True}),
        (5, {"batch_size": 8, "shuffle": True}),
        (3, {"batch_size": 8, "drop_last": True}),
        (100, {"batch_size": 32, "shuffle": True}),
        (6, {"batch_size": 4, "sampler": [5, 0, 0, 3, 2]}),
        (12, {"batch_size": 5, "shuffle": True, "generator": 7}),
        (12, {"batch_size": 5, "generator": 7}),
    ):
        torch.manual_seed(SEED)
        given = dict(options)
        if "generator" in given:
            given["generator"] = torch.Generator().manual_seed(given["generator"])
        loader = DataLoader(TensorDataset(torch.arange(n)), **given)
        epochs = [[batch.tolist() for (batch,) in loader] for _ in range(2)]
        cases.append({"n": n, "options": options, "length": len(loader), "epochs": epochs, "next": torch.rand(2).tolist()})
    return cases


def splits():
    cases = []
    for n, lengths, generator in ((10, [3, 7], None), (10, [0.5, 0.3, 0.2], None), (11, [0.5, 0.5], 3), (7, [0.34, 0.33, 0.33], 3), (4, [0, 4], None)):  # fmt: skip
        torch.manual_seed(SEED)
        options = {} if generator is None else {"generator": torch.Generator().manual_seed(generator)}
        parts = random_split(range(n), lengths, **options)
        cases.append({"n": n, "lengths": lengths, "generator": generator, "parts": [list(p.indices) for p in parts], "next": torch.rand(1).item()})
    return cases


WEIGHTS = [0.5, 0.0, 3.0, 1.0, 0.25, 2.0, 0.0, 4.0]

# A sampler by its name, arguments and options ("generator" is the seed of one).
SAMPLERS = [
    ("SequentialSampler", [5], {}),
    ("RandomSampler", [7], {}),
    ("RandomSampler", [7], {"generator": 3}),
    ("RandomSampler", [7], {"num_samples": 17}),
    ("RandomSampler", [7], {"num_samples": 14, "generator": 3}),
    ("RandomSampler", [7], {"num_samples": 3}),
    ("RandomSampler", [1000], {"num_samples": 20}),
    ("RandomSampler", [7], {"replacement": True}),
    ("RandomSampler", [7], {"replacement": True, "num_samples": 32}),
    ("RandomSampler", [50], {"replacement": True, "num_samples": 70}),
    ("RandomSampler", [50], {"replacement": True, "num_samples": 70, "generator": 3}),
    ("SubsetRandomSampler", [[4, 8, 15, 16, 23, 42]], {}),
    ("SubsetRandomSampler", [[4, 8, 15, 16, 23, 42]], {"generator": 3}),
    ("SubsetRandomSampler", [[]], {}),
    ("WeightedRandomSampler", [WEIGHTS, 12], {}),
    ("WeightedRandomSampler", [WEIGHTS, 1], {}),
    ("WeightedRandomSampler", [WEIGHTS, 5], {"replacement": False}),
    ("WeightedRandomSampler", [WEIGHTS, 6], {"replacement": False, "generator": 3}),
    ("WeightedRandomSampler", [[0, 1, 0, 0, 2, 0, 0, 0], 6], {"replacement": False}),
]
CLASSES = {c.__name__: c for c in (RandomSampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler)}


def sampler_of(name, args, options):
    given = dict(options)
    if "generator" in given:
        given["generator"] = torch.Generator().manual_seed(given["generator"])
    sized = [range(args[0])] if name in ("SequentialSampler", "RandomSampler") else args
    return CLASSES[name](*sized, **given)


class Stream(IterableDataset):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))


def samplers():
    """Two orders of each sampler, the batches of two epochs of a loader with it, and a draw that shows how much was drawn."""
    cases = []
    for name, args, options in SAMPLERS:
        torch.manual_seed(SEED)
        sampler = sampler_of(name, args, options)
        orders = [list(sampler) for _ in range(2)]
        batched = [list(BatchSampler(sampler_of(name, args, options), 4, drop)) for drop in (False, True)]
        loader = DataLoader(TensorDataset(torch.arange(1000)), batch_size=4, sampler=sampler_of(name, args, options))
        epochs = [[batch.tolist() for (batch,) in loader] for _ in range(2)]
        by_batches = DataLoader(TensorDataset(torch.arange(1000)), batch_sampler=BatchSampler(sampler_of(name, args, options), 3, True))
        cases.append({
            "name": name, "args": args, "options": options, "length": len(sampler), "orders": orders, "batched": batched,
            "epochs": epochs, "byBatches": [batch.tolist() for (batch,) in by_batches], "next": torch.rand(2).tolist(),
        })  # fmt: skip
    return cases


def streams():
    cases = []
    for n, options in ((7, {"batch_size": 3}), (7, {"batch_size": 3, "drop_last": True}), (6, {"batch_size": 3}), (0, {"batch_size": 3}), (3, {"batch_size": None}), (3, {})):
        torch.manual_seed(SEED)
        loader = DataLoader(Stream(n), **options)
        epochs = [[torch.as_tensor(batch).tolist() for batch in loader] for _ in range(2)]
        cases.append({"n": n, "options": options, "epochs": epochs, "next": torch.rand(2).tolist()})
    return cases


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, separators=(",", ":"), allow_nan=False) + "\n")


write(FIXTURES / "random/tensors.json", draws())
write(FIXTURES / "data/batches.json", {"loaders": batches(), "splits": splits()})
write(FIXTURES / "data/samplers.json", {"samplers": samplers(), "streams": streams()})
print(f"torch {torch.__version__}", file=sys.stderr)
