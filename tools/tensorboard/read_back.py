"""Reads what SummaryWriter writes by TensorBoard itself, and holds it against what PyTorch's SummaryWriter writes of the same.

    python3 -m venv v && v/bin/pip install tensorboard torch
    v/bin/python tools/tensorboard/read_back.py [seed]

TensorBoard's event accumulator reads the run, which checks every record's checksums; then, with torch at hand, each summary must
be the message that PyTorch writes for the same call (images: the same pixels). It needs Node too, with the repository installed.
"""

import io
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

ROOT = Path(__file__).resolve().parents[2]
faults = []


def check(what, got, expected):
    if got != expected:
        faults.append(f"{what}: got {got}, expected {expected}")


def number(x):
    """JSON has no NaN: those come as strings."""
    names = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
    return names.get(x, x) if isinstance(x, str) else x


def write(folder, seed):
    tsx = ROOT / "node_modules/.bin/tsx"
    subprocess.run([tsx, ROOT / "tools/tensorboard/write.ts", folder, seed], check=True, cwd=ROOT)
    return json.loads((folder / "calls.json").read_text())


def array(x):
    """What a call was given, as numpy has it."""
    if not isinstance(x, dict):
        return x
    if "dict" in x:
        return {name: array(value) for name, value in x["dict"].items()}
    return np.array(x["values"], dtype=x["dtype"])


def accumulated(folder, calls):
    """What TensorBoard shows of the run."""
    run = EventAccumulator(str(folder / "ours"), size_guidance={"scalars": 0, "histograms": 0, "images": 0, "tensors": 0})
    run.Reload()
    tags = run.Tags()
    of = lambda method: [c for c in calls if c["method"] == method]  # noqa: E731
    check("scalars", set(tags["scalars"]), {c["args"][0] for c in of("addScalar")})
    check("histograms", set(tags["histograms"]), {c["args"][0] for c in of("addHistogram")})
    check("images", set(tags["images"]), {c["args"][0] for c in of("addImage") + of("addImages")})
    texts = {f"{c['args'][0]}/text_summary" for c in of("addText")}
    check("tensors", set(tags["tensors"]), texts | {c["args"][0] for c in of("addPrCurve")})
    for call in of("addText"):
        [event] = run.Tensors(f"{call['args'][0]}/text_summary")
        check("text", event.tensor_proto.string_val[0].decode(), call["args"][1])
    for tag in tags["scalars"]:
        given = [c for c in of("addScalar") if c["args"][0] == tag]
        shown = [(e.step, e.wall_time, np.float32(e.value)) for e in run.Scalars(tag)]
        wanted = [(c["options"]["globalStep"], float(c["options"]["walltime"]), value(c)) for c in given]
        check(tag, str(shown), str(wanted))
    for call in of("addHistogram"):
        [event] = run.Histograms(call["args"][0])
        x = array(call["args"][1]).astype(float)
        histogram = event.histogram_value
        check(f"{call['args'][0]}: count", sum(histogram.bucket), x.size)
        check(f"{call['args'][0]}: range", (histogram.min, histogram.max, histogram.num), (x.min(), x.max(), x.size))
    for call in of("addHparams"):
        loader = LegacyEventFileLoader(str(next((folder / "ours" / call["options"]["runName"]).iterdir())))
        plugins = [v.metadata.plugin_data for e in loader.Load() for v in e.summary.value if v.HasField("metadata")]
        data = [HParamsPluginData.FromString(p.content) for p in plugins if p.plugin_name == "hparams"]
        check("hparams", [d.WhichOneof("data") for d in data], ["experiment", "session_start_info", "session_end_info"])


def value(call):
    x = array(call["args"][1])
    return np.float32(number(x) if not isinstance(x, np.ndarray) else x.item())


def summaries(folder):
    """All summaries beneath a folder, by run, in their order."""
    found = {}
    for file in sorted(folder.rglob("events.out.tfevents.*")):
        run = str(file.parent.relative_to(folder))
        events = LegacyEventFileLoader(str(file)).Load()
        found[run] = [(e.step, v) for e in events for v in e.summary.value]
    return found


def pixels(image):
    return np.asarray(Image.open(io.BytesIO(image.encoded_image_string)).convert("RGBA"))


def same(a, b):
    if a.HasField("image") and b.HasField("image"):
        shape = (a.image.height, a.image.width) == (b.image.height, b.image.width)
        return a.tag == b.tag and shape and np.array_equal(pixels(a.image), pixels(b.image))
    if a.HasField("histo") and b.HasField("histo"):
        # Sums, in another order.
        for field in ("sum", "sum_squares"):
            x, y = getattr(a.histo, field), getattr(b.histo, field)
            # Of what cancels, by the size of the terms.
            if abs(x - y) > 1e-6 * max(abs(y), (b.histo.sum_squares * b.histo.num) ** 0.5):
                return False
            setattr(a.histo, field, y)
    if a.metadata.plugin_data.plugin_name == "hparams":
        # Maps have no order.
        data = [HParamsPluginData.FromString(x.metadata.plugin_data.content) for x in (a, b)]
        return a.tag == b.tag and data[0] == data[1]
    if a.HasField("tensor") and a.tensor.dtype == 1:
        near = np.allclose(a.tensor.float_val, b.tensor.float_val, rtol=1e-6, atol=0)
        del a.tensor.float_val[:], b.tensor.float_val[:]
        return near and str(a) == str(b)
    return str(a) == str(b)


def by_pytorch(folder, calls):
    """The same calls, by PyTorch."""
    import torch
    from torch.utils.tensorboard import SummaryWriter

    def given(x):
        x = array(x)
        if isinstance(x, dict):
            return {name: given(v) for name, v in x.items()}
        return torch.from_numpy(x) if isinstance(x, np.ndarray) else number(x)

    snake = lambda name: re.sub(r"([A-Z])", lambda m: "_" + m[1].lower(), name)  # noqa: E731
    with SummaryWriter(folder / "theirs", purge_step=0) as writer:
        for call in calls:
            args = [call["args"][0], *map(given, call["args"][1:])] if isinstance(call["args"][0], str) else [*map(given, call["args"])]
            if call["method"] == "addText":
                args = call["args"]
            options = {snake(name): v for name, v in call["options"].items()}
            getattr(writer, snake(call["method"]))(*args, **options)
    ours, theirs = summaries(folder / "ours"), summaries(folder / "theirs")
    check("runs", sorted(ours), sorted(theirs))
    count = 0
    for run in ours.keys() & theirs.keys():
        check(f"{run}: number of summaries", len(ours[run]), len(theirs[run]))
        for (step, a), (their_step, b) in zip(ours[run], theirs[run]):
            count += 1
            if step != their_step or not same(a, b):
                faults.append(f"{run}: {a.tag}: step {step} and {their_step}\n{str(a)[:600]}\n--- PyTorch:\n{str(b)[:600]}")
    print(f"{count} summaries held against PyTorch's")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        calls = write(folder, sys.argv[1] if len(sys.argv) > 1 else "0")
        accumulated(folder, calls)
        print(f"{len(calls)} calls read by TensorBoard")
        try:
            import torch  # noqa: F401
        except ImportError:
            print("no torch: not held against PyTorch's")
        else:
            by_pytorch(folder, calls)
    for fault in faults:
        print("FAILED", fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
