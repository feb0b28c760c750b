"""Writes packages/core/test/fixtures/random/*.json: PyTorch's CPU random streams, to be reproduced number for number.

A case is a seed and the steps drawn after it, so that steps of different kinds follow one another in one stream. A
step records what was called, its result (raw little-endian bytes in base64, or their CRC-32 where they are many) and
the CRC-32 of the generator's state afterwards. `--compare` writes nothing and reports where this PyTorch differs from
the fixtures.
"""
import argparse
import base64
import json
import sys
import warnings
import zlib

import torch
from fixture import REPOSITORY, TORCH_DTYPES

warnings.simplefilter("ignore")
FOLDER = REPOSITORY / "packages/core/test/fixtures/random"
FULL_BYTES = 2048


def raw(tensor, dtype):
    if dtype == "int32":
        tensor = tensor.to(torch.int32)
    return tensor.contiguous().numpy().tobytes()


def probabilities(n, dtype):
    """Weights that both sides can make without drawing: (7 i mod 11) / 11."""
    return ((torch.arange(n) * 7) % 11).to(dtype) / 11


def draw(op, dtype, n, a):
    t = TORCH_DTYPES[dtype]
    out = torch.empty(n, dtype=t)
    if op == "uniform":
        return out.uniform_(a["from"], a["to"])
    if op == "normal":
        return out.normal_(a["mean"], a["std"])
    if op == "normalStrided":
        return torch.empty(n, 2, dtype=t)[:, 0].normal_(a["mean"], a["std"])
    if op == "normalFrom":
        mean = probabilities(n, t) if a["mean"] is None else a["mean"]
        std = probabilities(n, t) if a["std"] is None else a["std"]
        return torch.normal(mean, std)
    if op == "logNormal":
        return out.log_normal_(a["mean"], a["std"])
    if op == "exponential":
        return out.exponential_(a["lambda"])
    if op == "cauchy":
        return out.cauchy_(a["median"], a["sigma"])
    if op == "geometric":
        return out.geometric_(a["p"])
    if op == "bernoulli":
        return out.bernoulli_(a["p"])
    if op == "bernoulliFrom":
        return out.bernoulli_(probabilities(n, TORCH_DTYPES[a["pDtype"]]))
    if op == "dropout":
        return torch.nn.functional.dropout(torch.ones(n, dtype=t), a["p"])
    if op == "randint":
        return torch.randint(a["low"], a["high"], (n,), dtype=t)
    if op == "random":
        if dtype == "int32":  # PyTorch's int64 draws 63 bits, which our int32 cannot hold
            return torch.empty(n, dtype=torch.int32).random_()
        return out.random_()
    if op == "randperm":
        return torch.randperm(n, dtype=t)
    if op == "multinomial":
        weights = probabilities(a["rows"] * a["categories"], t).reshape(a["rows"], a["categories"]) + a["floor"]
        return torch.multinomial(weights, n, a["replacement"])
    raise ValueError(op)


def step(op, dtype, n, **arguments):
    return {"op": op, "dtype": dtype, "n": n, "args": arguments}


def record(seed, steps):
    torch.manual_seed(seed)
    for s in steps:
        result = draw(s["op"], s["dtype"], s["n"], s["args"])
        dtype = "int32" if s["op"] == "multinomial" else s["dtype"]
        data = raw(result, dtype)
        if len(data) <= FULL_BYTES or (s["dtype"] == "float64" and s["op"] != "uniform"):
            s["bytes"] = base64.b64encode(data).decode()
        else:
            s["crc"] = zlib.crc32(data)
        s["state"] = zlib.crc32(torch.get_rng_state().numpy().tobytes())
    return {"seed": seed, "steps": steps}


def streams():
    floats = ("float32", "float64")
    files = {"uniform": [], "normal": [], "distributions": [], "integers": [], "mixed": []}
    for t in floats:
        for seed in (0, 1, 42, 123456789, 2**40 + 7, -1):
            files["uniform"].append(record(seed, [step("uniform", t, 5, **{"from": 0, "to": 1})]))
            files["normal"].append(record(seed, [step("normal", t, n, mean=0, std=1) for n in (5, 16, 21)]))
        files["uniform"].append(record(3, [step("uniform", t, n, **{"from": 0, "to": 1}) for n in range(1, 41)]))
        files["normal"].append(record(3, [step("normal", t, n, mean=0, std=1) for n in range(1, 41)]))
        for seed, bounds in ((4, (-0.3, 0.571)), (5, (-0.0357, 0.0357)), (6, (100, 1000.5)), (7, (-1e-3, 0)), (8, (2, 2))):
            files["uniform"].append(
                record(seed, [step("uniform", t, n, **{"from": bounds[0], "to": bounds[1]}) for n in (1, 100, 1000)])
            )
        for seed, (mean, std) in ((4, (0.25, 1.7)), (5, (-3, 0.02)), (6, (0, 1)), (7, (1, 0))):
            sizes = (1, 3, 100, 1000) if t == "float32" else (1, 3, 100)
            files["normal"].append(record(seed, [step("normal", t, n, mean=mean, std=std) for n in sizes]))
        files["normal"].append(record(11, [step("normal", "float32", 10000, mean=0, std=1)]))
        files["normal"].append(record(8, [step("normalStrided", t, n, mean=0.5, std=2) for n in (3, 16, 33)]))
        files["normal"].append(
            record(
                9,
                [step("normalFrom", t, n, mean=m, std=s) for n in (5, 40) for m, s in ((None, None), (None, 0.3), (1.5, None))],
            )
        )
        for n in (7, 100):
            files["distributions"].append(
                record(
                    10 + n,
                    [
                        step("exponential", t, n, **{"lambda": 1}),
                        step("exponential", t, n, **{"lambda": 2.7}),
                        step("logNormal", t, n, mean=0.1, std=0.6),
                        step("cauchy", t, n, median=0.2, sigma=1.3),
                        step("geometric", t, n, p=0.3),
                        step("bernoulli", t, n, p=0.3),
                        step("bernoulliFrom", t, n, pDtype=t),
                        step("dropout", t, n, p=0.4),
                    ],
                )
            )
    files["distributions"].append(
        record(
            12,
            [step("bernoulli", "float32", 1000, p=p) for p in (0, 0.5, 1)]
            + [step("bernoulliFrom", "float32", 1000, pDtype=p) for p in floats]
            + [step("bernoulli", t, 40, p=0.25) for t in ("bool", "uint8", "int32")]
            + [step("geometric", "int32", 40, p=0.11), step("exponential", "float32", 1000, **{"lambda": 1})],
        )
    )
    ranges = [(0, 2), (0, 10), (-5, 17), (0, 1000), (0, 2**28 - 1), (0, 2**28), (-(2**31), 2**31 - 1), (0, 2**31 - 1)]
    for i, (low, high) in enumerate(ranges):
        files["integers"].append(record(20 + i, [step("randint", "int32", n, low=low, high=high) for n in (5, 33)]))
    files["integers"].append(
        record(
            30,
            [
                step("randint", "uint8", 20, low=0, high=256),
                step("randint", "bool", 20, low=0, high=2),
                step("randint", "float32", 20, low=-9, high=9),
                step("randint", "float64", 20, low=0, high=2**40),
                step("randint", "float64", 20, low=-(2**52), high=2**52),
            ]
            + [step("random", t, 20) for t in TORCH_DTYPES],
        )
    )
    files["integers"].append(record(31, [step("randperm", "int32", n) for n in range(0, 41)]))
    files["integers"].append(record(32, [step("randperm", "int32", n) for n in (100, 1000, 60000)]))
    for t in floats:
        for rows, categories, n, replacement, floor in (
            (1, 5, 1, False, 0),
            (1, 5, 3, False, 0.1),
            (1, 40, 40, False, 0.01),
            (3, 11, 4, False, 0.5),
            (1, 5, 20, True, 0),
            (4, 9, 12, True, 0.2),
            (6, 4, 1, True, 0.1),
            (1, 300, 150, False, 0.2),
        ):
            files["integers"].append(
                record(
                    40,
                    [step("multinomial", t, n, rows=rows, categories=categories, replacement=replacement, floor=floor)],
                )
            )
    kinds = [
        lambda n: step("normal", "float32", n, mean=0, std=1),
        lambda n: step("randint", "int32", n, low=0, high=100),
        lambda n: step("normal", "float64", n, mean=1, std=2),
        lambda n: step("uniform", "float32", n, **{"from": -1, "to": 1}),
        lambda n: step("uniform", "float64", n, **{"from": -1, "to": 1}),
        lambda n: step("randperm", "int32", n),
        lambda n: step("bernoulli", "float32", n, p=0.5),
        lambda n: step("exponential", "float32", n, **{"lambda": 1}),
        lambda n: step("randint", "int32", n, low=0, high=2**30),
    ]
    for seed in (50, 51):
        files["mixed"].append(record(seed, [kinds[(i * i + seed) % len(kinds)](1 + (i * 7) % 23) for i in range(60)]))
    return files


def states():
    """States in mid-stream, so that they are seen to go from either side to the other."""
    cases = []
    for seed, draws in ((0, 0), (5, 1), (-7, 3), (2**63 + 11, 700)):
        torch.manual_seed(seed)
        torch.empty(draws, dtype=torch.float64).uniform_()
        torch.empty(1).normal_()
        state = torch.get_rng_state()
        cases.append(
            {
                "seed": str(seed),
                "initialSeed": str(torch.initial_seed()),
                "draws": draws,
                "state": base64.b64encode(zlib.compress(state.numpy().tobytes(), 9)).decode(),
                "normals": torch.empty(3, dtype=torch.float64).normal_().tolist(),
            }
        )
    return cases


def orders():
    """Fills of permuted and sliced views, read in logical order: which element of the stream each one got."""
    cases = []
    for shape, permutation, step in (
        ((3, 4), (1, 0), 1),
        ((3, 4), (0, 1), 2),
        ((2, 3, 4), (2, 0, 1), 1),
        ((2, 3, 4), (1, 2, 0), 2),
        ((2, 1, 5, 3), (3, 1, 0, 2), 1),
        ((1, 6), (1, 0), 3),
        ((4, 1, 1, 4), (3, 2, 1, 0), 1),
        ((5,), (0,), 2),
        ((3, 0), (1, 0), 1),
    ):
        x = torch.empty(shape).permute(permutation)[..., ::step]
        torch.manual_seed(60)
        stream = torch.rand(x.numel())
        torch.manual_seed(60)
        x.uniform_()
        places = [(stream == v).nonzero().item() for v in x.flatten()]
        cases.append({"shape": list(x.shape), "strides": list(x.stride()), "places": places})
    return cases


def differences(path, now):
    if not isinstance(now, list) or not now or "steps" not in now[0]:
        return []
    found = []
    for old, new in zip(json.loads(path.read_text()), now):
        for a, b in zip(old["steps"], new["steps"]):
            if a.get("bytes") != b.get("bytes") or a.get("crc") != b.get("crc") or a["state"] != b["state"]:
                found.append(f"{path.stem}: seed {old['seed']}: {a['op']} {a['dtype']} n={a['n']} {a['args']}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compare", action="store_true")
    compare = parser.parse_args().compare
    files = {**streams(), "states": states(), "orders": orders()}
    for name, cases in files.items():
        path = FOLDER / f"{name}.json"
        if compare:
            for line in differences(path, cases):
                print(line)
        else:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    print(f"torch {torch.__version__}", file=sys.stderr)


main()
