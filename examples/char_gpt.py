"""The same training as char-gpt.ts, in PyTorch, for comparing numbers and time: python3 char_gpt.py [--steps 1000] ..."""

import argparse
import pathlib
import time

import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--layers", type=int, default=4)
parser.add_argument("--width", type=int, default=128)
parser.add_argument("--heads", type=int, default=4)
parser.add_argument("--steps", type=int, default=1000)
parser.add_argument("--batch-size", type=int, default=16)
parser.add_argument("--context", type=int, default=128)
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--every", type=int, default=100)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--text", default=pathlib.Path(__file__).parent / "data/shakespeare.txt")
parser.add_argument("--threads", type=int, default=None)
args = parser.parse_args()
if args.threads is not None:
    torch.set_num_threads(args.threads)

text = pathlib.Path(args.text).read_text(encoding="utf8")
vocabulary = sorted(set(text))
code_of = {character: code for code, character in enumerate(vocabulary)}
codes = torch.tensor([code_of[character] for character in text])
border = int(0.9 * len(codes))
train, validation = codes[:border], codes[border:]


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x, mask):
        y = self.norm1(x)
        x = x + self.attention(y, y, y, attn_mask=mask, is_causal=True, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class CharGPT(nn.Module):
    def __init__(self, vocabulary_size):
        super().__init__()
        self.characters = nn.Embedding(vocabulary_size, args.width)
        self.places = nn.Embedding(args.context, args.width)
        self.blocks = nn.ModuleList(Block(args.width, args.heads) for _ in range(args.layers))
        self.norm = nn.LayerNorm(args.width)
        self.head = nn.Linear(args.width, vocabulary_size)
        for embedding in (self.characters, self.places):
            nn.init.normal_(embedding.weight, std=0.02)

    def forward(self, codes):
        length = codes.shape[1]
        mask = torch.ones(length, length, dtype=torch.bool).triu(1)
        x = self.characters(codes) + self.places(torch.arange(length))
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.norm(x))


def pieces_at(text, starts):
    places = starts.unsqueeze(1) + torch.arange(args.context)
    return text[places], text[places + 1]


def loss_of(model, input, target):
    return F.cross_entropy(model(input).flatten(0, 1), target.flatten())


torch.manual_seed(args.seed)
model = CharGPT(len(vocabulary))
optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, betas=(0.9, 0.99), weight_decay=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps)
order = torch.Generator().manual_seed(args.seed)
fitting = (len(validation) - 1) // args.context
pieces = min(64, fitting)
starts = torch.tensor([i * fitting // pieces * args.context for i in range(pieces)])
held = [pieces_at(validation, part) for part in starts.split(args.batch_size)]

done = 0
while done < args.steps:
    end = min(args.steps, done + args.every)
    start, count, total = time.perf_counter(), end - done, 0.0
    for _ in range(count):
        places = torch.randint(0, len(train) - args.context, (args.batch_size,), generator=order)
        optimizer.zero_grad()
        loss = loss_of(model, *pieces_at(train, places))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        scheduler.step()
        total += loss.item()
    done = end
    milliseconds = (time.perf_counter() - start) / count * 1000
    with torch.no_grad():
        losses = sum(loss_of(model, *batch).item() * batch[0].numel() for batch in held)
    mean = losses / sum(batch[0].numel() for batch in held)
    print(
        f"step {done}: training loss {total / count:.4f}, validation loss {mean:.4f}, {milliseconds:.1f} ms a step",
        flush=True,
    )
