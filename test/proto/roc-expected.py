"""
Independent reference for roc-summary.test.ts: scikit-learn's roc_curve over probabilities from a linear
congruential generator that the test has too, rounded so that many tie. Prints the numbers in the test:
  python3 test/proto/roc-expected.py
"""
import json
import numpy as np
from sklearn.metrics import roc_curve


def generator(seed):
    state = seed
    while True:
        state = (1103515245 * state + 12345) % 2 ** 31
        yield state / 2 ** 31


def images(seed, count, classes, decimals):
    g = generator(seed)
    labels = [int(next(g) * classes) for _ in range(count)]
    scores = [[round((next(g) + (0.4 if c == y else 0.0)) * decimals) / decimals for c in range(classes)] for y in labels]
    return np.array(labels), np.array(scores, dtype=np.float32)


def points(y, scores, label):
    fpr, tpr, _ = roc_curve(y == label, scores[:, label], drop_intermediate=False)
    return [[float((1 - fpr)[tpr >= level].max()), float(tpr[1 - fpr >= level - 1e-12].max())] for level in (0.5, 0.8, 0.9, 0.95, 1.0)]


for seed, count, classes, decimals in ((1, 200, 2, 50), (2, 57, 2, 8), (3, 150, 3, 20)):
    y, scores = images(seed, count, classes, decimals)
    if classes == 2:
        scores[:, 0] = 1 - scores[:, 1]
    print(seed, json.dumps([points(y, scores, label) for label in range(classes)]))
