"""Fixtures of module structure: packages/nn/test/fixtures/structures. The printed form, the keys of state_dict() and the
names of modules of a set of nets; the TypeScript runner builds the same nets from `nets.ts`, by name."""

import warnings

import torch
import torch.nn as nn
from fixture import Fixture


class Residual(nn.Module):
    """A module of a user's own: parameters, buffers and submodules as attributes."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.register_buffer("running_total", torch.zeros(2))
        self.register_buffer("scratch", torch.zeros(1), persistent=False)
        self.body = nn.Sequential(nn.Linear(3, 3), nn.GELU())
        self.norm = nn.LayerNorm(3)


class Shared(nn.Module):
    """Two names for one layer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.second = self.first


class Empty(nn.Module):
    pass


def nets():
    yield "linear", nn.Linear(3, 4)
    yield "linearNoBias", nn.Linear(3, 4, bias=False)
    yield "mlp", nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    yield "nested", nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.Tanh()), nn.Sequential(nn.Linear(3, 1), nn.Sigmoid()))
    yield "repeated", nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU(), nn.ReLU())
    yield "list", nn.ModuleList([nn.Linear(2, 3), nn.Linear(3, 4), nn.Linear(3, 4)])
    yield "dict", nn.ModuleDict({"encoder": nn.Linear(4, 2), "act": nn.LeakyReLU(), "head": nn.Identity()})
    yield "parameterList", nn.ParameterList([nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(4))])
    yield "batchNorm", nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.25), nn.Linear(8, 2))
    yield "batchNormPlain", nn.BatchNorm1d(8, eps=1e-3, momentum=None, affine=False, track_running_stats=False)
    yield "embedding", nn.Embedding(10, 4, padding_idx=0)
    yield "embeddingOptions", nn.Embedding(10, 4, max_norm=2.0, norm_type=1.0, scale_grad_by_freq=True)
    yield "bilinear", nn.Bilinear(2, 3, 4, bias=False)
    yield "layerNorm", nn.LayerNorm([3, 4], eps=1e-6, elementwise_affine=False)
    yield "residual", Residual()
    yield "shared", Shared()
    yield "empty", Empty()
    yield "emptySequential", nn.Sequential()
    yield "flatten", nn.Sequential(nn.Flatten(), nn.Unflatten(1, (2, 3)))
    yield "convolutions", nn.Sequential(
        nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), nn.Conv2d(3, 4, (3, 2), padding="same", bias=False),
        nn.Conv3d(1, 2, 2, padding_mode="circular"), nn.ConvTranspose2d(3, 4, 3, stride=2, output_padding=1),
        nn.Fold((4, 5), 2), nn.Unfold(2, stride=2),
    )  # fmt: skip
    yield "norms", nn.Sequential(
        nn.GroupNorm(2, 4), nn.GroupNorm(2, 4, affine=False), nn.InstanceNorm1d(3), nn.InstanceNorm2d(3, affine=True, track_running_stats=True),
        nn.LocalResponseNorm(2, k=2.0), nn.RMSNorm(4), nn.BatchNorm2d(3),
    )  # fmt: skip
    yield "paddings", nn.Sequential(
        nn.ConstantPad1d(2, 3.5), nn.ConstantPad2d((1, 2, 3, 4), 1), nn.ZeroPad3d(1), nn.ReflectionPad2d(2), nn.ReplicationPad1d((1, 0)),
        nn.CircularPad3d(1),
    )  # fmt: skip
    yield "resampling", nn.Sequential(
        nn.Upsample(scale_factor=2, mode="bilinear"), nn.Upsample(size=(3, 4)), nn.UpsamplingNearest2d(scale_factor=1.5),
        nn.PixelShuffle(3), nn.PixelUnshuffle(2), nn.ChannelShuffle(2),
    )  # fmt: skip
    yield "recurrent", nn.ModuleList(
        [nn.RNN(3, 4, nonlinearity="relu"), nn.LSTM(3, 4, 2, bias=False, batch_first=True, dropout=0.5, bidirectional=True, proj_size=2),
         nn.GRU(3, 4, 2), nn.LSTMCell(3, 4), nn.RNNCell(3, 4, bias=False, nonlinearity="relu"), nn.GRUCell(3, 4)]
    )  # fmt: skip
    yield "transformer", nn.Transformer(8, 2, 2, 1, 12, activation="gelu")
    yield "attention", nn.MultiheadAttention(8, 2, add_bias_kv=True, kdim=3)
    yield "bags", nn.EmbeddingBag(5, 3, max_norm=1.0, mode="max", padding_idx=-1)
    yield "weightNorm", nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    yield "spectralNorm", nn.utils.parametrizations.spectral_norm(nn.Linear(3, 2))
    yield "orthogonal", nn.utils.parametrizations.orthogonal(nn.Linear(3, 2))
    activations = [
        nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.PReLU(3), nn.RReLU(), nn.ELU(0.5), nn.CELU(), nn.SELU(), nn.GELU(),
        nn.GELU(approximate="tanh"), nn.SiLU(), nn.Mish(), nn.Hardswish(), nn.Hardsigmoid(), nn.Hardtanh(-2.0, 2.0),
        nn.Hardshrink(), nn.Softshrink(0.25), nn.Tanhshrink(), nn.Softplus(2.0, 10.0), nn.Softsign(), nn.Sigmoid(),
        nn.LogSigmoid(), nn.Tanh(), nn.Threshold(0.5, -1.5), nn.GLU(), nn.GLU(1), nn.Softmin(1), nn.Softmax(1),
        nn.Softmax2d(), nn.LogSoftmax(-1),
    ]  # fmt: skip
    yield "activations", nn.Sequential(*activations)
    yield "losses", nn.ModuleList([nn.MSELoss(), nn.CrossEntropyLoss(weight=torch.ones(3)), nn.BCEWithLogitsLoss()])
    yield "weightedLoss", nn.CrossEntropyLoss(weight=torch.ones(3), reduction="sum")
    yield "adaptive", nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10])


def main():
    warnings.simplefilter("ignore")
    fixture = Fixture("packages/nn/test/fixtures", "structures")
    for name, net in nets():
        fixture.add({
            "op": name, "printed": repr(net), "stateKeys": list(net.state_dict()),
            "stateShapes": [list(v.shape) for v in net.state_dict().values()],
            "parameters": [n for n, _ in net.named_parameters()], "buffers": [n for n, _ in net.named_buffers()],
            "modules": [n for n, _ in net.named_modules()], "children": [n for n, _ in net.named_children()],
        })  # fmt: skip
    fixture.write()


if __name__ == "__main__":
    main()
