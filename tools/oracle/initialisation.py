"""Fixtures of initialisation: packages/nn/test/fixtures/initialisation. The numbers that each layer's constructor and
each function of nn.init gives after torch.manual_seed."""

import hashlib
import inspect
import warnings

import torch
import torch.nn as nn
from binding import bind
from fixture import SEED, Fixture
from modules import constructor

FOLDER = "packages/nn/test/fixtures"
SEEDS = (SEED, SEED + 1234)
LARGE = 3000

LAYERS = [
    ("Linear", [3, 4], {}),
    ("Linear", [1, 1], {}),
    ("Linear", [20, 32], {}),
    ("Linear", [32, 10], {"bias": False}),
    ("Linear", [784, 128], {}),
    ("Bilinear", [3, 4, 5], {}),
    ("Bilinear", [2, 3, 4], {"bias": False}),
    ("Embedding", [5, 3], {}),
    ("Embedding", [7, 4], {"padding_idx": 2}),
    ("Embedding", [100, 20], {}),
    ("LayerNorm", [[6]], {}),
    ("BatchNorm1d", [5], {}),
    ("PReLU", [], {"num_parameters": 3}),
    ("Conv1d", [4, 6, 3], {"groups": 2}),
    ("Conv2d", [3, 4, 3], {}),
    ("Conv3d", [1, 2, 2], {"bias": False}),
    ("ConvTranspose2d", [3, 4, 3], {}),
    ("GroupNorm", [2, 4], {}),
    ("InstanceNorm2d", [3], {"affine": True, "track_running_stats": True}),
    ("RNN", [3, 4], {"num_layers": 2, "bidirectional": True}),
    ("LSTM", [3, 4], {"proj_size": 2}),
    ("GRU", [3, 4], {"bias": False}),
    ("LSTMCell", [3, 4], {}),
    ("MultiheadAttention", [8, 2], {"add_bias_kv": True}),
    ("MultiheadAttention", [8, 2], {"kdim": 3, "vdim": 5}),
    ("TransformerEncoderLayer", [8, 2], {"dim_feedforward": 12}),
    ("TransformerDecoderLayer", [8, 2], {"dim_feedforward": 12}),
    ("Transformer", [], {"d_model": 8, "nhead": 2, "num_encoder_layers": 2, "num_decoder_layers": 1, "dim_feedforward": 12}),
    ("EmbeddingBag", [7, 4], {"padding_idx": 2}),
    ("AdaptiveLogSoftmaxWithLoss", [8, 20, [4, 10]], {}),
]

# function, shape of the tensor, arguments after the tensor, options
FUNCTIONS = [
    ("uniform_", [3, 4], [], {}),
    ("uniform_", [5, 40], [], {"a": -2.0, "b": 3.0}),
    ("normal_", [3, 4], [], {}),
    ("normal_", [5, 40], [], {"mean": 1.0, "std": 0.5}),
    ("trunc_normal_", [5, 8], [], {}),
    ("trunc_normal_", [6, 20], [], {"mean": 0.5, "std": 2.0, "a": -1.0, "b": 1.5}),
    ("constant_", [2, 3], [0.25], {}),
    ("ones_", [2, 3], [], {}),
    ("zeros_", [2, 3], [], {}),
    ("eye_", [3, 5], [], {}),
    ("dirac_", [4, 4, 3], [], {}),
    ("dirac_", [6, 2, 3, 3], [], {"groups": 3}),
    ("dirac_", [4, 2, 3, 3, 3], [], {"groups": 2}),
    ("xavier_uniform_", [5, 7], [], {}),
    ("xavier_uniform_", [4, 3, 3], [], {"gain": 1.5}),
    ("xavier_normal_", [5, 7], [], {}),
    ("xavier_normal_", [4, 3, 2], [], {"gain": 0.5}),
    ("kaiming_uniform_", [5, 7], [], {}),
    ("kaiming_uniform_", [4, 3, 3], [], {"a": 0.2, "mode": "fan_out", "nonlinearity": "leaky_relu"}),
    ("kaiming_uniform_", [6, 5], [], {"mode": "fan_in", "nonlinearity": "relu"}),
    ("kaiming_normal_", [5, 7], [], {}),
    ("kaiming_normal_", [10, 20], [], {"mode": "fan_out", "nonlinearity": "relu"}),
    ("kaiming_normal_", [5, 7], [], {"nonlinearity": "tanh"}),
    ("orthogonal_", [4, 4], [], {}),
    ("orthogonal_", [3, 6], [], {}),
    ("orthogonal_", [6, 3], [], {"gain": 2.0}),
    ("orthogonal_", [4, 3, 2], [], {}),
    ("sparse_", [6, 4], [0.5], {}),
    ("sparse_", [10, 3], [0.25], {"std": 0.1}),
]

GAINS = [
    ["linear", None], ["sigmoid", None], ["tanh", None], ["relu", None], ["selu", None],
    ["leaky_relu", None], ["leaky_relu", 0.2], ["conv2d", None], ["conv_transpose1d", None],
]  # fmt: skip


def numbers(fixture, tensor):
    """The tensor, or for a large one its first values and the SHA-256 of its bytes."""
    if tensor.numel() <= LARGE:
        return fixture.tensor(tensor.detach())
    data = tensor.detach().contiguous()
    return {
        "shape": list(tensor.shape),
        "head": fixture.tensor(data.flatten()[:64].clone()),
        "sha256": hashlib.sha256(data.numpy().tobytes()).hexdigest(),
    }


def main():
    warnings.simplefilter("ignore")
    fixture = Fixture(FOLDER, "initialisation")
    for seed in SEEDS:
        for name, args, options in LAYERS:
            cls = getattr(nn, name)
            torch.manual_seed(seed)
            module = cls(*args, **options)
            positional, named = bind(constructor(cls), (None, *args), options)
            state = {k: numbers(fixture, v) for k, v in module.state_dict().items()}
            fixture.add({"op": f"nn.{name}", "seed": seed, "a": positional, "k": named, "state": state})
        for name, shape, args, options in FUNCTIONS:
            for dtype in (torch.float32, torch.float64):
                torch.manual_seed(seed)
                tensor = torch.full(shape, 7.0, dtype=dtype)
                getattr(nn.init, name)(tensor, *args, **options)
                out = numbers(fixture, tensor)
                fixture.add({"op": f"nn.init.{name}", "seed": seed, "dtype": str(dtype)[6:], "shape": shape, "a": args, "k": options, "out": out})
    for nonlinearity, parameter in GAINS:
        fixture.add({"op": "nn.init.calculate_gain", "a": [nonlinearity, parameter], "out": nn.init.calculate_gain(nonlinearity, parameter)})
    fixture.write()


if __name__ == "__main__":
    main()
