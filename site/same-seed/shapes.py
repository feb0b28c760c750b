import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)

# Diamonds, discs and squares: what is near in each of three norms.
line = torch.arange(16) - 5
def draw(n):
    kind = torch.randint(0, 3, (n,))
    dx = (line - 6 * torch.rand(n, 1, 1)).abs()
    dy = (line.unsqueeze(1) - 6 * torch.rand(n, 1, 1)).abs()
    far = torch.stack([dx + dy, (dx**2 + dy**2).sqrt(), torch.maximum(dx, dy)])
    inside = far[kind, torch.arange(n)] < 2 * torch.rand(n, 1, 1) + 3
    return (0.05 * torch.randn(n, 16, 16) + inside).unsqueeze(1), kind

model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1),
    nn.GELU(),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1),
    nn.GELU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(16 * 4 * 4, 3),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 50, gamma=0.5)

for step in range(200):
    images, kind = draw(32)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), kind)
    loss.backward()
    optimizer.step()
    scheduler.step()
    print(step, loss.item())
