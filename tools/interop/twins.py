"""Optimizers that PyTorch has not, as its own optimizers are written, with state and options laid out as Kindling's: the formulas of their papers, to which
state_crossing.py carries a run and back."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))
from optimisers_beyond import Lamb  # noqa: E402, F401


class Lion(torch.optim.Optimizer):
    """Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, Program 1."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, maximize=False):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize})

    def step(self, closure):
        with torch.enable_grad():
            closure()
        with torch.no_grad():
            for group in self.param_groups:
                (beta1, beta2), lr = group["betas"], group["lr"]
                for p in group["params"]:
                    g = -p.grad if group["maximize"] else p.grad
                    m = self.state[p].setdefault("exp_avg", torch.zeros_like(p))
                    update = (beta1 * m + (1 - beta1) * g).sign()
                    p.sub_(lr * (update + group["weight_decay"] * p))
                    m.copy_(beta2 * m + (1 - beta2) * g)


class ScheduleFree(torch.optim.Optimizer):
    """Defazio et al., "The Road Less Scheduled", 2024, Algorithm 1. Parameters stand at y; x is found from there and z."""

    PROGRESS = {"k": 0, "train_mode": True, "weight_sum": 0.0, "lr_max": -1.0, "scheduled_lr": 0.0}

    def __init__(self, params, **own):
        defaults = {"weight_decay": 0.0, "warmup_steps": 0, "r": 0.0, "weight_lr_power": 2.0, **self.PROGRESS}
        super().__init__(params, {**defaults, **own})

    def step(self, closure):
        with torch.enable_grad():
            closure()
        with torch.no_grad():
            for group in self.param_groups:
                warmup, k = group["warmup_steps"], group["k"]
                lr = group["lr"] * min(1.0, (k + 1) / warmup) if warmup else group["lr"]
                group["scheduled_lr"], group["lr_max"], group["k"] = lr, max(lr, group["lr_max"]), k + 1
                weight = (k + 1) ** group["r"] * group["lr_max"] ** group["weight_lr_power"]
                group["weight_sum"] += weight
                share, beta = weight / group["weight_sum"], self.beta(group)
                for p in group["params"]:
                    state = self.state[p]
                    z = state.setdefault("z", p.detach().clone())
                    x = (p - (1 - beta) * z) / beta
                    z.sub_(lr * (self.direction(state, p.grad, group) + group["weight_decay"] * p))
                    x = (1 - share) * x + share * z
                    p.copy_((1 - beta) * z + beta * x)


class SGDScheduleFree(ScheduleFree):
    def __init__(self, params, lr=1.0, momentum=0.9, **own):
        super().__init__(params, lr=lr, momentum=momentum, **own)

    def beta(self, group):
        return group["momentum"]

    def direction(self, _state, grad, _group):
        return grad


class AdamWScheduleFree(ScheduleFree):
    def __init__(self, params, lr=0.0025, betas=(0.9, 0.999), eps=1e-8, **own):
        super().__init__(params, lr=lr, betas=betas, eps=eps, **own)

    def beta(self, group):
        return group["betas"][0]

    def direction(self, state, grad, group):
        beta2 = group["betas"][1]
        v = state.setdefault("exp_avg_sq", torch.zeros_like(grad))
        v.copy_(beta2 * v + (1 - beta2) * grad * grad)
        return grad / ((v / (1 - beta2 ** group["k"])).sqrt() + group["eps"])


class SAM:
    """Foret et al., "Sharpness-Aware Minimization", 2020, around an optimizer of PyTorch's; adaptive: Kwon et al., "ASAM", 2021."""

    def __init__(self, groups, base, rho=0.05, adaptive=False, **options):
        self.base, self.rho, self.adaptive = getattr(torch.optim, base)(groups, foreach=False, **options), rho, adaptive

    def state_dict(self):
        return {"base": self.base.state_dict(), "rho": self.rho, "adaptive": self.adaptive}

    def load_state_dict(self, state):
        self.base.load_state_dict(state["base"])
        self.rho, self.adaptive = state["rho"], state["adaptive"]

    def zero_grad(self):
        self.base.zero_grad()

    def step(self, closure):
        closure()
        params = [p for group in self.base.param_groups for p in group["params"]]
        kept = [p.detach().clone() for p in params]
        with torch.no_grad():
            scaled = [p.abs() * p.grad if self.adaptive else p.grad for p in params]
            norm = torch.stack([g.norm() for g in scaled]).norm()
            for p in params:
                p.add_((p * p if self.adaptive else 1.0) * p.grad * (self.rho / (norm + 1e-12)))
        closure()
        with torch.no_grad():
            for p, before in zip(params, kept):
                p.copy_(before)
        self.base.step()


LION = [{}, {"lr": 0.01, "betas": (0.5, 0.9)}, {"lr": 0.01, "weight_decay": 0.3, "maximize": True}]
SCHEDULE_FREE = [{}, {"weight_decay": 0.1, "lr": 0.05}, {"warmup_steps": 60, "lr": 0.02}, {"r": 1.5, "weight_lr_power": 1.0, "lr": 0.05}]
CHOICES = {
    "Lion": LION,
    "SGDScheduleFree": [*({"lr": 0.1, **options} for options in SCHEDULE_FREE), {"momentum": 0.4, "lr": 0.1}],
    "AdamWScheduleFree": [*SCHEDULE_FREE, {"betas": (0.6, 0.9), "eps": 1e-3, "lr": 0.05, "weight_decay": 0.2}],
}
