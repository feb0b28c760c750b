"""Checks the ONNX files that onnx-models.ts wrote: onnx.checker with full_check, shape inference in strict mode, ONNX's own names of the
version, and what onnxruntime and Kindling give. Python with onnx, onnxruntime, safetensors and numpy."""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file


def checked(path: Path) -> onnx.ModelProto:
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(path)
    inferred = onnx.shape_inference.infer_shapes(
        model, check_type=True, strict_mode=True, data_prop=True
    )
    named = [*inferred.graph.value_info, *inferred.graph.output, *inferred.graph.input]
    known = {info.name for info in named if info.type.tensor_type.HasField("shape")}
    made = {name for node in model.graph.node for name in node.output if name}
    unknown = made - known
    if unknown:
        print(f"  {path.stem}: no shape inferred for {sorted(unknown)[:3]}")
    return model


def worst(session: onnxruntime.InferenceSession, path: Path) -> float:
    tensors = load_file(path)
    feeds = {}
    for i, info in enumerate(session.get_inputs()):
        x = tensors[f"input.{i}"]
        feeds[info.name] = x.astype(np.int64) if info.type == "tensor(int64)" else x
    furthest = 0.0
    for i, got in enumerate(session.run(None, feeds)):
        expected = tensors[f"output.{i}"]
        if got.shape != expected.shape:
            return float("inf")
        distance = np.abs(got.astype(np.float64) - expected) / np.maximum(
            1, np.abs(expected)
        )
        furthest = max(furthest, float(distance.max(initial=0)))
    return furthest


def main() -> int:
    folder = Path(sys.argv[1])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    failures, distances, opsets, nodes = 0, [], set(), set()
    paths = sorted(folder.glob("*.onnx"))
    for path in paths:
        try:
            model = checked(path)
            opsets.add((model.opset_import[0].version, model.ir_version))
            nodes |= {node.op_type for node in model.graph.node}
            session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            for samples in sorted(folder.glob(f"{path.stem}.*.safetensors")):
                distance = worst(session, samples)
                distances.append(distance)
                if not distance <= 1e-5:
                    failures += 1
                    print(f"  {samples.stem}: off by {distance:.2e}")
        except (RuntimeError, ValueError, KeyError, onnx.checker.ValidationError) as error:
            failures += 1
            print(f"  {path.stem}: {str(error).splitlines()[0][:200]}")
    print(
        f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}: {len(paths)} files of (opset, IR) {sorted(opsets)}, "
        f"{len(nodes)} kinds of nodes, {len(distances)} runs, furthest from Kindling {max(distances, default=0):.1e}, "
        f"{failures} failures"
    )
    return 1 if failures or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
