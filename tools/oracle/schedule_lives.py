"""Fixtures of what happens to schedulers in their lives: packages/optim/test/fixtures/lives.json. Each life is a list of
actions (a scheduler made, steps, a group added, a rate set by hand, resuming), with the rates and momenta after each of
them, and every scheduler's state_dict at the end and where it is resumed. The life that PyTorch ends by an error ends with
`"error"`."""

import math
import warnings

import torch
from fixture import Fixture
from optimisers import FOLDER, LAMBDAS

SGD = ("SGD", {"lr": 0.1, "momentum": 0.9})
ADAM = ("Adam", {"lr": 0.02})

STEP = ["make", "StepLR", [3], {"gamma": 0.5}]
COSINE = ["make", "CosineAnnealingLR", [4], {"eta_min": 0.01}]
DECAY = ["make", "LambdaLR", ["decay"], {}]
CYCLE = ["make", "OneCycleLR", [0.5], {"total_steps": 12}]
PLATEAU = ["make", "ReduceLROnPlateau", [], {"patience": 1, "factor": 0.5, "cooldown": 1}]
EVERY = [STEP, COSINE, DECAY, CYCLE]


def cycle(**options):
    return ["make", "OneCycleLR", [0.1], options]


# What PyTorch refuses by dividing by zero, and what is close to it.
DEGENERATE = [
    [cycle(total_steps=10, pct_start=0.1), ["step", 9]],
    [cycle(total_steps=10, pct_start=0.0), ["step", 10]],
    [cycle(total_steps=10, pct_start=0.05), ["step", 10]],
    [cycle(total_steps=10, pct_start=1.0), ["step", 9]],
    [cycle(total_steps=10, pct_start=1.0), ["step", 10]],
    [cycle(total_steps=10, pct_start=1.0, anneal_strategy="linear"), ["step", 10]],
    [cycle(total_steps=1), ["step", 1]],
    [cycle(total_steps=1, pct_start=1.0), ["step", 1]],
    [cycle(total_steps=2), ["step", 2]],
    [cycle(total_steps=2, pct_start=0.5), ["step", 2]],
    [cycle(total_steps=4, pct_start=0.25, three_phase=True), ["step", 4]],
    [cycle(total_steps=10, pct_start=0.0, three_phase=True), ["step", 10]],
    [cycle(total_steps=10, pct_start=0.05, three_phase=True), ["step", 10]],
    [cycle(total_steps=10, pct_start=0.5, three_phase=True), ["step", 10]],
    [cycle(total_steps=10, pct_start=0.55, three_phase=True), ["step", 9]],
    [cycle(total_steps=10, pct_start=0.55, three_phase=True), ["step", 10]],
    [cycle(total_steps=10, pct_start=0.8, three_phase=True), ["step", 10]],
    [cycle(total_steps=10, div_factor=0.0)],
    [cycle(total_steps=10, final_div_factor=0.0)],
    [cycle(total_steps=3), ["step", 4]],
    [["make", "CosineAnnealingLR", [0], {}], ["step", 3]],
    [["make", "CosineAnnealingLR", [1], {}], ["step", 6]],
    [["make", "CosineAnnealingLR", [0.5], {}], ["step", 6]],
    [["make", "CosineAnnealingLR", [2.5], {}], ["step", 12]],
    [["make", "CosineAnnealingLR", [3], {"eta_min": 0.5}], ["step", 12]],
    [["make", "StepLR", [0], {}], ["step", 3]],
    [["make", "StepLR", [1.5], {}], ["step", 7]],
    [["make", "StepLR", [2], {"gamma": 0.0}], ["step", 5]],
    [["make", "LambdaLR", ["nothing"], {}], ["step", 1]],
]

LIVES = [
    # A second scheduler begins at the first one's initial_lr, and several act on each other's rates.
    [DECAY, ["step", 3], DECAY, ["step", 2]],
    [STEP, ["step", 4], COSINE, ["step", 9]],
    [COSINE, ["step", 3], COSINE, ["step", 5]],
    [CYCLE, ["step", 4], DECAY, ["step", 2]],
    [DECAY, ["step", 2], CYCLE, ["step", 4]],
    [STEP, COSINE, ["step", 9]],
    [COSINE, STEP, ["step", 9]],
    [STEP, ["make", "StepLR", [2], {}], ["step", 7]],
    # Changes by hand.
    [STEP, ["step", 2], ["rate", 0.7], ["step", 5]],
    [COSINE, ["step", 2], ["rate", 0.7], ["step", 9]],
    [DECAY, ["step", 2], ["rate", 0.7], ["step", 2]],
    [["rate", 0.7], DECAY, ["step", 2], ["rate", 0.3], DECAY, ["step", 2]],
    # Closed forms.
    *([make, ["to", [7, 2, 0, 3]], ["step", 3], ["to", [11]]] for make in EVERY),
    [STEP, COSINE, ["to", [5]], ["step", 2]],
    # Resumed by state_dict, and by last_epoch.
    *([make, ["step", 5], [how], ["step", 6]] for make in EVERY for how in ("resume", "resumeByEpoch")),
    [STEP, COSINE, ["step", 5], ["resume"], ["step", 6]],
    [STEP, ["step", 5], ["resume"], STEP, ["step", 3]],
    [cycle(total_steps=20, three_phase=True, anneal_strategy="linear", cycle_momentum=False), ["step", 7], ["resume"], ["step", 12]],
    [cycle(total_steps=20, base_momentum=[0.6, 0.7], max_momentum=[0.8, 0.9]), ["step", 7], ["resume"], ["step", 12]],
    # A group that is added later.
    [STEP, ["step", 2], ["add", 1.0], ["step", 5]],
    [COSINE, ["step", 1], ["add", 1.0], ["step", 3]],
    [STEP, ["step", 2], ["add", 1.0], ["step", 2], DECAY, ["step", 3]],
]

PLATEAUS = [
    [PLATEAU, ["metric", [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]]],
    [PLATEAU, ["metric", [1.0, 2.0]], ["add", 1.0], ["metric", [2.0, 2.0, 2.0, 2.0]]],
    [PLATEAU, ["metric", [3.0, math.nan, math.inf, 2.0, math.nan, math.nan, 1.0]]],
    [["make", "ReduceLROnPlateau", [], {"patience": 0, "min_lr": [0.05, 0.2]}], ["metric", [1.0, 2.0, 3.0, 4.0]]],
    [["make", "ReduceLROnPlateau", [], {"patience": 0, "min_lr": 0.05}], ["metric", [1.0, 2.0]], ["add", 1.0], ["metric", [2.0, 2.0]]],
    [["make", "ReduceLROnPlateau", [], {"patience": 0, "min_lr": [0.05, 0.2]}], ["metric", [1.0]], ["add", 1.0], ["metric", [2.0]]],
    [PLATEAU, ["resume"], ["metric", [1.0, 2.0, 2.0]]],
    [["make", "ReduceLROnPlateau", [], {"mode": "max", "patience": 1}], ["resume"], ["metric", [1.0, 0.5, 0.5]]],
    [PLATEAU, ["metric", [1.0, 2.0, 2.0, 2.0]], ["resume"], ["metric", [2.0, 2.0, 2.0, 2.0]]],
    [["make", "ReduceLROnPlateau", [], {"patience": 0}], ["metric", [-math.inf]], ["resume"], ["metric", [-5.0]]],
    # Cooldown against patience: bad epochs during the cooldown do not count.
    *(
        [["make", "ReduceLROnPlateau", [], {"patience": p, "cooldown": c, "factor": 0.5}], ["metric", [1.0] + [2.0] * 12]]
        for p in (0, 1, 2)
        for c in (0, 1, 2, 4)
    ),
    # Each side of the threshold.
    *(
        [["make", "ReduceLROnPlateau", [], {"patience": 0, "threshold": 0.25, "threshold_mode": t, "mode": m}], ["metric", metrics]]
        for t in ("rel", "abs")
        for m, metrics in (("min", [4.0, 3.0, 2.9, 2.7, 2.2, 2.0]), ("max", [4.0, 5.0, 5.1, 5.3, 6.6, 8.0]))
    ),
    # Changes smaller than eps are left out.
    [["make", "ReduceLROnPlateau", [], {"patience": 0, "eps": 0.09}], ["metric", [1.0, 2.0, 2.0, 2.0]]],
    [["make", "ReduceLROnPlateau", [], {"patience": 0}], ["rate", 5e-9], ["metric", [1.0, 2.0]]],
    [["make", "ReduceLROnPlateau", [], {"patience": 0}], ["rate", 2e-8], ["metric", [1.0, 2.0, 2.0]]],
    [["make", "ReduceLROnPlateau", [], {"patience": 0, "eps": 0.0}], ["rate", 5e-9], ["metric", [1.0, 2.0]]],
]


class Life:
    def __init__(self, optimizer):
        self.recipe = optimizer
        self.made = []
        self.resumed = []
        self.groups = [None, 0.5]
        self.optimizer = self.new_optimizer()
        self.schedulers = []

    def new_optimizer(self):
        name, options = self.recipe
        groups = [{"params": [torch.nn.Parameter(torch.zeros(2))], **({} if lr is None else {"lr": lr})} for lr in self.groups]
        return getattr(torch.optim, name)(groups, **options)

    def new_scheduler(self, name, args, options):
        arguments = [LAMBDAS.get(a, lambda epoch: None) if isinstance(a, str) else a for a in args]
        return getattr(torch.optim.lr_scheduler, name)(self.optimizer, *arguments, **options)

    def step_all(self, *args):
        self.optimizer.step()
        for scheduler in self.schedulers:
            scheduler.step(*args)

    def run(self, action, *args):
        getattr(self, action)(*args)

    def make(self, *made):
        self.schedulers.append(self.new_scheduler(*made))
        self.made.append(made)

    def step(self, count):
        for _ in range(count):
            self.step_all()

    def to(self, epochs):
        for epoch in epochs:
            self.step_all(epoch)

    metric = to

    def add(self, lr):
        self.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(2))], "lr": lr})
        self.groups.append(lr)

    def rate(self, lr):
        for group in self.optimizer.param_groups:
            group["lr"] = lr

    def resume(self):
        saved = self.optimizer.state_dict(), [s.state_dict() for s in self.schedulers]
        self.optimizer = self.new_optimizer()
        self.schedulers = [self.new_scheduler(*made) for made in self.made]
        self.optimizer.load_state_dict(saved[0])
        for scheduler, state in zip(self.schedulers, saved[1]):
            scheduler.load_state_dict(state)
        self.resumed = [saved[0]["param_groups"], saved[1]]

    def resumeByEpoch(self):  # noqa: N802: the runner's name
        saved = self.optimizer.state_dict()
        epochs = [s.last_epoch - 1 for s in self.schedulers]
        self.optimizer = self.new_optimizer()
        self.optimizer.load_state_dict(saved)
        self.schedulers = [
            self.new_scheduler(name, args, {**options, "last_epoch": epoch})
            for (name, args, options), epoch in zip(self.made, epochs)
        ]

    def read(self):
        groups = self.optimizer.param_groups
        momenta = [g["momentum"] if "momentum" in g else g["betas"][0] for g in groups]
        return [[g["lr"] for g in groups], momenta]


def lives(fixture):
    for actions in DEGENERATE + LIVES + PLATEAUS:
        for optimizer in (SGD, ADAM):
            life = Life(optimizer)
            trace = []
            try:
                for action in actions:
                    life.run(*action)
                    trace.append(life.read())
            except (ArithmeticError, ValueError, TypeError, RuntimeError):
                trace.append("error")
            states = [] if trace[-1] == "error" else [s.state_dict() for s in life.schedulers]
            fixture.add({
                "op": "life", "optimizer": optimizer[0], "optimizerOptions": optimizer[1], "actions": fixture.value(actions),
                "trace": trace, "resumed": fixture.value(life.resumed), "states": fixture.value(states),
            })  # fmt: skip


def main():
    warnings.simplefilter("ignore")
    fixture = Fixture(FOLDER, "lives")
    lives(fixture)
    fixture.write()


if __name__ == "__main__":
    main()
