"""Optimizers that PyTorch has not, in its foreach operations, as it writes its own: for the times of their updates alone."""

import torch


class Twin(torch.optim.Optimizer):
    """As PyTorch's own: with the hooks and the profiler's mark around a step, which gathers its lists from groups and state."""

    zeros = ()

    def __init__(self, parameters, lr):
        super().__init__(parameters, {"lr": lr, "t": 0})
        for p in self.param_groups[0]["params"]:
            self.state[p] = {name: torch.zeros_like(p) for name in self.zeros}

    def lists(self, *names):
        """Parameters, gradients, and the state of these names."""
        parameters = self.param_groups[0]["params"]
        states = [self.state[p] for p in parameters]
        return parameters, [p.grad for p in parameters], *([state[name] for state in states] for name in names)

    @property
    def group(self):
        return self.param_groups[0]


class Lion(Twin):
    zeros = ("m",)

    @torch.no_grad()
    def step(self):
        parameters, grads, m = self.lists("m")
        direction = torch._foreach_lerp(m, grads, 0.1)
        torch._foreach_sign_(direction)
        torch._foreach_add_(parameters, direction, alpha=-self.group["lr"])
        torch._foreach_lerp_(m, grads, 0.01)


class Lamb(Twin):
    zeros = ("m", "v")

    @torch.no_grad()
    def step(self):
        parameters, grads, m, v = self.lists("m", "v")
        self.group["t"] += 1
        t = self.group["t"]
        torch._foreach_lerp_(m, grads, 0.1)
        torch._foreach_mul_(v, 0.999)
        torch._foreach_addcmul_(v, grads, grads, 0.001)
        denominator = torch._foreach_sqrt(v)
        torch._foreach_div_(denominator, (1 - 0.999**t) ** 0.5)
        torch._foreach_add_(denominator, 1e-6)
        direction = torch._foreach_div(m, 1 - 0.9**t)
        torch._foreach_div_(direction, denominator)
        torch._foreach_add_(direction, parameters, alpha=0.01)
        of_weights, of_direction = torch._foreach_norm(parameters), torch._foreach_norm(direction)
        trust = torch.stack(of_weights) / torch.stack(of_direction)
        torch._foreach_mul_(direction, list(torch.where(trust.isfinite() & (trust > 0), trust, 1).unbind()))
        torch._foreach_add_(parameters, direction, alpha=-self.group["lr"])


class SAM(Twin):
    zeros = ("kept",)

    def __init__(self, parameters, lr):
        super().__init__(parameters, lr)
        self.base = torch.optim.SGD(parameters, lr=lr, foreach=True)

    @torch.no_grad()
    def step(self):
        parameters, grads, kept = self.lists("kept")
        norm = torch.nn.utils.get_total_norm(grads)
        torch._foreach_copy_(kept, parameters)
        torch._foreach_add_(parameters, torch._foreach_mul(grads, 0.05 / (norm + 1e-12)))
        torch._foreach_copy_(parameters, kept)
        self.base.step()


class ScheduleFree(Twin):
    """y goes towards z by a share, then along the direction; z goes against it."""

    beta = 0.9

    def __init__(self, parameters, lr):
        super().__init__(parameters, lr)
        self.group["weight_sum"] = 0
        for p in parameters:
            self.state[p]["z"] = p.detach().clone()

    def move(self, parameters, z, direction):
        group = self.group
        lr = group["lr"]
        group["weight_sum"] += lr**2
        share = lr**2 / group["weight_sum"]
        torch._foreach_lerp_(parameters, z, share)
        torch._foreach_add_(parameters, direction, alpha=lr * (self.beta * (1 - share) - 1))
        torch._foreach_add_(z, direction, alpha=-lr)


class SGDScheduleFree(ScheduleFree):
    @torch.no_grad()
    def step(self):
        parameters, grads, z = self.lists("z")
        self.move(parameters, z, grads)


class AdamWScheduleFree(ScheduleFree):
    zeros = ("v",)

    @torch.no_grad()
    def step(self):
        parameters, grads, z, v = self.lists("z", "v")
        self.group["t"] += 1
        torch._foreach_mul_(v, 0.999)
        torch._foreach_addcmul_(v, grads, grads, 0.001)
        denominator = torch._foreach_div(v, 1 - 0.999 ** self.group["t"])
        torch._foreach_sqrt_(denominator)
        torch._foreach_add_(denominator, 1e-8)
        self.move(parameters, z, torch._foreach_div(grads, denominator))
