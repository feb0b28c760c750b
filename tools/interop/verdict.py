"""What functions.py and layers.py say of the samples that they compared."""

import collections

import torch


def leaves(x):
    """The tensors in a result; numbers count as tensors."""
    if isinstance(x, torch.Tensor):
        return [x]
    if isinstance(x, dict):
        return [y for part in x.values() for y in leaves(part)]
    if isinstance(x, (list, tuple)):
        return [y for part in x for y in leaves(part)]
    if isinstance(x, (bool, int, float)):
        return [torch.tensor(x)]
    return []


def judge(told, kind, name_of, unlike):
    """Asks `unlike` of each case what differs, if anything; prints which of a kind, by the name in a case's title, do not hold in all."""
    good, bad = collections.Counter(), collections.defaultdict(list)
    for case in told["cases"]:
        try:
            problem = unlike(case)
        except Exception as error:
            problem = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        name = name_of(case["what"])
        if problem is None:
            good[name] += 1
        else:
            bad[name].append(f"{case['what']} ({case['name']}): {problem}")
    for line in told["failures"]:
        bad[name_of(line)].append(f"not written: {line}")
    for name, lines in sorted(bad.items()):
        print(f"{name}: {len(lines)} of {good[name] + len(lines)}; {lines[0][:230]}")
    names = set(good) | set(bad)
    print(f"{kind}: {len(names)}, all samples hold: {len(names) - len(bad)}")
    print(f"samples: {sum(good.values())} hold, {sum(map(len, bad.values()))} do not")
