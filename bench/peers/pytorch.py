"""The cases of cases.ts in PyTorch, on $BENCH_THREADS threads, eager or by torch.compile; prints microseconds as JSON."""

import itertools
import json
import math
import os
import sys
import time

import pytorch_twins
import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "1")))
torch.manual_seed(0)
budget = float(os.environ.get("BENCH_MS", "400")) / 1000
suite = sys.argv[1] if len(sys.argv) > 1 else "steps"
cases = json.loads(sys.argv[2])
compiled = "compile" in sys.argv[3:]
times = {}


def note(text):
    print("\nNOTE " + text, flush=True)


def note_vectors():
    """What was asked of PyTorch may be more than the processor has."""
    wanted, has = os.environ.get("ATEN_CPU_CAPABILITY"), torch.backends.cpu.get_cpu_capability()
    if wanted is not None and wanted != has.lower():
        note(f"asked for vectors of {wanted}, PyTorch has those of {has}")


def timed(call):
    warm_until = time.perf_counter() + 0.5
    for i in range(10**9):
        if i >= 3 and time.perf_counter() > warm_until:
            break
        call()
    count, took = 1, 0.0
    while True:
        start = time.perf_counter()
        for _ in range(count):
            call()
        took = time.perf_counter() - start
        if took >= 0.005:
            break
        count = math.ceil(count * min(10, 0.006 / took))
    found = []
    start = begin = time.perf_counter()
    while start - begin < budget:
        for _ in range(count):
            call()
        end = time.perf_counter()
        found.append((end - start) / count * 1e6)
        start = end
    return found


def mlp(sizes):
    layers = []
    for i in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def steps():
    for net in cases["nets"]:
        sizes, batch = net["sizes"], net["batch"]
        for name in cases["optimizers"]:
            model = mlp(sizes)
            if net["loss"] == "ce":
                loss_fn, target = nn.CrossEntropyLoss(), lambda: torch.randint(0, sizes[-1], (batch,))
            else:
                loss_fn, target = nn.BCEWithLogitsLoss(), lambda: torch.rand(batch, sizes[-1]).round()
            batches = itertools.cycle([(torch.randn(batch, sizes[0]), target()) for _ in range(2)])
            if name == "SGD":
                optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
            else:
                optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

            def forward(x, y):
                return loss_fn(model(x), y)

            if compiled:
                # Else the second net would be compiled for shapes that vary.
                torch._dynamo.reset()
                forward = torch.compile(forward)

            def step():
                optimizer.zero_grad()
                loss = forward(*next(batches))
                loss.backward()
                optimizer.step()
                return loss.item()

            times[f"{net['name']}, {name}"] = timed(step)


def kernels():
    for n in cases["matmulSizes"]:
        a, b = torch.randn(n, n), torch.randn(n, n)
        times[f"matmul {n} x {n}"] = timed(lambda: a @ b)
    a, b, logits = torch.randn(2**20), torch.randn(2**20), torch.randn(1024, 1000)
    calls = {
        "add, 2^20 elements": lambda: a + b,
        "exp, 2^20 elements": lambda: a.exp(),
        "tanh, 2^20 elements": lambda: a.tanh(),
        "sum, 2^20 elements": lambda: a.sum(),
        "softmax (1024, 1000)": lambda: logits.softmax(1),
    }
    for name, call in calls.items():
        times[name] = timed(call)
    x, y, image = torch.randn(1024, 64), torch.randn(1024, 64), torch.randn(1, 256, 256)
    u, v, rows = x.flatten(), y.flatten(), torch.randint(0, 1024, (1024,))
    moves = {
        "dot": lambda: u.dot(v),
        "cat of columns": lambda: torch.cat([x, y], 1),
        "indexSelect of rows": lambda: x.index_select(0, rows),
        "reflect pad": lambda: F.pad(image, [1, 1, 1, 1], "reflect"),
        "roll of both": lambda: image.roll((1, 2), (1, 2)),
    }
    for name, call in moves.items():
        times[f"{name}, 2^16 elements"] = timed(call)


def convolutions():
    for case in cases["convolutions"]:
        name, padding, groups = case["name"], case["padding"], case["groups"]
        x = torch.randn(case["x"], requires_grad=True)
        weight = torch.randn(case["weight"], requires_grad=True)
        bias = torch.randn(case["weight"][0], requires_grad=True)
        g = torch.randn_like(F.conv2d(x, weight, bias, padding=padding, groups=groups))

        def forward():
            with torch.no_grad():
                F.conv2d(x, weight, bias, padding=padding, groups=groups)

        def both():
            x.grad = weight.grad = bias.grad = None
            F.conv2d(x, weight, bias, padding=padding, groups=groups).backward(g)

        times[name] = timed(forward)
        times[f"{name}, and backward"] = timed(both)

    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    batch = cases["lenet"]["batch"]
    images, target = torch.randn(batch, 1, 28, 28), torch.randint(10, (batch,))

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), target)
        loss.backward()
        optimizer.step()
        return loss.item()

    times[cases["lenet"]["name"]] = timed(step)


def poolings():
    for case in cases["poolings"]:
        name, kernel, stride, padding = case["name"], case["kernel"], case["stride"], case["padding"]
        pool = F.max_pool2d if case["kind"] == "max" else F.avg_pool2d
        x = torch.randn(case["x"], requires_grad=True)
        g = torch.randn_like(pool(x, kernel, stride, padding))

        def forward():
            with torch.no_grad():
                pool(x, kernel, stride, padding)

        def both():
            x.grad = None
            pool(x, kernel, stride, padding).backward(g)

        times[name] = timed(forward)
        times[f"{name}, and backward"] = timed(both)


def norms():
    for case in cases["norms"]:
        name, kind, shape = case["name"], case["kind"], case["x"]
        x = torch.randn(shape, requires_grad=True)
        channels = shape[-1] if kind in ("layer", "rms") else shape[1]
        weight = torch.randn(channels, requires_grad=True)
        bias = torch.randn(channels, requires_grad=True)
        mean, variance = torch.zeros(channels), torch.ones(channels)
        calls = {
            "layer": lambda: F.layer_norm(x, [channels], weight, bias),
            "rms": lambda: F.rms_norm(x, [channels], weight),
            "batch": lambda: F.batch_norm(x, mean, variance, weight, bias, training=True),
            "group": lambda: F.group_norm(x, cases["normGroups"], weight, bias),
            "instance": lambda: F.instance_norm(x, weight=weight, bias=bias),
        }
        call = calls[kind]
        g = torch.randn(shape)

        def forward():
            with torch.no_grad():
                call()

        def both():
            x.grad = weight.grad = bias.grad = None
            call().backward(g)

        times[name] = timed(forward)
        times[f"{name}, and backward"] = timed(both)


def sequences():
    def layer(case, model, call):
        x = torch.randn(case["batch"], case["length"], case["size"], requires_grad=True)
        g = torch.randn_like(x)

        def forward():
            with torch.no_grad():
                call(model, x)

        def both():
            model.zero_grad()
            x.grad = None
            call(model, x).backward(g)

        times[case["name"]] = timed(forward)
        times[f"{case['name']}, and backward"] = timed(both)

    def causal(length):
        return torch.ones(length, length, dtype=torch.bool).triu(1)

    case = cases["sequences"]["lstm"]
    layer(case, nn.LSTM(case["size"], case["size"], batch_first=True), lambda model, x: model(x)[0])
    case = cases["sequences"]["attention"]
    seen = dict(attn_mask=causal(case["length"]), is_causal=True, need_weights=False)
    model = nn.MultiheadAttention(case["size"], case["heads"], batch_first=True)
    layer(case, model, lambda model, x: model(x, x, x, **seen)[0])

    case = cases["sequences"]["gpt"]
    length, batch, size, vocabulary = (case[name] for name in ("length", "batch", "size", "vocabulary"))
    block = nn.TransformerEncoderLayer(
        size, case["heads"], 4 * size, dropout=0, activation="gelu", batch_first=True, norm_first=True
    )
    blocks = nn.TransformerEncoder(block, case["layers"], norm=nn.LayerNorm(size), enable_nested_tensor=False)
    characters, places = nn.Embedding(vocabulary, size), nn.Embedding(length, size)
    head = nn.Linear(size, vocabulary)
    optimizer = torch.optim.AdamW(nn.ModuleList([characters, places, blocks, head]).parameters(), lr=1e-3)
    codes = torch.randint(vocabulary, (batch, length))
    target = torch.randint(vocabulary, (batch * length,))
    mask = causal(length)

    def step():
        optimizer.zero_grad()
        x = blocks(characters(codes) + places(torch.arange(length)), mask=mask, is_causal=True)
        loss = F.cross_entropy(head(x).flatten(0, 1), target)
        loss.backward()
        optimizer.step()
        return loss.item()

    times[case["name"]] = timed(step)


def losses():
    for shape in cases["lossShapes"]:
        input = torch.randn(shape, requires_grad=True)
        target = torch.rand(shape)
        classes = torch.randint(0, shape[1], [shape[0], *shape[2:]])
        log_probabilities = torch.randn(shape).log_softmax(1).requires_grad_()
        calls = {
            "crossEntropy": lambda: F.cross_entropy(input, classes),
            "bceWithLogits": lambda: F.binary_cross_entropy_with_logits(input, target),
            "mse": lambda: F.mse_loss(input, target),
            "l1": lambda: F.l1_loss(input, target),
            "huber": lambda: F.huber_loss(input, target),
            "smoothL1": lambda: F.smooth_l1_loss(input, target),
            "nll": lambda: F.nll_loss(log_probabilities, classes),
        }
        for name, call in calls.items():

            def step():
                input.grad = None
                log_probabilities.grad = None
                call().backward()

            times[f"{name} ({', '.join(map(str, shape))})"] = timed(step)


def quasi_newton(parameters, options):
    """A step of LBFGS from one place and without memory each time: down a quadratic function that it does not reach the bottom of."""
    start = [p.detach().clone() for p in parameters]
    bends, targets = [torch.rand_like(p) for p in parameters], [torch.randn_like(p) for p in parameters]
    optimizer = torch.optim.LBFGS(
        parameters, max_iter=options["maxIter"], history_size=options["historySize"], tolerance_grad=0, tolerance_change=0
    )

    def closure():
        optimizer.zero_grad()
        loss = sum(((p - target).square() * bend).sum() for p, target, bend in zip(parameters, targets, bends))
        loss.backward()
        return loss

    def step():
        with torch.no_grad():
            torch._foreach_copy_(parameters, start)
        optimizer.state.clear()
        optimizer.step(closure)

    return step


def update(name, options, parameters, choice):
    """What makes the update; a TypeError where it has no such choice."""
    if name == "LBFGS" and not choice:
        return quasi_newton(parameters, options)
    own = getattr(torch.optim, name, None) or getattr(pytorch_twins, name)
    return own(parameters, lr=1e-4, **options, **choice).step


def optim():
    """The update alone, by the fastest of PyTorch's implementations: a loop, foreach, fused."""
    count = cases["updateTensors"]
    for size in cases["updateSizes"]:
        for case in cases["updates"]:
            if size > case.get("most", size):
                continue
            shape = cases["updateMatrices"][str(size)] if case.get("matrices") else [size // count]
            best = None
            for choice in ({"foreach": False}, {"foreach": True}, {"fused": True}, {}):
                if not choice and best is not None:
                    continue
                parameters = [torch.randn(shape, requires_grad=True) for _ in range(count)]
                for p in parameters:
                    p.grad = torch.randn(shape)
                try:
                    found = timed(update(case["name"], case["options"], parameters, choice))
                except (TypeError, RuntimeError):  # choices are not there for all, nor in all versions
                    continue
                if best is None or sorted(found)[len(found) // 20] < sorted(best)[len(best) // 20]:
                    best = found
            options = case["options"]
            variant = ", momentum" if "momentum" in options else f", {options['maxIter']} iterations" if "maxIter" in options else ""
            times[f"{case['name']}{variant}, {size} parameters"] = best


note_vectors()
try:
    {"optim": optim, "steps": steps, "kernels": kernels, "convolutions": convolutions, "poolings": poolings, "norms": norms, "sequences": sequences, "losses": losses}[suite]()
except torch._dynamo.exc.TorchDynamoException as error:  # no C++ compiler, say
    note("torch.compile does not work here: " + str(error).split("\n")[0])
print("\nBENCH " + json.dumps(times))
