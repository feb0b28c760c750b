import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

# Soft dots: two numbers, the place, make the 64 pixels of each.
line = torch.arange(8) - 1
dx = line - 5 * torch.rand(512, 1, 1)
dy = line.unsqueeze(1) - 5 * torch.rand(512, 1, 1)
images = (-(dx**2 + dy**2) / 3).exp().flatten(1)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.SiLU())
        self.mean = nn.Linear(64, 2)
        self.spread = nn.Linear(64, 2)
        self.drawn = nn.Sequential(nn.Linear(2, 64), nn.BatchNorm1d(64), nn.SiLU())
        self.pixels = nn.Linear(64, 64)

    def forward(self, x):
        seen = self.seen(x)
        mean, log_var = self.mean(seen), self.spread(seen)
        z = mean + torch.randn_like(mean) * (log_var / 2).exp()
        return self.pixels(self.drawn(z)), mean, log_var


model = VAE()
for layer in model.modules():
    if isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.003)
loader = DataLoader(TensorDataset(images), batch_size=64, shuffle=True)

step = 0
for epoch in range(25):
    for (batch,) in loader:
        optimizer.zero_grad()
        logits, mean, log_var = model(batch)
        likelihood = F.binary_cross_entropy_with_logits(logits, batch, reduction="sum")
        divergence = (mean**2 + log_var.exp() - 1 - log_var).sum() / 2
        loss = (likelihood + divergence) / len(batch)
        loss.backward()
        optimizer.step()
        print(step, loss.item())
        step += 1
