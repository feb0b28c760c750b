"""The model Model, as it was written for Kindling."""

from torch import nn


class Model(nn.Linear):
    def __init__(self):
        super().__init__(4, 3)
        self.weight.requires_grad_(False)
