"""Prints the coefficients of the functions in packages/core/src/kernels/math that vectors of float32 and float64 compute.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install mpmath numpy
    /tmp/venv/bin/python tools/oracle/math_minimax.py

Each polynomial is close to the one of least relative error in the function it serves (Lawson's algorithm: least squares,
reweighted until the error is level). Its coefficients are then rounded to the lane's numbers one by one, the lowest power
first, and the rest fitted again each time.
"""

import mpmath as mp
import numpy as np

mp.mp.prec = 200
sqrt = mp.sqrt
GRID = 500


FRACTION_BITS = {"f32": 23, "f64": 52}
DIGITS = {"f32": 10, "f64": 17}
PASSES = {"f32": 2, "f64": 4}


def rounded(x, lane):
    if x == 0:
        return x
    scale = mp.mpf(2) ** (FRACTION_BITS[lane] - int(mp.floor(mp.log(abs(x), 2))))
    return mp.nint(x * scale) / scale


def lawson(target, matrix, rounds=60):
    """The c of nearly least max |target - matrix c|."""
    weights = np.ones(len(target))
    best = (np.inf, None)
    for _ in range(rounds):
        root = np.sqrt(weights)
        c = np.linalg.lstsq(matrix * root[:, None], target * root, rcond=None)[0]
        error = np.abs(target - matrix @ c)
        if error.max() < best[0]:
            best = (error.max(), c)
        weights = weights * (error / error.max() + 1e-6)
        weights /= weights.sum()
    return best[1]


def fit(name, f, terms, weight, a, b, lane="f32"):
    """Prints `terms` coefficients of a polynomial p on [a, b] that keeps (f - p) weight small."""
    a, b = mp.mpf(a), mp.mpf(b)
    angles = [mp.pi * (i + mp.mpf(1) / 2) / GRID for i in range(GRID)]
    points = [(a + b) / 2 - (b - a) / 2 * mp.cos(t) for t in angles] + [a, b]
    tiny = mp.mpf(10) ** -12
    points = [x if abs(x) > tiny else tiny for x in points]
    weights = [abs(weight(x)) for x in points]
    rest = [f(x) for x in points]
    matrix = np.array([[float(x**k * w) for k in range(terms)] for x, w in zip(points, weights)])
    coefficients = []
    for k in range(terms):
        total = [mp.mpf(0)] * (terms - k)
        residual = rest
        # What float64 leaves of the residual is fitted again.
        for _ in range(PASSES[lane]):
            scaled = np.array([float(r * w) for r, w in zip(residual, weights)])
            delta = [mp.mpf(float(d)) for d in lawson(scaled, matrix[:, k:])]
            total = [t + d for t, d in zip(total, delta)]
            residual = [r - sum(d * x ** (k + i) for i, d in enumerate(delta)) for r, x in zip(residual, points)]
        coefficients.append(rounded(total[0], lane))
        rest = [r - coefficients[k] * x**k for r, x in zip(rest, points)]
    error = max(abs(r * w) for r, w in zip(rest, weights))
    written = ", ".join(mp.nstr(c, DIGITS[lane]) for c in coefficients)
    print(f"{name} of {lane}: error 2^{mp.nstr(mp.log(error, 2), 4)}\n  {written}")


def of_square(f):
    """A function of x as a function of z = x^2."""
    return lambda z: f(sqrt(z))


log_range = (sqrt(mp.mpf(1) / 2) - 1) * mp.mpf("1.001"), (sqrt(2) - 1) * mp.mpf("1.001")
exp_range = mp.log(2) / 2 * mp.mpf("1.003")
quarter_turn = (mp.pi / 4 * mp.mpf("1.01")) ** 2


def exp_tail(r):
    return (mp.expm1(r) - r) / r**2


def scaled_erfc(u):
    x = 2 * (1 + u) / (1 - u)
    return mp.exp(x * x) * mp.erfc(x) * (1 + 2 * x)


def atanh_tail(t):
    s = sqrt(t)
    return 2 * (mp.atanh(s) - s) / (s * t)


# The name, the function, its weight, where, and the number of terms in each lane.
both = (
    ("tail of e^r", exp_tail, lambda r: r**2 / mp.expm1(r), -exp_range, exp_range, 5, 10),
    ("longTail of e^r", exp_tail, lambda r: r**2 / mp.expm1(r), -exp_range, exp_range, 6, 11),
    ("tailOf2", lambda r: (mp.mpf(2) ** r - 1) / r, lambda r: r / mp.mpf(2) ** r, "-0.501", "0.501", 6, 12),
    (
        "sineTail",
        of_square(lambda x: (mp.sin(x) - x) / x**3),
        of_square(lambda x: x**3 / mp.sin(x)),
        0,
        quarter_turn,
        3,
        6,
    ),
    (
        "cosineTail",
        of_square(lambda x: (mp.cos(x) - 1 + x * x / 2) / x**4),
        of_square(lambda x: x**4 / mp.cos(x)),
        0,
        quarter_turn,
        3,
        6,
    ),
    (
        "TANH_TAIL",
        of_square(lambda x: (mp.tanh(x) - x) / x**3),
        of_square(lambda x: x**3 / mp.tanh(x)),
        0,
        mp.mpf("0.625") ** 2,
        5,
        11,
    ),
    ("near of erf", of_square(lambda x: mp.erf(x) / x - 1), of_square(lambda x: x / mp.erf(x)), 0, 1, 7, 13),
)
for name, f, weight, a, b, single, double in both:
    fit(name, f, single, weight, a, b)
    fit(name, f, double, weight, a, b, "f64")
fit("SHORT_EXP_TAIL", lambda r: mp.expm1(r) / r, 5, lambda r: r / mp.exp(r), -exp_range, exp_range)
fit("LOG_TAIL", lambda f: (mp.log1p(f) - f + f * f / 2) / f**3, 9, lambda f: f**3 / mp.log1p(f), *log_range)
fit(
    "ATANH_TAIL",
    atanh_tail,
    7,
    lambda t: sqrt(t) * t / mp.atanh(sqrt(t)) / 2,
    0,
    (log_range[1] / (2 + log_range[1])) ** 2,
    "f64",
)
fit("LOG1P_TAIL", lambda x: (mp.log1p(x) - x) / x**2, 9, lambda x: x**2 / mp.log1p(x), 0, 1)
fit("LOG2_TAIL", lambda f: (mp.log1p(f) / mp.log(2) - f) / f, 10, lambda f: f / mp.log1p(f), *log_range)
fit(
    "ATAN_TAIL",
    of_square(lambda x: (mp.atan(x) - x) / x**3),
    9,
    of_square(lambda x: x**3 / mp.atan(x)),
    0,
    1,
)
fit(
    "ASIN_TAIL",
    of_square(lambda x: (mp.asin(x) - x) / x**3),
    5,
    of_square(lambda x: x**3 / mp.asin(x)),
    0,
    mp.mpf(1) / 4,
)
fit(
    "ATANH_TAIL of atanh",
    of_square(lambda x: (mp.atanh(x) - x) / x**3),
    6,
    of_square(lambda x: x**3 / mp.atanh(x)),
    0,
    mp.mpf(1) / 4,
)
fit(
    "SINH_TAIL",
    of_square(lambda x: (mp.sinh(x) - x) / x**3),
    4,
    of_square(lambda x: x**3 / mp.sinh(x)),
    0,
    1,
)
fit("LOG_ERFC", lambda x: mp.log(mp.erfc(x)), 7, lambda x: mp.erfc(x) / mp.erf(x), "0.9", "3.95")
fit("scaledErfc", scaled_erfc, 10, lambda u: 1 / scaled_erfc(u), mp.mpf("-0.6"), mp.mpf("8.2") / mp.mpf("12.2"))
first = scaled_erfc(mp.mpf(0))
high = rounded(first, "f64")
print(f"first of scaledErfc of f64: {mp.nstr(high, 17)}, and firstLow {mp.nstr(first - high, 17)}")
fit(
    "others of scaledErfc",
    lambda u: (scaled_erfc(u) - first) / u,
    23,
    lambda u: u / scaled_erfc(u),
    mp.mpf("-0.63"),
    mp.mpf("25.4") / mp.mpf("29.4"),
    "f64",
)


def normal_tail(u):
    """e^(x^2/2) (1 - ndtr(x)), x in u = (x - 5) / (x + 5)."""
    x = 5 * (1 + u) / (1 - u)
    return mp.exp(x * x / 2) * mp.erfc(x / sqrt(2)) / 2


def normal_weight(u):
    x = 5 * (1 + u) / (1 - u)
    return mp.exp(-x * x / 2)


fit("NORMAL_TAIL", normal_tail, 7, normal_weight, -1, mp.mpf(2) / 7)


def erfinv_over(w):
    """erfinv(y) / y where w = -log(1 - y^2); the kernel has 1 taken from the first coefficients, which is exact."""
    y = sqrt(-mp.expm1(-w))
    return mp.erfinv(y) / y


for name, w, a, b, terms in (
    ("ERFINV_NEAR", lambda w: w, "1e-6", "3.3", 10),
    ("ERFINV_FAR", lambda t: (t + 3) ** 2, "-1.22", "1.01", 12),
):
    fit(name, lambda t, w=w: erfinv_over(w(t)), terms, lambda t, w=w: 1 / erfinv_over(w(t)), a, b)


def over_root(f, root, middle):
    """f(x) / (x - root), in x less the middle."""
    return lambda t: mp.re(f(middle + t)) / (middle + t - root)


def middle_of(f, root, near):
    """The place beside `near` where f(x) / (x - root) is nearest to a float32 number, so that rounding takes nothing from the first coefficient."""
    places = [near + mp.mpf(i) / 1024 for i in range(-40, 41)]
    values = [(x, over_root(f, root, x)(0)) for x in places]
    return min(values, key=lambda place: abs(rounded(place[1], "f32") / place[1] - 1))[0]


digamma_root = mp.findroot(mp.digamma, 1.46)
for name, f, root, near, a, b, terms in (
    ("first of LGAMMA", mp.loggamma, 1, mp.mpf("1.5"), "0.69", "1.71", 13),
    ("second of LGAMMA", mp.loggamma, 2, mp.mpf("2.5"), "1.69", "4.01", 13),
    ("first of DIGAMMA", mp.digamma, digamma_root, mp.mpf("1.4609375"), "0.69", "1.71", 14),
    ("second of DIGAMMA", mp.digamma, digamma_root, mp.mpf("2.75"), "1.69", "4.01", 13),
):
    middle = middle_of(f, root, near)
    over = over_root(f, root, middle)
    weight = lambda t, over=over: 1 / over(t)
    fit(f"{name} about {mp.nstr(middle, 12)}", over, terms, weight, mp.mpf(a) - middle, mp.mpf(b) - middle)
