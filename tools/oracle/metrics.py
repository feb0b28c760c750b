"""Fixtures of @kindling/metrics, by scikit-learn: packages/metrics/test/fixtures/metrics.json.

It needs scikit-learn and no PyTorch: `python3 -m venv v && v/bin/pip install scikit-learn`, then `v/bin/python metrics.py`.
ORACLE_SEED, ORACLE_SCALE (samples a case, times 24) and ORACLE_OUT are those of generate.sh. The calibration error, which scikit-learn
has not, is computed from the bins of its calibration_curve. Scores are multiples of 1/16, so that many of them are the same.
"""

import json
import os
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

REPOSITORY = Path(os.environ.get("ORACLE_OUT", Path(__file__).resolve().parents[2]))
SEED = int(os.environ.get("ORACLE_SEED", "0"))
COUNT = 24 * int(os.environ.get("ORACLE_SCALE", "1"))
CLASSES = 4
AVERAGES = ("micro", "macro", "weighted", None)

random = np.random.default_rng(SEED)
entries = []


def plain(value):
    """JSON, in which NaN is a string."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list):
        return [plain(x) for x in value]
    if isinstance(value, float):
        return "NaN" if np.isnan(value) else float(value)
    return value


def add(metric, options, x, y, weight, expected):
    entry = {"metric": metric, "options": {k: plain(v) for k, v in options.items()}, "input": plain(x), "target": plain(y)}
    entries.append({**entry, "weight": plain(weight), "expected": plain(np.asarray(expected, dtype=float))})


def weights():
    """None, and weights of which one is 0."""
    some = random.integers(1, 9, COUNT) / 4
    some[3] = 0
    return None, some


def coarse(*shape):
    return random.integers(0, 17, (COUNT, *shape)) / 16


def over_classes():
    """Probabilities of classes, those of a sample often the same, and what is true."""
    scores = random.integers(1, 9, (COUNT, CLASSES)).astype(float)
    return scores / scores.sum(1, keepdims=True), random.integers(0, CLASSES, COUNT)


def distinct_classes():
    """Scores of which no two of a sample are the same: who comes first of equals is not scikit-learn's to say."""
    return random.permuted(np.tile(np.arange(1.0, CLASSES + 1), (COUNT, 1)), axis=1), random.integers(0, CLASSES, COUNT)


def accuracies(w):
    p, y = coarse(), random.integers(0, 2, COUNT)
    for threshold in (0.5, 0.25):
        add("accuracy", {"threshold": threshold}, p, y, w, metrics.accuracy_score(y, p > threshold, sample_weight=w))
    x, y = distinct_classes()
    labels = range(CLASSES)
    add("accuracy", {"numClasses": CLASSES}, x, y, w, metrics.accuracy_score(y, x.argmax(1), sample_weight=w))
    for k in (2, 3):
        right = metrics.top_k_accuracy_score(y, x, k=k, labels=labels, sample_weight=w)
        add("accuracy", {"numClasses": CLASSES, "topK": k}, x, y, w, right)
    balanced = metrics.balanced_accuracy_score(y, x.argmax(1), sample_weight=w)
    add("accuracy", {"numClasses": CLASSES, "average": "macro"}, x.argmax(1), y, w, balanced)
    p, y = coarse(3), random.integers(0, 2, (COUNT, 3))
    add("accuracy", {"numLabels": 3}, p, y, w, 1 - metrics.hamming_loss(y, p > 0.5, sample_weight=w))
    each = [metrics.accuracy_score(y[:, i], p[:, i] > 0.5, sample_weight=w) for i in range(3)]
    add("accuracy", {"numLabels": 3, "average": "none"}, p, y, w, each)


FOUND = {
    "precision": ({}, metrics.precision_score),
    "recall": ({}, metrics.recall_score),
    "f1Score": ({}, metrics.f1_score),
    "fbetaScore": ({"beta": 2.0}, lambda *a, **k: metrics.fbeta_score(*a, beta=2.0, **k)),
}


def found(w):
    for name, (more, score) in FOUND.items():
        p, y = coarse(), random.integers(0, 2, COUNT)
        add(name, more, p, y, w, score(y, p > 0.5, sample_weight=w))
        # No class 3 is predicted, and no class 2 is true.
        x, y = random.integers(0, CLASSES - 1, COUNT), random.choice([0, 1, 3], COUNT)
        for average in AVERAGES:
            for zero in (0.0, 1.0, np.nan):
                options = {**more, "numClasses": CLASSES, "average": average or "none", "zeroDivision": zero}
                value = score(y, x, labels=range(CLASSES), average=average, zero_division=zero, sample_weight=w)
                add(name, options, x, y, w, value)
        p, y = coarse(3), random.integers(0, 2, (COUNT, 3))
        y[:, 1] = 0
        for average in AVERAGES:
            value = score(y, p > 0.5, average=average, zero_division=0, sample_weight=w)
            add(name, {**more, "numLabels": 3, "average": average or "none"}, p, y, w, value)


def confusions(w):
    x, y = random.integers(0, CLASSES - 1, COUNT), random.choice([0, 1, 3], COUNT)
    p, t = coarse(), random.integers(0, 2, COUNT)
    for normalize in (None, "true", "pred", "all"):
        options = {} if normalize is None else {"normalize": normalize}
        of_classes = metrics.confusion_matrix(y, x, labels=range(CLASSES), normalize=normalize, sample_weight=w)
        add("confusionMatrix", {"numClasses": CLASSES, **options}, x, y, w, of_classes)
        of_two = metrics.confusion_matrix(t, p > 0.5, normalize=normalize, sample_weight=w)
        add("confusionMatrix", options, p, t, w, of_two)
    p, t = coarse(3), random.integers(0, 2, (COUNT, 3))
    of_labels = metrics.multilabel_confusion_matrix(t, p > 0.5, sample_weight=w)
    add("confusionMatrix", {"numLabels": 3}, p, t, w, of_labels)


RANKINGS = {"auroc": metrics.roc_auc_score, "averagePrecision": metrics.average_precision_score}


def rankings(w):
    for name, score in RANKINGS.items():
        of_classes = {"multi_class": "ovr", "labels": range(CLASSES)} if name == "auroc" else {}
        p, y = coarse(), random.integers(0, 2, COUNT)
        add(name, {}, p, y, w, score(y, p, sample_weight=w))
        for same in (0, 1):
            add(name, {}, p, np.full(COUNT, same), w, score(np.full(COUNT, same), p, sample_weight=w))
        x, y = over_classes()
        z, t = coarse(3), random.integers(0, 2, (COUNT, 3))
        t[:, 1] = 0
        for average in AVERAGES:
            options = {"numClasses": CLASSES, "average": average or "none"}
            add(name, options, x, y, w, score(y, x, average=average, sample_weight=w, **of_classes))
            if name == "auroc":
                absent = np.where(y == 1, 0, y)
                add(name, options, x, absent, w, score(absent, x, average=average, sample_weight=w, **of_classes))
            add(name, {"numLabels": 3, "average": average or "none"}, z, t, w, score(t, z, average=average, sample_weight=w))


def bins_of(confidence, right, w, bins):
    """Weight, mean confidence and part that is right of the bins that are not empty."""
    edges = np.linspace(0, 1, bins + 1)
    which = np.searchsorted(edges[1:-1], confidence)
    if w is None:
        part, mean = calibration_curve(right, confidence, n_bins=bins)
        return np.bincount(which, minlength=bins)[np.bincount(which, minlength=bins) > 0], mean, part
    held = np.bincount(which, w, bins)
    filled = held > 0
    mean, part = (np.bincount(which, w * v, bins)[filled] / held[filled] for v in (confidence, right))
    return held[filled], mean, part


def calibrations(w):
    p, y = coarse(), random.integers(0, 2, COUNT)
    x, t = over_classes()
    for bins in (5, 15):
        for options, confidence, right in (({}, p, y), ({"numClasses": CLASSES}, x.max(1), x.argmax(1) == t)):
            held, mean, part = bins_of(confidence, right.astype(float), w, bins)
            gap, share = np.abs(mean - part), held / held.sum()
            norms = {"l1": (gap * share).sum(), "l2": np.sqrt((gap**2 * share).sum()), "max": gap.max()}
            for norm, value in norms.items():
                given = {**options, "nBins": bins, "norm": norm}
                add("calibrationError", given, *((x, t) if options else (p, y)), w, value)


REGRESSIONS = {
    "meanSquaredError": ({}, metrics.mean_squared_error),
    "rootMeanSquaredError": ({"squared": False}, metrics.root_mean_squared_error),
    "meanAbsoluteError": ({}, metrics.mean_absolute_error),
    "r2Score": ({}, metrics.r2_score),
}
MODES = {"uniformAverage": "uniform_average", "rawValues": "raw_values", "varianceWeighted": "variance_weighted"}


def regressions(w):
    for name, (more, score) in REGRESSIONS.items():
        called = "meanSquaredError" if name.startswith("root") else name
        # Far from 0: what is computed from sums of squares cancels.
        for far in (0, 1e6):
            x, y = random.standard_normal(COUNT) + far, random.standard_normal(COUNT) + far
            add(called, more, x, y, w, score(y, x, sample_weight=w))
        x, y = random.standard_normal((COUNT, 3)), random.standard_normal((COUNT, 3))
        # An output that does not vary.
        y[:, 2] = 2
        for mode, theirs in MODES.items():
            if mode == "varianceWeighted" and name != "r2Score":
                continue
            options = {**more, "numOutputs": 3, "multioutput": mode}
            add(called, options, x, y, w, score(y, x, multioutput=theirs, sample_weight=w))
        options = {**more, "numOutputs": 3, "multioutput": [0.5, 0.25, 1.0]}
        add(called, options, x, y, w, score(y, x, multioutput=[0.5, 0.25, 1.0], sample_weight=w))
        same = np.full((COUNT, 2), 2.0)
        add(called, {**more, "numOutputs": 2}, same, same, w, score(same, same, sample_weight=w))
    add("r2Score", {}, np.array([1.5]), np.array([2.0]), None, metrics.r2_score([2.0], [1.5]))


def main():
    warnings.simplefilter("ignore")
    for w in weights():
        for family in (accuracies, found, confusions, rankings, calibrations, regressions):
            family(w)
    folder = REPOSITORY / "packages/metrics/test/fixtures"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(entry, separators=(",", ":"), allow_nan=False) for entry in entries)
    text = f'{{"sklearn":"{sklearn.__version__}","entries":[\n{lines}\n]}}\n'
    (folder / "metrics.json").write_text(text)
    print(f"metrics: {len(entries)} entries, {len(text) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
