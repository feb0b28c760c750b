"""Writes packages/core/src/kernels/math/scalar/tables.ts: the polynomials of the float64 special functions.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install mpmath
    /tmp/venv/bin/python tools/oracle/math_tables.py

Each polynomial interpolates its function at Chebyshev nodes in 200-bit arithmetic, with as few coefficients as keep the
relative error below 2^-57, and is written in powers of the distance to the middle of its interval.
"""

import pathlib

import mpmath as mp

mp.mp.prec = 200


def interpolate(f, a, b, tolerance=mp.mpf(2) ** -57):
    a, b = mp.mpf(a), mp.mpf(b)
    middle, radius = (a + b) / 2, (b - a) / 2
    points = [a + (b - a) * i / 97 for i in range(98)]
    for n in range(3, 40):
        nodes = [mp.cos(mp.pi * (k + mp.mpf(1) / 2) / n) for k in range(n)]
        values = [f(middle + radius * t) for t in nodes]
        series = [2 * sum(v * mp.cos(j * mp.acos(t)) for v, t in zip(values, nodes)) / n for j in range(n)]
        series[0] /= 2
        chebyshev = [[mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]]
        while len(chebyshev) < n:
            following = [mp.mpf(0)] + [2 * v for v in chebyshev[-1]]
            for i, v in enumerate(chebyshev[-2]):
                following[i] -= v
            chebyshev.append(following)
        powers = [mp.mpf(0)] * n
        for weight, polynomial in zip(series, chebyshev):
            for i, v in enumerate(polynomial):
                powers[i] += weight * v
        powers = [v / radius**i for i, v in enumerate(powers)]
        error = max(abs(mp.polyval(powers[::-1], x - middle) / f(x) - 1) for x in points)
        if error < tolerance:
            low = float(powers[0] - mp.mpf(float(powers[0])))
            return float(b), float(middle), low, [float(v) for v in powers]
    raise ArithmeticError("no polynomial of moderate degree")


def away_from(x0, f):
    """f with a removable singularity at x0."""
    x0 = mp.mpf(x0)
    tiny = mp.mpf(10) ** -25
    return lambda x: f(x if abs(x - x0) > tiny else x0 + tiny)


def pieces(f, *ends):
    return [interpolate(f, a, b) for a, b in zip(ends, ends[1:])]


root = mp.findroot(mp.digamma, 1.46)
root_high = mp.mpf(float(root))


def at_root_of(f):
    """f of z, in terms of the square z."""
    return away_from(0, lambda z: f(mp.sqrt(z)))


tables = {
    "erfOverX": (
        "erf(x) / x - 1 in powers of x^2, |x| <= 0.75.",
        pieces(at_root_of(lambda x: mp.erf(x) / x - 1), 0, "0.5625"),
    ),
    "scaledErfc": (
        "e^(x^2) erfc(x), 0.46875 <= x <= 28.",
        pieces(lambda x: mp.exp(x * x) * mp.erfc(x), "0.46875", "0.75", 1, "1.5", 2, 3, 4, 8, 16, 28),
    ),
    "lgammaOverXMinus1": (
        "lgamma(x) / (x - 1), 0.5 <= x <= 1.5.",
        pieces(away_from(1, lambda x: mp.loggamma(x) / (x - 1)), "0.5", 1, "1.25", "1.5"),
    ),
    "lgammaOverXMinus2": (
        "lgamma(x) / (x - 2), 1.5 <= x <= 3.",
        pieces(away_from(2, lambda x: mp.loggamma(x) / (x - 2)), "1.5", 2, "2.5", 3),
    ),
    "digammaOverRoot": (
        "digamma(x) / (x - its root), 0.5 <= x <= 6.",
        pieces(away_from(root, lambda x: mp.digamma(x) / (x - root)), "0.5", 1, "1.5", 2, "2.5", 3, 4, 6),
    ),
}

lines = [
    "import type { Piece } from './piecewise.ts';",
    "",
    "/** Polynomials of the float64 special functions. Written by tools/oracle/math_tables.py; do not edit. */",
    "",
    "/** The positive root of digamma, in two parts. */",
    f"export const digammaRootHigh = {float(root_high)!r};",
    f"export const digammaRootLow = {float(root - root_high)!r};",
]
for name, (comment, rows) in tables.items():
    lines += ["", f"/** {comment} */", f"export const {name}: readonly Piece[] = ["]
    for end, middle, low, coefficients in rows:
        numbers = [repr(v).replace("e-0", "e-") for v in coefficients]
        lines += ["  {", f"    end: {end!r},".replace(".0,", ","), f"    middle: {middle!r},".replace(".0,", ",")]
        lines += [f"    low: {low!r},", "    coefficients: ["]
        lines += [f"      {', '.join(numbers[i : i + 4])}," for i in range(0, len(numbers), 4)]
        lines += ["    ],", "  },"]
    lines += ["];"]

target = pathlib.Path(__file__).parents[2] / "packages/core/src/kernels/math/scalar/tables.ts"
target.write_text("\n".join(lines) + "\n")
print(f"{target}: {sum(len(r[3]) for _, rows in tables.values() for r in rows)} coefficients")
