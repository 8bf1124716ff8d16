"""
Independent references for the tests beside this file: scikit-learn's curves and scores over images from a linear
congruential generator that the test has too, rounded so that many tie; moving averages by their definition, as
weighted means, with NumPy. Prints the numbers in the tests:
  python3 test/dashboard/expected.py
"""
import json
import numpy as np
from sklearn.metrics import accuracy_score, average_precision_score, f1_score, precision_score, recall_score, roc_auc_score, roc_curve


def generator(seed):
    state = seed
    while True:
        state = (1103515245 * state + 12345) % 2 ** 31
        yield state / 2 ** 31


def images(seed, count, decimals):
    g = generator(seed)
    y = np.array([next(g) < 0.4 for _ in range(count)])
    return y, np.array([round((next(g) + (0.3 if is_of_class else 0)) * decimals) / decimals for is_of_class in y])


for seed, count, decimals in ((1, 40, 10), (2, 57, 8)):
    y, s = images(seed, count, decimals)
    fpr, tpr, thresholds = roc_curve(y, s, drop_intermediate=False)
    print(seed, json.dumps({"thresholds": thresholds[1:].tolist(), "fpr": fpr.tolist(), "tpr": tpr.tolist(), "auc": roc_auc_score(y, s), "ap": average_precision_score(y, s)}))
    for threshold in (0.3, 0.5, 0.77):
        p = s >= threshold
        print(" ", json.dumps([threshold, accuracy_score(y, p), precision_score(y, p), recall_score(y, p), recall_score(~y, ~p), f1_score(y, p)]))


def smoothed(values, weight):
    known = [(index, value) for index, value in enumerate(v for v in values if v is not None)]
    means = [float(np.average([v for i, v in known[:n + 1]], weights=[weight ** (n - i) for i, v in known[:n + 1]])) for n, _ in known]
    places = iter(means)
    return [None if value is None else next(places) for value in values]


for weight in (0.6, 0.99):
    print(weight, json.dumps(smoothed([1, 0.5, None, 0.8, 0.2, 0.1], weight)))
