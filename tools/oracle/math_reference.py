"""Writes packages/core/test/fixtures/math/float64.json: float64 functions at drawn points, exact to the last bit.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install mpmath
    /tmp/venv/bin/python tools/oracle/math_reference.py

A row is [arguments..., value], each a float64 as 16 hexadecimal digits; the value is the exact one, rounded once.
"""

import json
import math
import pathlib
import random
import struct

import mpmath as mp

POINTS = 60
mp.mp.prec = 200
draw = random.Random(20240601)


def uniform(a, b):
    return lambda: draw.uniform(a, b)


def magnitude(a, b):
    """2^a to 2^b, even in the logarithm."""
    return lambda: 2.0 ** draw.uniform(a, b)


def either_sign(f):
    return lambda: draw.choice((-1, 1)) * f()


def near(x, a, b):
    return lambda: x + draw.choice((-1, 1)) * 2.0 ** draw.uniform(a, b)


def below_one():
    return 1 - 2.0 ** draw.uniform(-50, -1)


def trigonometric(f):
    def exact(x):
        with mp.workprec(1300):
            return +f(x)

    return exact


small = either_sign(magnitude(-60, 0))
angles = [uniform(-10, 10), uniform(-1e6, 1e6), either_sign(magnitude(-30, 1000))]
positive = [magnitude(-1070, 1023), near(1, -50, -2), uniform(0.3, 3)]
near_lgamma_zeros = [near(1, -50, -2), near(2, -50, -2)]

bessel = [magnitude(-40, 0), uniform(0, 30), uniform(15, 100)]
shapes = [
    lambda: (draw.uniform(0.01, 10), draw.uniform(0.001, 12)),
    lambda: near_mean(draw.uniform(1, 1000)),
    lambda: (2.0 ** draw.uniform(-10, 5), 2.0 ** draw.uniform(-10, 5)),
]


def near_mean(a):
    return a, a * draw.uniform(0.8, 1.2)


functions = {
    "exp": (mp.exp, [uniform(-745, 709), uniform(-1, 1), small]),
    "exp2": (lambda x: mp.mpf(2) ** x, [uniform(-1074, 1023), uniform(-1, 1), small]),
    "expm1": (mp.expm1, [uniform(-40, 709), uniform(-2, 2), small]),
    "log": (mp.log, positive),
    "log2": (lambda x: mp.log(x) / mp.log(2), positive),
    "log10": (mp.log10, positive),
    "log1p": (mp.log1p, [small, magnitude(-1, 1000), uniform(-0.999, 2)]),
    "sin": (trigonometric(mp.sin), angles),
    "cos": (trigonometric(mp.cos), angles),
    "tan": (trigonometric(mp.tan), angles),
    "asin": (mp.asin, [uniform(-1, 1), small, either_sign(below_one)]),
    "acos": (mp.acos, [uniform(-1, 1), small, below_one]),
    "atan": (mp.atan, [uniform(-5, 5), either_sign(magnitude(-60, 100))]),
    "sinh": (mp.sinh, [uniform(-709, 709), uniform(-3, 3), small]),
    "cosh": (mp.cosh, [uniform(-709, 709), uniform(-3, 3), small]),
    "tanh": (mp.tanh, [uniform(-25, 25), uniform(-3, 3), small]),
    "asinh": (mp.asinh, [uniform(-4, 4), either_sign(magnitude(-60, 1000))]),
    "acosh": (mp.acosh, [uniform(1, 4), magnitude(0, 1000), lambda: 1 + 2.0 ** draw.uniform(-50, -1)]),
    "atanh": (mp.atanh, [uniform(-1, 1), small, either_sign(below_one)]),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), [uniform(-745, 745), uniform(-40, 40), uniform(-4, 4), small]),
    "erf": (mp.erf, [uniform(-6, 6), uniform(-1, 1), small]),
    "erfc": (mp.erfc, [uniform(-6, 26), uniform(0.4, 6), uniform(-1, 1), small]),
    "erfinv": (mp.erfinv, [uniform(-1, 1), small, either_sign(below_one)]),
    "lgamma": (mp.loggamma, [uniform(0, 12), magnitude(-60, 100), *near_lgamma_zeros]),
    "digamma": (mp.digamma, [uniform(0, 12), magnitude(-60, 100), near(1.4616321449683623, -50, -2)]),
    "lgammaNegative": (lambda x: mp.re(mp.loggamma(x)), [uniform(-20, 0)]),
    "digammaNegative": (mp.digamma, [uniform(-20, 0)]),
    "polygamma": (lambda n, x: mp.psi(int(n), x), [lambda: (draw.randint(1, 5), draw.uniform(0.01, 30))]),
    "zeta": (mp.zeta, [lambda: (draw.uniform(1.1, 20), draw.uniform(0.01, 30))]),
    "pow": (mp.power, [lambda: (2.0 ** draw.uniform(-10, 10), draw.uniform(-50, 50))]),
    "atan2": (mp.atan2, [lambda: (either_sign(magnitude(-20, 20))(), either_sign(magnitude(-20, 20))())]),
    "hypot": (mp.hypot, [lambda: (2.0 ** draw.uniform(-10, 10), 2.0 ** draw.uniform(-10, 10))]),
    "i0": (lambda x: mp.besseli(0, x), bessel),
    "i1": (lambda x: mp.besseli(1, x), bessel),
    "i0e": (lambda x: mp.besseli(0, x) * mp.exp(-x), bessel),
    "i1e": (lambda x: mp.besseli(1, x) * mp.exp(-x), bessel),
    "k0": (lambda x: mp.besselk(0, x), bessel),
    "k1": (lambda x: mp.besselk(1, x), bessel),
    "k0e": (lambda x: mp.besselk(0, x) * mp.exp(x), bessel),
    "k1e": (lambda x: mp.besselk(1, x) * mp.exp(x), bessel),
    "besselJ0": (lambda x: mp.besselj(0, x), bessel),
    "besselJ1": (lambda x: mp.besselj(1, x), bessel),
    "besselY0": (lambda x: mp.bessely(0, x), bessel),
    "besselY1": (lambda x: mp.bessely(1, x), bessel),
    "erfcx": (lambda x: mp.exp(x * x) * mp.erfc(x), [uniform(-26, 2), uniform(-1, 1), magnitude(0, 40)]),
    "ndtri": (lambda p: -mp.sqrt(2) * mp.erfinv(1 - 2 * p), [uniform(0, 1), magnitude(-40, -1), below_one]),
    "igamma": (lambda a, x: mp.gammainc(a, 0, x, regularized=True), shapes),
    "igammac": (lambda a, x: mp.gammainc(a, x, regularized=True), shapes),
}


def bits(x):
    return struct.pack(">d", x).hex()


def row(exact, draw_arguments):
    while True:
        arguments = draw_arguments()
        arguments = arguments if isinstance(arguments, tuple) else (arguments,)
        value = float(exact(*(mp.mpf(float(x)) for x in arguments)))
        # Subnormal results have their own tests; a float() of mpmath may round them twice.
        if math.isfinite(value) and (value == 0 or abs(value) > 2.0**-1020):
            return [bits(float(x)) for x in arguments] + [bits(value)]


fixture = {name: [row(f, ways[i % len(ways)]) for i in range(POINTS)] for name, (f, ways) in functions.items()}
target = pathlib.Path(__file__).parents[2] / "packages/core/test/fixtures/math/float64.json"
target.parent.mkdir(parents=True, exist_ok=True)
lines = [f'"{name}": [\n' + ",\n".join(json.dumps(r) for r in rows) + "\n]" for name, rows in fixture.items()]
target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
print(f"{target}: {len(fixture)} functions, {POINTS} points each")
