import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
text = """Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date;"""
characters = sorted(set(text))
codes = torch.tensor([characters.index(c) for c in text])


class Writer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(characters), 16)
        self.lstm = nn.LSTM(16, 64, batch_first=True)
        self.head = nn.Linear(64, len(characters))

    def forward(self, codes):
        states, _ = self.lstm(self.embedding(codes))
        return self.head(states)


model = Writer()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

for step in range(200):
    starts = torch.randint(0, len(codes) - 32, (16, 1))
    places = starts + torch.arange(32)
    input, target = codes[places], codes[places + 1]
    optimizer.zero_grad()
    loss = F.cross_entropy(model(input).flatten(0, 1), target.flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    optimizer.step()
    print(step, loss.item())
