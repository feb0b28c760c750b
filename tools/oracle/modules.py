"""Fixtures of layers: packages/nn/test/fixtures/modules, from PyTorch's module database (constructor, state, forward in
training and in evaluation, gradients to inputs and parameters), and AdaptiveLogSoftmaxWithLoss."""

import inspect
import sys
import warnings

import database
import torch
import torch.nn as nn
from binding import bind
from choose import choose
from fixture import Fixture, Unsupported, differentiate, leaves, rebuild, seed
from noise import noises

FOLDER = "packages/nn/test/fixtures"
LAYERS = "Linear Bilinear Embedding LayerNorm BatchNorm1d".split()
# Families of layers, each in a file of its own: modules-padding and so on.
FAMILIES = {
    "normalization": "BatchNorm2d BatchNorm3d GroupNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d LocalResponseNorm RMSNorm",
    "padding": " ".join(f"{kind}Pad{n}d" for kind in ("Circular", "Constant", "Reflection", "Replication", "Zero") for n in (1, 2, 3)),
    "resampling": "ChannelShuffle PixelShuffle PixelUnshuffle Upsample UpsamplingBilinear2d UpsamplingNearest2d",
    "convolution": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d Fold Unfold",
    "bags": "EmbeddingBag",
    "pooling": " ".join(f"{kind}{n}d" for kind in ("MaxPool", "AvgPool", "LPPool", "AdaptiveMaxPool", "AdaptiveAvgPool", "MaxUnpool") for n in (1, 2, 3))
    + " FractionalMaxPool2d FractionalMaxPool3d",
    "recurrent": "RNN GRU LSTM RNNCell GRUCell LSTMCell",
    "attention": "MultiheadAttention TransformerEncoderLayer TransformerDecoderLayer TransformerEncoder Transformer",
}
# Their outputs differ outside training.
ALSO_EVALUATED = "BatchNorm InstanceNorm".split()
ACTIVATIONS = """ReLU ReLU6 LeakyReLU PReLU ELU CELU SELU GELU SiLU Mish Hardswish Hardsigmoid Hardtanh Hardshrink
Softshrink Tanhshrink Softplus Softsign Sigmoid LogSigmoid Tanh Threshold GLU Softmin Softmax Softmax2d LogSoftmax""".split()


def record_module(fixture, cls, ctor_args, ctor_kwargs, args, kwargs, training, dtype):
    """Constructor arguments, state, forward arguments, output, gradients to the inputs and to each parameter."""

    def run(module, args, kwargs):
        inputs = [t for t in leaves((args, kwargs)) if t.requires_grad]
        parameters = dict(module.named_parameters())
        out = module(*args, **kwargs)
        # A state may be a tuple of its own.
        out = tuple(leaves(list(out))) if isinstance(out, tuple) else out
        grads = differentiate(out, [*inputs, *parameters.values()]) or [None] * (len(inputs) + len(parameters))
        return out, grads[: len(inputs)], dict(zip(parameters, grads[len(inputs) :]))

    args, kwargs = rebuild(list(args)), rebuild(kwargs)
    seed(cls.__name__, ctor_args, ctor_kwargs, dtype)
    module = cls(*ctor_args, **ctor_kwargs).to(dtype).train(training)
    entry = {"ctor": fixture.value(ctor_args), "ctorOptions": fixture.value(ctor_kwargs), "a": fixture.value(args)}
    if kwargs:
        entry["k"] = fixture.value(kwargs)
    state = {k: v.clone() for k, v in module.state_dict().items()}
    if state:
        entry["state"] = fixture.value(state)
    if not training:
        entry["eval"] = 1
    given = rebuild([args, kwargs, state])
    out, grads, parameter_grads = run(module, args, kwargs)
    entry["out"] = fixture.value([t.detach() for t in out] if isinstance(out, tuple) else out.detach())
    entry["grads"] = fixture.value(list(grads))
    if parameter_grads:
        entry["parameterGrads"] = fixture.value(parameter_grads)
    after = {k: v for k, v in module.state_dict().items() if not torch.equal(v, state[k])}
    if after:
        entry["stateAfter"] = fixture.value(after)

    def compute(given):
        args, kwargs, state = given
        copy = cls(*rebuild(ctor_args), **rebuild(ctor_kwargs)).to(next(t.dtype for t in leaves(given) if t.is_floating_point()))
        copy.load_state_dict(state)
        out, grads, parameter_grads = run(copy.train(training), args, kwargs)
        return {"noise": list(leaves(out)), "gradNoise": grads, "parameterNoise": list(parameter_grads.values())}

    entry.update(noises(compute, given))
    return entry


def database_inputs(name, dtype, training):
    import torch.testing._internal.common_modules as common_modules

    for info in common_modules.module_db:
        if info.name != f"nn.{name}":
            continue
        seed(name, dtype, training)
        for x in info.module_inputs_func(info, "cpu", dtype, requires_grad=True, training=training):
            if x.forward_input is None:
                continue
            ctor, call = x.constructor_input, x.forward_input
            yield list(ctor.args), ctor.kwargs, list(call.args), call.kwargs


def own_inputs(name, dtype):
    """What the module database leaves out."""

    def x(*shape):
        return torch.randn(*shape, dtype=dtype).requires_grad_(True)

    def index(high, *shape):
        return torch.randint(0, high, shape)

    if name == "Linear":
        yield [3, 4], {}, [x(3)], {}
        yield [3, 4], {"bias": False}, [x(2, 5, 3)], {}
        yield [3, 1], {}, [x(0, 3)], {}
    elif name == "Bilinear":
        yield [3, 4, 5], {}, [x(2, 3), x(2, 4)], {}
        yield [3, 4, 2], {"bias": False}, [x(2, 5, 3), x(2, 5, 4)], {}
    elif name == "Embedding":
        yield [6, 3], {}, [index(6, 4)], {}
        yield [6, 3], {"padding_idx": 2}, [torch.tensor([[0, 2, 5], [2, 2, 1]])], {}
        yield [6, 3], {"padding_idx": -1, "scale_grad_by_freq": True}, [torch.tensor([0, 5, 0, 1, 0])], {}
        yield [6, 3], {"max_norm": 1.0}, [torch.tensor([0, 5, 0, 1])], {}
    elif name == "EmbeddingBag":
        for mode in ("sum", "mean", "max"):
            yield [6, 3], {"mode": mode}, [index(6, 2, 4)], {}
            yield [6, 3], {"mode": mode}, [index(6, 7)], {"offsets": torch.tensor([0, 2, 2, 5])}
            yield [6, 3], {"mode": mode, "padding_idx": -4}, [torch.tensor([2, 2, 1, 0, 2, 5])], {"offsets": torch.tensor([0, 2, 4])}
            yield [6, 3], {"mode": mode, "include_last_offset": True}, [index(6, 5)], {"offsets": torch.tensor([0, 3, 5])}
        yield [6, 3], {"mode": "sum"}, [index(6, 2, 3)], {"per_sample_weights": x(2, 3)}
        yield [6, 3], {"max_norm": 1.0, "mode": "sum"}, [index(6, 2, 3)], {}
        yield [6, 3], {"scale_grad_by_freq": True}, [torch.tensor([0, 5, 0, 1, 0])], {"offsets": torch.tensor([0, 2])}
    elif name == "LayerNorm":
        yield [[4]], {}, [x(3, 4)], {}
        yield [[3, 4]], {"eps": 1e-3}, [x(2, 3, 4)], {}
        yield [[4]], {"elementwise_affine": False}, [x(3, 4)], {}
        yield [[4]], {"bias": False}, [x(3, 4)], {}
    elif name == "BatchNorm1d":
        yield [3], {}, [x(4, 3)], {}
        yield [3], {"affine": False}, [x(4, 3, 5)], {}
        yield [3], {"momentum": None}, [x(4, 3)], {}
        yield [3], {"track_running_stats": False, "eps": 1e-3}, [x(4, 3)], {}
        yield [3], {"momentum": 0.3}, [x(2, 3, 4)], {}
    elif name in ("Conv1d", "Conv2d", "Conv3d"):
        n = int(name[4])
        sizes = (5, 4, 3)[:n]
        yield [2, 4, 3], {"stride": 2, "padding": 1, "groups": 2}, [x(2, 2, *sizes)], {}
        yield [2, 2, [2, 3, 1][:n]], {"dilation": [2, 1, 1][:n], "bias": False}, [x(1, 2, *sizes)], {}
        yield [1, 2, 2], {"padding": "same"}, [x(1, 1, *sizes)], {}
        yield [3, 6, 3], {"groups": 3, "padding": "same", "padding_mode": "replicate"}, [x(1, 3, *sizes)], {}
        yield [1, 2, [3, 2, 2][:n]], {"padding": [2, 1, 1][:n], "padding_mode": "reflect"}, [x(1, 1, *sizes)], {}
        yield [1, 2, 3], {"padding": 1, "padding_mode": "circular", "stride": [1, 2, 1][:n]}, [x(1, *sizes)], {}
        yield [1, 1, 2], {"padding": "valid", "padding_mode": "circular"}, [x(1, 1, *sizes)], {}
    elif name.startswith("ConvTranspose"):
        n = int(name[13])
        sizes = (3, 2, 2)[:n]
        yield [2, 4, 3], {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}, [x(2, 2, *sizes)], {}
        yield [2, 1, [2, 3, 1][:n]], {"dilation": [2, 1, 1][:n], "bias": False}, [x(1, 2, *sizes)], {}
        yield [3, 3, 2], {"groups": 3, "stride": [3, 1, 2][:n]}, [x(3, *sizes)], {}
        yield [1, 2, 2], {"stride": 2}, [x(1, 1, *sizes)], {"output_size": [2 * s + 1 for s in sizes]}
    elif name.startswith(("MaxPool", "AvgPool")):
        n = int(name[-2])
        sizes = (5, 4, 6)[-n:]
        yield [3], {"stride": 1, "padding": 1}, [x(1, 2, *sizes)], {}
        yield [[2, 1, 3][-n:]], {"stride": [1, 2, 2][-n:], "ceil_mode": True}, [x(2, *sizes)], {}
        if name.startswith("Max"):
            yield [2], {"dilation": 2, "padding": 1, "return_indices": True}, [x(1, 1, *sizes)], {}
            yield [3], {"stride": 2, "padding": 1, "ceil_mode": True}, [x(1, 1, *sizes)], {}
        else:
            yield [3], {"stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}, [x(1, 1, *sizes)], {}
            if n > 1:
                yield [2], {"padding": 1, "ceil_mode": True, "divisor_override": -3}, [x(1, 1, *sizes)], {}
    elif name.startswith("LPPool"):
        n = int(name[-2])
        sizes = (5, 4, 6)[-n:]
        yield [2.0, 3], {"stride": 2, "ceil_mode": True}, [x(1, 2, *sizes)], {}
        yield [float("inf"), 2], {}, [x(2, *sizes)], {}
        yield [float("-inf"), 2], {"stride": 1}, [x(2, *sizes)], {}
        yield [3, [2, 1, 3][-n:] if n > 1 else 3], {}, [x(1, 1, *sizes)], {}
    elif name.startswith("AdaptiveMaxPool"):
        yield [3], {"return_indices": True}, [x(1, 2, *(5, 4, 7)[-int(name[-2]) :])], {}
    elif name.startswith("FractionalMaxPool"):
        n = int(name[-2])
        samples = torch.rand(2, 3, n, dtype=dtype)
        yield [2], {"output_ratio": 0.5, "_random_samples": samples}, [x(2, 3, *(4, 7, 6)[-n:])], {}
        yield [[2, 3, 1][-n:]], {"output_size": [2, 4, 5][-n:], "return_indices": True, "_random_samples": samples}, [x(2, 3, *(5, 7, 6)[-n:])], {}
        yield [2], {"output_size": 1, "_random_samples": samples}, [x(3, *(4, 5, 6)[-n:])], {}
    elif name.startswith("MaxUnpool"):
        n = int(name[-2])
        pool = getattr(torch.nn.functional, f"max_pool{n}d")
        for shape, kernel, options in (((2, 4, 3, 5)[-n - 1 :], 2, {}), ((1, 2, 5, 4, 6)[: n + 2], [3, 2, 3][-n:], {"stride": 2, "padding": 1})):
            data = torch.randn(*shape, dtype=dtype)
            values, indices = pool(data, kernel, **options, return_indices=True)
            yield [kernel], options, [values.requires_grad_(True), indices], {"output_size": list(shape[-n:])}
    elif name == "Unfold":
        yield [2], {"padding": 1}, [x(1, 2, 3, 3)], {}
        yield [[2, 3]], {"stride": [1, 2], "dilation": [2, 1]}, [x(2, 4, 5)], {}
    elif name == "Fold":
        yield [3, 2], {}, [x(2, 4, 4)], {}
        yield [[4, 5], [2, 3]], {"stride": [1, 2], "dilation": [2, 1], "padding": [0, 1]}, [x(6, 6)], {}
    elif name == "PReLU":
        yield [], {"num_parameters": 3, "init": 0.1}, [x(4, 3)], {}
        yield [], {}, [x(4, 3)], {}
    elif name == "GELU":
        yield [], {"approximate": "tanh"}, [x(4, 3)], {}
    elif name == "Softplus":
        yield [], {"beta": 2.0, "threshold": 3.0}, [x(4, 3)], {}
        yield [], {}, [torch.tensor([-200.0, -100.0, 0.0, 19.9, 20.1, 100.0], dtype=dtype).requires_grad_(True)], {}
    elif name == "LogSigmoid":
        yield [], {}, [torch.tensor([-1e4, -100.0, 0.0, 100.0, 1e4], dtype=dtype).requires_grad_(True)], {}
    elif name in ("Hardsigmoid", "Tanhshrink", "Softsign"):
        yield [], {}, [x(4, 3)], {}
        yield [], {}, [torch.tensor([-4.0, -3.0, -1.0, 0.0, 1.0, 3.0, 4.0], dtype=dtype).requires_grad_(True)], {}
    elif name in ("PixelShuffle", "PixelUnshuffle"):
        yield [2], {}, [x(2, 8, 2, 4)], {}
        yield [3], {}, [x(9, 3, 6)], {}
    elif name == "ChannelShuffle":
        yield [3], {}, [x(2, 6, 2, 3)], {}
    elif name == "UpsamplingNearest2d":
        yield [], {"scale_factor": 1.7}, [x(1, 2, 3, 4)], {}
        yield [], {"size": [5, 2]}, [x(1, 2, 3, 4)], {}
    elif name == "UpsamplingBilinear2d":
        yield [], {"scale_factor": 2.5}, [x(1, 2, 3, 4)], {}
        yield [], {"size": [5, 1]}, [x(1, 2, 3, 4)], {}
    elif name == "Upsample":
        for mode, shape in (("nearest-exact", (1, 2, 7)), ("linear", (2, 1, 5)), ("bicubic", (1, 1, 4, 5)), ("trilinear", (1, 1, 2, 3, 2)), ("area", (1, 2, 5, 7))):
            yield [], {"mode": mode, "scale_factor": 1.6}, [x(*shape)], {}
            yield [], {"mode": mode, "size": 3}, [x(*shape)], {}
            if mode not in ("nearest-exact", "area"):
                yield [], {"mode": mode, "size": 4, "align_corners": True}, [x(*shape)], {}
                yield [], {"mode": mode, "scale_factor": 1.6, "recompute_scale_factor": True}, [x(*shape)], {}
    elif name == "AdaptiveLogSoftmaxWithLoss":
        yield [4, 12, [3, 7]], {}, [x(5, 4), torch.tensor([0, 2, 4, 8, 11])], {}
        yield [4, 12, [3, 7]], {"div_value": 2.0, "head_bias": True}, [x(6, 4), torch.tensor([11, 3, 3, 7, 6, 1])], {}
        yield [8, 10, [2, 5, 8]], {"div_value": 2.0}, [x(3, 8), torch.tensor([1, 0, 1])], {}
        yield [4, 12, [3, 7]], {}, [x(4), torch.tensor(8)], {}


def losses():
    return sorted(n for n in vars(nn) if n.endswith("Loss") and n not in ("NLLLoss2d",))


def constructor(cls):
    """The signature of a class; those of recurrent layers, which pass on what they are given, is that of their base."""
    signature = inspect.signature(cls.__init__)
    if "args" not in signature.parameters:
        return signature
    base = inspect.signature(nn.RNNBase.__init__).parameters
    own = inspect.Parameter("nonlinearity", inspect.Parameter.KEYWORD_ONLY, default="tanh")
    return signature.replace(parameters=[*(p for name, p in base.items() if name != "mode"), *([own] if cls is nn.RNN else [])])


def generate(file, names):
    fixture = Fixture(FOLDER, file)
    for name in names:
        cls = getattr(nn, name)
        signature = constructor(cls)
        for dtype in (torch.float32, torch.float64):
            for training in (True, False):
                seed("own", name, dtype)
                cases = [*database_inputs(name, dtype, training), *own_inputs(name, dtype)]
                if not training and not name.startswith(tuple(ALSO_EVALUATED)):
                    continue
                limit = 2500 if name == "CTCLoss" else 1200
                cases = [c for c in cases if all(t.numel() <= limit for t in leaves(c))]
                chosen = choose([([a, b, c], d) for a, b, c, d in cases], 16, 40_000)
                if name == "CTCLoss":
                    chosen = [([a, b, c], d) for a, b, c, d in cases[:4]]
                recorded = []
                for (ctor_args, ctor_kwargs, args), kwargs in chosen:
                    try:
                        positional, options = bind(signature, (None, *ctor_args), ctor_kwargs)
                        # A sample may name arguments of forward that are given by position.
                        args, kwargs = bind(inspect.signature(cls.forward), (None, *args), kwargs)
                        recorded.append(record_module(fixture, cls, positional, options, args, kwargs, training, dtype))
                    except Unsupported as reason:
                        fixture.skip(name, str(reason))
                    except Exception as error:
                        fixture.skip(name, f"{type(error).__name__}: {str(error).splitlines()[0][:90]}")
                if recorded:
                    variant = "" if training else "eval"
                    fixture.add({"op": f"nn.{name}", "variant": variant, "dtype": str(dtype)[6:], "samples": recorded})
    fixture.write()


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    # Families that are named, or all of them.
    wanted = sys.argv[1:] or ["modules", *FAMILIES]
    if "modules" in wanted:
        generate("modules", [*LAYERS, *ACTIVATIONS, *losses()])
    for family, names in FAMILIES.items():
        if family in wanted:
            generate(f"modules-{family}", names.split())


if __name__ == "__main__":
    assert database
    main()
