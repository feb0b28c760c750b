import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)


class Sorter(nn.Module):
    def __init__(self):
        super().__init__()
        self.digits = nn.Embedding(10, 32)
        self.places = nn.Embedding(8, 32)
        layer = nn.TransformerEncoderLayer(
            32, 4, dim_feedforward=64, activation="gelu", batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(32, 10)

    def forward(self, digits):
        x = self.digits(digits) + self.places(torch.arange(8))
        return self.head(self.encoder(x))


model = Sorter()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.01)
warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: min(1, (i + 1) / 50))

for step in range(200):
    digits = torch.randint(0, 10, (32, 8))
    ordered = digits.sort(1).values
    optimizer.zero_grad()
    loss = F.cross_entropy(model(digits).transpose(1, 2), ordered)
    loss.backward()
    optimizer.step()
    warmup.step()
    print(step, loss.item())
