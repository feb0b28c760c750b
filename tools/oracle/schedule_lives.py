"""Fixtures of what happens to schedulers in their lives: packages/optim/test/fixtures/lives.json, and of long ones: epochs.json.
Each life is a list of
actions (a scheduler made, steps, a group added, a rate set by hand, resuming), with the rates and momenta after each of
them, and every scheduler's state_dict at the end and where it is resumed. The life that PyTorch ends by an error ends with
`"error"`."""

import copy
import math
import warnings

import torch
from fixture import Fixture
from optimisers import FOLDER
from optimisers import LAMBDAS as SCHEDULE_LAMBDAS

LAMBDAS = {**SCHEDULE_LAMBDAS, "slowly": lambda epoch: 1 - (epoch % 7) / 512}

SGD = ("SGD", {"lr": 0.1, "momentum": 0.9})
ADAM = ("Adam", {"lr": 0.02})

STEP = ["make", "StepLR", [3], {"gamma": 0.5}]
COSINE = ["make", "CosineAnnealingLR", [4], {"eta_min": 0.01}]
DECAY = ["make", "LambdaLR", ["decay"], {}]
CYCLE = ["make", "OneCycleLR", [0.5], {"total_steps": 12}]
PLATEAU = ["make", "ReduceLROnPlateau", [], {"patience": 1, "factor": 0.5, "cooldown": 1}]
CONSTANT = ["make", "ConstantLR", [], {"factor": 0.3, "total_iters": 4}]
LINEAR = ["make", "LinearLR", [], {"start_factor": 0.3, "total_iters": 5}]
EXPONENTIAL = ["make", "ExponentialLR", [0.9], {}]
POLYNOMIAL = ["make", "PolynomialLR", [], {"total_iters": 6, "power": 1.5}]
MILESTONES = ["make", "MultiStepLR", [[2, 5, 5, 8]], {"gamma": 0.5}]
MULTIPLICATIVE = ["make", "MultiplicativeLR", ["decay"], {}]
RESTARTS = ["make", "CosineAnnealingWarmRestarts", [3], {"T_mult": 2, "eta_min": 0.01}]
CYCLIC = ["make", "CyclicLR", [0.01, 0.2], {"step_size_up": 3, "mode": "triangular2"}]
AVERAGING = ["make", "SWALR", [0.05], {"anneal_epochs": 4}]
EVERY = [STEP, COSINE, DECAY, CYCLE, CONSTANT, LINEAR, EXPONENTIAL, POLYNOMIAL, MILESTONES, MULTIPLICATIVE, RESTARTS, CYCLIC, AVERAGING]


def chained(*makes):
    return ["make", "ChainedScheduler", [[make[1:] for make in makes]], {}]


def sequential(milestones, *makes):
    return ["make", "SequentialLR", [[make[1:] for make in makes], milestones], {}]


CHAINED = chained(CONSTANT, EXPONENTIAL, MILESTONES)
SEQUENTIAL = sequential([3, 6], LINEAR, EXPONENTIAL, COSINE)
COMPOSED = [
    CHAINED,
    SEQUENTIAL,
    sequential([], STEP),
    sequential([0], EXPONENTIAL, LINEAR),
    sequential([3, 3], LINEAR, EXPONENTIAL, STEP),
    sequential([4], RESTARTS, CYCLIC),
    sequential([4], CYCLIC, RESTARTS),
    sequential([4], DECAY, AVERAGING),
    sequential([4], MULTIPLICATIVE, CYCLE),
    sequential([2, 5], POLYNOMIAL, CONSTANT, MILESTONES),
    chained(LINEAR, CYCLIC, AVERAGING),
    chained(chained(LINEAR, EXPONENTIAL), STEP),
    chained(SEQUENTIAL, EXPONENTIAL),
]


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
    [["make", "MultiplicativeLR", ["nothing"], {}], ["step", 1]],
    [["make", "ConstantLR", [], {"factor": 0.0, "total_iters": 3}], ["step", 2]],
    [["make", "ConstantLR", [], {"factor": 0.0, "total_iters": 3}], ["step", 3]],
    [["make", "ConstantLR", [], {"factor": 1.0, "total_iters": 0}], ["step", 3]],
    [["make", "ConstantLR", [], {"factor": 0.5, "total_iters": 0}], ["step", 3]],
    [["make", "ConstantLR", [], {"factor": 1.5}]],
    [["make", "ConstantLR", [], {"factor": -0.5}]],
    [["make", "LinearLR", [], {"total_iters": 0}], ["step", 3]],
    [["make", "LinearLR", [], {"total_iters": 0}], ["to", [2]]],
    [["make", "LinearLR", [], {"total_iters": 2.5}], ["step", 4]],
    [["make", "LinearLR", [], {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 3}], ["step", 5]],
    [["make", "LinearLR", [], {"start_factor": 0.0}]],
    [["make", "LinearLR", [], {"start_factor": 1.5}]],
    [["make", "LinearLR", [], {"end_factor": -0.1}]],
    [["make", "LinearLR", [], {"end_factor": 1.1}]],
    [["make", "PolynomialLR", [], {"total_iters": 0}], ["step", 3]],
    [["make", "PolynomialLR", [], {"total_iters": 0}], ["to", [2]]],
    [["make", "PolynomialLR", [], {"total_iters": 3, "power": 0.0}], ["step", 5]],
    [["make", "PolynomialLR", [], {"total_iters": 3, "power": -1.0}], ["step", 2]],
    [["make", "PolynomialLR", [], {"total_iters": 3, "power": -1.0}], ["step", 3]],
    [["make", "PolynomialLR", [], {"total_iters": 2.5}], ["step", 4]],
    [["make", "MultiStepLR", [[]], {}], ["step", 3]],
    [["make", "MultiStepLR", [[3, 1, 0, -1]], {}], ["step", 4]],
    [["make", "ExponentialLR", [0.0], {}], ["step", 3]],
    [["make", "ExponentialLR", [2.0], {}], ["step", 3]],
    [["make", "CosineAnnealingWarmRestarts", [0], {}]],
    [["make", "CosineAnnealingWarmRestarts", [1.5], {}]],
    [["make", "CosineAnnealingWarmRestarts", [2], {"T_mult": 0}]],
    [["make", "CosineAnnealingWarmRestarts", [1], {}], ["step", 5]],
    [["make", "CosineAnnealingWarmRestarts", [1], {"T_mult": 2}], ["step", 9]],
    [["make", "CosineAnnealingWarmRestarts", [3], {}], ["to", [-1]]],
    [["make", "CyclicLR", [0.1, 0.5], {"step_size_up": 0}]],
    [["make", "CyclicLR", [0.1, 0.5], {"step_size_up": 0, "step_size_down": 0}]],
    [["make", "CyclicLR", [0.1, 0.5], {"step_size_up": 3, "step_size_down": 0}], ["step", 7]],
    [["make", "CyclicLR", [[0.1], 0.5], {}]],
    [["make", "CyclicLR", [0.1, [0.5, 0.6, 0.7]], {}]],
    [["make", "CyclicLR", [0.1, 0.5], {"mode": "square"}]],
    [["make", "SWALR", [[0.1]], {}]],
    [["make", "SWALR", [0.1], {"anneal_epochs": -1}]],
    [["make", "SWALR", [0.1], {"anneal_epochs": 1.5}]],
    [["make", "SWALR", [0.1], {"anneal_strategy": "cosine"}]],
    [["make", "SWALR", [0.1], {"anneal_epochs": 0}], ["step", 3]],
    [["make", "SWALR", [0.1], {"anneal_epochs": 1}], ["step", 3]],
    [["make", "SequentialLR", [[], []], {}]],
    [["make", "ChainedScheduler", [[]], {}]],
    [sequential([], STEP, EXPONENTIAL)],
    [sequential([2, 3], STEP, EXPONENTIAL)],
    [sequential([2], STEP, PLATEAU)],
    [chained(STEP, PLATEAU)],
    [sequential([2], STEP, CHAINED), ["step", 3]],
]

# Optimizers that have no momentum, and schedules that want one; with the schedule of another optimizer.
REFUSED = [
    ("Adagrad", [["make", "CyclicLR", [0.1, 0.5], {}]]),
    ("Adagrad", [["make", "CyclicLR", [0.1, 0.5], {"cycle_momentum": False, "step_size_up": 2}], ["step", 5]]),
    ("SGD", [["foreign", "SequentialLR"]]),
    ("SGD", [["foreign", "ChainedScheduler"]]),
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
    # Of broken epochs, from which they go on.
    *([make, ["to", [0.5, 2.25, 7.75, 4.5]], [how], ["step", 3]] for make in EVERY for how in ("resume", "resumeByEpoch")),
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
    *([make, ["step", 2], ["add", 1.0], ["step", 7]] for make in (CONSTANT, LINEAR, EXPONENTIAL, POLYNOMIAL, MILESTONES)),
    # With changes by hand, and on each other.
    *([make, ["step", 2], ["rate", 0.7], ["step", 5]] for make in EVERY[4:]),
    *([DECAY, ["step", 3], make, ["step", 6]] for make in EVERY[4:]),
    *([make, EXPONENTIAL, ["step", 6]] for make in EVERY[4:]),
    [LINEAR, POLYNOMIAL, MILESTONES, CONSTANT, ["step", 10]],
    # Broken epochs, and restarts by a closed form.
    [RESTARTS, ["to", [0.5, 1.25, 2.75, 3.5, 8.5, 9.0, 20.75, 21.5, 4.0]], ["step", 3]],
    [["make", "CosineAnnealingWarmRestarts", [4], {}], ["to", [0.5, 3.5, 4.5, 11.75, 2.0]], ["step", 9]],
    # The modes of cycles.
    *(
        [["make", "CyclicLR", [0.01, [0.2, 0.3]], {"step_size_up": up, "step_size_down": 4, "mode": mode, "gamma": 0.9, **more}], ["step", 20]]
        for up in (2, 3)
        for mode in ("triangular", "triangular2", "exp_range")
        for more in ({}, {"base_momentum": 0.5, "max_momentum": [0.7, 0.8]}, {"cycle_momentum": False})
    ),
    *(
        [["make", "CyclicLR", [0.01, 0.2], {"step_size_up": 3, "scale_fn": "warmup", "scale_mode": mode}], ["step", 15], ["resume"], ["step", 5]]
        for mode in ("cycle", "iterations")
    ),
    # Schedules of schedules.
    *([make, ["step", 11]] for make in COMPOSED),
    *([make, ["step", steps], ["resume"], ["step", 7]] for make in COMPOSED[:-1] for steps in (2, 5)),
    [EXPONENTIAL, SEQUENTIAL, ["step", 8]],
    [CHAINED, ["step", 3], EXPONENTIAL, ["step", 4]],
    # A composed schedule goes first.
    [sequential([4], CHAINED, EXPONENTIAL), ["step", 9]],
]

# 300 epochs: plain, beside others, chained with them; resumed in the middle.
EPOCHS = [
    ("StepLR", [30], {"gamma": 0.7}),
    ("MultiStepLR", [[30, 80, 80, 200]], {"gamma": 0.5}),
    ("ConstantLR", [], {"factor": 0.25, "total_iters": 100}),
    ("ConstantLR", [], {}),
    ("LinearLR", [], {"start_factor": 0.1, "total_iters": 50}),
    ("LinearLR", [], {"start_factor": 1.0, "end_factor": 0.1, "total_iters": 280}),
    ("ExponentialLR", [0.98], {}),
    ("PolynomialLR", [], {"total_iters": 290}),
    ("PolynomialLR", [], {"total_iters": 250, "power": 0.9}),
    ("CosineAnnealingLR", [40], {"eta_min": 1e-4}),
    ("CosineAnnealingWarmRestarts", [10], {"T_mult": 2, "eta_min": 1e-3}),
    ("CosineAnnealingWarmRestarts", [37], {}),
    ("CyclicLR", [0.01, 0.3], {"step_size_up": 20}),
    ("CyclicLR", [0.01, 0.3], {"step_size_up": 15, "step_size_down": 32, "mode": "triangular2"}),
    ("CyclicLR", [0.01, 0.3], {"step_size_up": 20, "mode": "exp_range", "gamma": 0.995}),
    ("OneCycleLR", [0.5], {"total_steps": 301}),
    ("LambdaLR", ["warmup"], {}),
    ("MultiplicativeLR", ["slowly"], {}),
    ("SWALR", [0.05], {"anneal_epochs": 60}),
    ("SWALR", [[0.05, 0.01]], {"anneal_epochs": 60, "anneal_strategy": "linear"}),
    ("SequentialLR", [[["LinearLR", [], {"start_factor": 0.01, "total_iters": 20}], ["CosineAnnealingLR", [180], {}], ["ExponentialLR", [0.99], {}]], [20, 200]], {}),
    ("ChainedScheduler", [[["LinearLR", [], {"total_iters": 30}], ["ExponentialLR", [0.99], {}], ["MultiStepLR", [[150]], {}]]], {}),
]  # fmt: skip

PLATEAUS = [
    [PLATEAU, ["metric", [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]]],
    # Epochs that are told, some of them broken.
    [PLATEAU, ["metricAt", [[1.0, 3], [2.0, 3.5], [2.0, 0.25]]], ["resume"], ["metric", [2.0, 2.0]], ["metricAt", [[2.0, -1.5], [2.0, 9]]]],
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
        if name in ("SequentialLR", "ChainedScheduler"):
            parts = [self.new_scheduler(*part) for part in args[0]]
            given = [self.optimizer, parts, *args[1:]] if name == "SequentialLR" else [parts]
            return getattr(torch.optim.lr_scheduler, name)(*given, **options)
        options = {k: LAMBDAS[v] if k == "scale_fn" else v for k, v in options.items()}
        if name == "SWALR":
            return torch.optim.swa_utils.SWALR(self.optimizer, *args, **options)
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

    def metricAt(self, pairs):  # noqa: N802: the runner's name
        for pair in pairs:
            self.step_all(*pair)

    def foreign(self, name):
        own = torch.optim.lr_scheduler.StepLR(self.optimizer, 3)
        other = torch.optim.lr_scheduler.StepLR(self.new_optimizer(), 3)
        given = [self.optimizer, [own, other], [2]] if name == "SequentialLR" else [[own, other]]
        getattr(torch.optim.lr_scheduler, name)(*given)

    def add(self, lr):
        self.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(2))], "lr": lr})
        self.groups.append(lr)

    def rate(self, lr):
        for group in self.optimizer.param_groups:
            group["lr"] = lr

    def resume(self):
        saved = copy.deepcopy((self.optimizer.state_dict(), [s.state_dict() for s in self.schedulers]))
        self.resumed = [saved[0]["param_groups"], copy.deepcopy(saved[1])]
        self.optimizer = self.new_optimizer()
        self.schedulers = [self.new_scheduler(*made) for made in self.made]
        self.optimizer.load_state_dict(saved[0])
        for scheduler, state in zip(self.schedulers, saved[1]):
            scheduler.load_state_dict(state)

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
        momenta = [g["momentum"] if "momentum" in g else g["betas"][0] if "betas" in g else 0.0 for g in groups]
        return [[g["lr"] for g in groups], momenta]


def lives(fixture):
    runs = [(optimizer, actions) for actions in DEGENERATE + LIVES + PLATEAUS for optimizer in (SGD, ADAM)]
    runs += [((name, {"lr": 0.1}), actions) for name, actions in REFUSED]
    for optimizer, actions in runs:
        life = Life(optimizer)
        trace = []
        try:
            for action in actions:
                life.run(*action)
                trace.append(life.read())
        except (ArithmeticError, NotImplementedError, ValueError, TypeError, RuntimeError):
            trace.append("error")
        states = [] if trace[-1] == "error" else [s.state_dict() for s in life.schedulers]
        fixture.add({
            "op": "life", "optimizer": optimizer[0], "optimizerOptions": optimizer[1], "actions": fixture.value(actions),
            "trace": trace, "resumed": fixture.value(life.resumed), "states": fixture.value(states),
        })  # fmt: skip


def metric_of(epoch):
    """It falls for a while, then goes to and fro."""
    return max(0.2, 1 / epoch) + (epoch * 7 % 11) / 100


def long_life(fixture, makes, step):
    life = Life(SGD)
    for make in makes:
        life.run(*make)
    trace = [life.read()]
    for epoch in range(1, 301):
        step(life, epoch)
        if epoch == 150:
            life.resume()
        trace.append(life.read())
    fixture.add({
        "op": "epochs", "makes": [make[1:] for make in makes], "trace": fixture.tensor(torch.tensor(trace, dtype=torch.float64)),
        "resumed": fixture.value(life.resumed), "states": fixture.value([s.state_dict() for s in life.schedulers]),
    })  # fmt: skip


def epochs(fixture):
    others = [["make", "ExponentialLR", [0.995], {}], ["make", "StepLR", [70], {"gamma": 0.8}]]
    for name, args, options in EPOCHS:
        own = ["make", name, args, options]
        for makes in ([own], [own, *others], [chained(own, *others)]):
            long_life(fixture, makes, lambda life, epoch: life.step(1))
    for options in ({"patience": 5, "factor": 0.9}, {"patience": 3, "threshold": 0.05, "threshold_mode": "abs", "cooldown": 4, "min_lr": [0.02, 0.1]}):
        long_life(fixture, [["make", "ReduceLROnPlateau", [], options]], lambda life, epoch: life.metric([metric_of(epoch)]))


def main():
    warnings.simplefilter("ignore")
    for name, make in {"lives": lives, "epochs": epochs}.items():
        fixture = Fixture(FOLDER, name)
        make(fixture)
        fixture.write()


if __name__ == "__main__":
    main()
