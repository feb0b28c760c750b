import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)

# Points along the two arms of a spiral.
label = torch.randint(0, 2, (256,))
distance = torch.rand(256).sqrt()
angle = 7 * distance + torch.pi * label
x = torch.stack([distance * angle.cos(), distance * angle.sin()], 1)
x += 0.02 * torch.randn(256, 2)

model = nn.Sequential(
    nn.Linear(2, 64),
    nn.ReLU(),
    nn.Dropout(0.1),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Dropout(0.1),
    nn.Linear(64, 2),
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for step in range(300):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), label)
    loss.backward()
    optimizer.step()
    print(step, loss.item())
