"""Runs each script with PyTorch and writes what it printed to <name>.json: python3 record.py [name ...]"""

import hashlib
import json
import os
import pathlib
import platform
import runpy
import statistics
import subprocess
import sys
import time

import torch

folder = pathlib.Path(__file__).parent
# What PyTorch computes on a processor that has none of the wide vectors.
narrow = {"ATEN_CPU_CAPABILITY": "default", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2", "ONEDNN_MAX_CPU_ISA": "SSE41"}


def run(script):
    """The losses that a script prints, and milliseconds a step: those which one step of twenty undercuts."""
    losses, times = [], []

    def note(step, loss):
        assert step == len(losses), f"{script}: step {step} comes after {len(losses)} others"
        losses.append(loss)
        times.append(time.perf_counter())

    runpy.run_path(str(script), init_globals={"print": note})
    spans = [b - a for a, b in zip(times, times[1:])]
    return losses, 1000 * statistics.quantiles(spans, n=20)[0]


def run_narrow(script):
    """The losses of a script where PyTorch uses narrow vectors, which is settled when it is loaded."""
    command = [sys.executable, str(folder / "record.py"), "--losses", str(script)]
    return json.loads(subprocess.run(command, env={**os.environ, **narrow}, check=True, capture_output=True).stdout)


def processor():
    """The processor's name, as the system has it."""
    info = pathlib.Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0].split(":")[1].strip() if names else platform.processor()


def record(script):
    losses, milliseconds = run(script)
    other = run_narrow(script)
    found = {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "processor": processor(),
        "sha256": hashlib.sha256(script.read_bytes()).hexdigest(),
        "millisecondsPerStep": round(milliseconds, 3),
        "narrowVectorsDifference": max(abs(a - b) / abs(a) for a, b in zip(losses, other, strict=True)),
        "losses": losses,
    }
    script.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    print(f"{script.stem}: {len(losses)} steps, {milliseconds:.2f} ms a step, {found['narrowVectorsDifference']:.1e}")


torch.set_num_threads(1)
if sys.argv[1:2] == ["--losses"]:
    print(json.dumps(run(sys.argv[2])[0]))
else:
    names = sys.argv[1:] or sorted(path.stem for path in folder.glob("*.py") if path.stem != "record")
    for name in names:
        record(folder / f"{name}.py")
