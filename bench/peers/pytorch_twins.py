"""Optimizers that PyTorch has not, in its foreach operations, as it writes its own: for the times of their updates alone."""

import torch


class Twin:
    """Parameters whose gradients are there, and zeros of their shapes for the state."""

    state = ()

    def __init__(self, parameters, lr):
        self.parameters, self.lr, self.t = parameters, lr, 0
        for name in self.state:
            setattr(self, name, [torch.zeros_like(p) for p in parameters])

    @property
    def grads(self):
        return [p.grad for p in self.parameters]


class Lion(Twin):
    state = ("m",)

    @torch.no_grad()
    def step(self):
        direction = torch._foreach_lerp(self.m, self.grads, 0.1)
        torch._foreach_sign_(direction)
        torch._foreach_add_(self.parameters, direction, alpha=-self.lr)
        torch._foreach_lerp_(self.m, self.grads, 0.01)


class Lamb(Twin):
    state = ("m", "v")

    @torch.no_grad()
    def step(self):
        self.t += 1
        torch._foreach_lerp_(self.m, self.grads, 0.1)
        torch._foreach_mul_(self.v, 0.999)
        torch._foreach_addcmul_(self.v, self.grads, self.grads, 0.001)
        denominator = torch._foreach_sqrt(self.v)
        torch._foreach_div_(denominator, (1 - 0.999**self.t) ** 0.5)
        torch._foreach_add_(denominator, 1e-6)
        direction = torch._foreach_div(self.m, 1 - 0.9**self.t)
        torch._foreach_div_(direction, denominator)
        torch._foreach_add_(direction, self.parameters, alpha=0.01)
        of_weights, of_direction = torch._foreach_norm(self.parameters), torch._foreach_norm(direction)
        trust = torch.stack(of_weights) / torch.stack(of_direction)
        torch._foreach_mul_(direction, list(torch.where(trust.isfinite() & (trust > 0), trust, 1).unbind()))
        torch._foreach_add_(self.parameters, direction, alpha=-self.lr)


class SAM(Twin):
    state = ("kept",)

    def __init__(self, parameters, lr):
        super().__init__(parameters, lr)
        self.base = torch.optim.SGD(parameters, lr=lr, foreach=True)

    @torch.no_grad()
    def step(self):
        norm = torch.nn.utils.get_total_norm(self.grads)
        torch._foreach_copy_(self.kept, self.parameters)
        torch._foreach_add_(self.parameters, torch._foreach_mul(self.grads, 0.05 / (norm + 1e-12)))
        torch._foreach_copy_(self.parameters, self.kept)
        self.base.step()


class ScheduleFree(Twin):
    """y goes towards z by a share, then along the direction; z goes against it."""

    beta = 0.9

    def __init__(self, parameters, lr):
        super().__init__(parameters, lr)
        self.z = [p.detach().clone() for p in parameters]
        self.weight_sum = 0

    def move(self, direction):
        self.weight_sum += self.lr**2
        share = self.lr**2 / self.weight_sum
        torch._foreach_lerp_(self.parameters, self.z, share)
        torch._foreach_add_(self.parameters, direction, alpha=self.lr * (self.beta * (1 - share) - 1))
        torch._foreach_add_(self.z, direction, alpha=-self.lr)


class SGDScheduleFree(ScheduleFree):
    @torch.no_grad()
    def step(self):
        self.move(self.grads)


class AdamWScheduleFree(ScheduleFree):
    state = ("v",)

    @torch.no_grad()
    def step(self):
        self.t += 1
        torch._foreach_mul_(self.v, 0.999)
        torch._foreach_addcmul_(self.v, self.grads, self.grads, 0.001)
        denominator = torch._foreach_div(self.v, 1 - 0.999**self.t)
        torch._foreach_sqrt_(denominator)
        torch._foreach_add_(denominator, 1e-8)
        self.move(torch._foreach_div(self.grads, denominator))
