"""Fixtures of orthogonal parametrizations: packages/nn/test/fixtures/parametrizations. What a seed makes of a layer's weight, what
changed originals make of it, and the gradient that they get."""

import torch
import torch.nn as nn
from fixture import Fixture, cotangent, seed_for


def main():
    fixture = Fixture("packages/nn/test/fixtures", "parametrizations")
    for shape in ((3, 3), (4, 2), (2, 4)):
        for orthogonal_map in (None, "matrix_exp", "cayley", "householder"):
            for trivial in (True, False):
                options = {"orthogonal_map": orthogonal_map, "use_trivialization": trivial}
                number = seed_for("orthogonal", shape, orthogonal_map, trivial)
                torch.manual_seed(number)
                layer = nn.Linear(shape[1], shape[0], bias=False, dtype=torch.float64)
                entry = {"op": "orthogonal", "shape": list(shape), "seed": number, "k": options}
                nn.utils.parametrizations.orthogonal(layer, **options)
                entry["weight"] = fixture.tensor(layer.weight)
                original = layer.parametrizations.weight.original
                # The diagonal holds signs, which are no numbers to change.
                change = torch.randn(shape, dtype=torch.float64) * (1 - torch.eye(*shape, dtype=torch.float64))
                with torch.no_grad():
                    original.add_(change)
                weight = layer.weight
                (weight * cotangent(weight, 0)).sum().backward()
                entry.update(change=fixture.tensor(change), changed=fixture.tensor(weight), grad=fixture.tensor(original.grad))
                fixture.add({**entry, "keys": list(layer.state_dict())})
    fixture.write()


if __name__ == "__main__":
    main()
