"""Fixtures of changes in place of views, and of the bases of views, while gradients are recorded: packages/core/test/fixtures/views.json.

Each is a program: statements that take views of variables, compute new ones and change them in place, drawn by the seed. With it
stand the values of all variables at the end, the gradients of the leaves, and those of a sum of these gradients' squares (second order), or
"refused" where PyTorch refuses the last statement. Those that fail on the way back, since what was saved has changed, are left out: what
is saved is each library's own. Float64 throughout.
"""

import json
import random

import torch
from fixture import REPOSITORY, seed

PROGRAMS = 160
VIEWS = {
    "select": lambda x: [(d := random.randrange(x.dim())), random.randrange(x.shape[d])] if x.dim() > 0 else None,
    "narrow": lambda x: narrowed(x) if x.dim() > 0 else None,
    "t": lambda x: [] if x.dim() == 2 else None,
    "unsqueeze": lambda x: [random.randrange(x.dim() + 1)] if x.dim() < 3 else None,
    "squeeze": lambda _: [],
    "diagonal": lambda x: [] if x.dim() == 2 else None,
    "flatten": lambda x: [] if x.is_contiguous() and x.dim() > 0 else None,
    "permute": lambda x: [random.sample(range(x.dim()), x.dim())] if x.dim() > 1 else None,
}
FRESH = ["mul", "add", "sub"]
UNARY = ["sigmoid", "neg", "exp", "sin"]
CHANGES = ["add_", "mul_", "sub_", "copy_"]
UNARY_CHANGES = ["sigmoid_", "neg_", "sin_", "zero_", "square_"]


def narrowed(x):
    d = random.randrange(x.dim())
    if x.shape[d] == 0:
        return None
    start = random.randrange(x.shape[d])
    return [d, start, random.randint(1, x.shape[d] - start)]


def broadcasts(shape, target):
    try:
        return tuple(torch.broadcast_shapes(shape, target)) == tuple(target)
    except RuntimeError:
        return False


def draw(variables):
    """A statement, [new or changed variable, operation, operand variable or number, arguments], drawn for these variables."""
    kind = random.choice(["view", "view", "view", "fresh", "unary", "change", "change", "change", "change unary"])
    name = random.choice(list(variables))
    x = variables[name]
    new = f"v{len(variables)}"
    if kind == "view":
        operation = random.choice(list(VIEWS))
        arguments = VIEWS[operation](x)
        return None if arguments is None else [new, name, operation, arguments]
    if kind == "unary":
        return [new, name, random.choice(UNARY), []]
    if kind == "change unary":
        return [name, name, random.choice(UNARY_CHANGES), []]
    fits = [other for other, y in variables.items() if broadcasts(y.shape, x.shape)]
    operand = random.choice([*fits, 0.5, -1.5])
    if kind == "fresh":
        return [new, name, random.choice(FRESH), [operand]]
    operation = random.choice(CHANGES)
    if operation == "copy_" and not isinstance(operand, str):
        return None
    return [name, name, operation, [operand]]


def places(x):
    """Where the elements of a tensor lie: its memory, and which of that."""
    memory = x.untyped_storage()
    offsets = torch.arange(memory.nbytes() // x.element_size())
    return memory.data_ptr(), set(offsets.as_strided(x.shape, x.stride(), x.storage_offset()).flatten().tolist())


def reads_what_it_writes(statement, variables):
    """Whether a change broadcasts an operand that lies where it writes: PyTorch may read what it has just written."""
    target, name, operation, arguments = statement
    if operation not in CHANGES or not isinstance(arguments[0], str):
        return False
    x, operand = variables[name].detach(), variables[arguments[0]].detach()
    (memory, written), (other, read) = places(x), places(operand)
    return memory == other and operand.shape != x.shape and not written.isdisjoint(read)


def run(statement, variables):
    target, name, operation, arguments = statement
    # PyTorch takes a view that got its history by way of another for a leaf, and refuses to change it, unless somebody has looked.
    for x in variables.values():
        _ = x.grad_fn
    given = [variables[a] if isinstance(a, str) else a for a in arguments]
    variables[target] = getattr(variables[name], operation)(*given)


def listed(x):
    return [float(f"{v:.12g}") for v in x.detach().flatten()]


def gradients(of, leaves, **options):
    found = torch.autograd.grad(of, leaves, allow_unused=True, **options)
    return [torch.zeros_like(leaf) if g is None else g for g, leaf in zip(found, leaves)]


def program(number):
    seed("views", number)
    leaves = {"a": torch.randn(3, 4, dtype=torch.float64), "b": torch.randn(4, dtype=torch.float64)}
    start = {name: x.flatten().tolist() for name, x in leaves.items()}
    for leaf in leaves.values():
        leaf.requires_grad_()
    # A copy, so that it may change, and one that requires no gradient until something is written into it.
    variables = {**leaves, "c": leaves["a"] * 1, "d": torch.ones(2, 3, 4, dtype=torch.float64)}
    # What is, or shows, a leaf: PyTorch refuses nearly every change of it, so few are drawn.
    of_leaves = set(leaves)
    statements = []
    result = {"leaves": start, "statements": statements}
    for _ in range(random.randint(4, 16)):
        statement = draw(variables)
        if statement is None:
            continue
        target, name, operation, _ = statement
        if target == name and name in of_leaves and random.random() < 0.97:
            continue
        if reads_what_it_writes(statement, variables):
            continue
        if operation in VIEWS and name in of_leaves:
            of_leaves.add(target)
        statements.append(statement)
        try:
            run(statement, variables)
        except RuntimeError as error:
            if "single memory location" not in str(error):
                return {**result, "refused": True}
            # Where an operand shares some of the memory that is written, Kindling takes it as it was before.
            statements.pop()
    floats = [x for x in variables.values() if x.requires_grad]
    result["values"] = {name: listed(x) for name, x in variables.items()}
    result["require"] = sorted(name for name, x in variables.items() if x.requires_grad)
    try:
        loss = sum((x.square() * (1 + i)).sum() for i, x in enumerate(floats))
        first = gradients(loss, list(leaves.values()), create_graph=True)
        result["gradients"] = [listed(g) for g in first]
        total = sum(g.square().sum() for g in first)
        if total.requires_grad:
            result["second"] = [listed(g) for g in gradients(total, list(leaves.values()))]
    except RuntimeError:
        return None
    return result


if __name__ == "__main__":
    path = REPOSITORY / "packages/core/test/fixtures/views.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    programs = [p for number in range(PROGRAMS) if (p := program(number)) is not None]
    lines = ",\n".join(json.dumps(p) for p in programs)
    path.write_text(f'{{"torch": "{torch.__version__}", "programs": [\n{lines}\n]}}\n')
    print(path, len(programs), "programs,", sum("refused" in p for p in programs), "refused")
