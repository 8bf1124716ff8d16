"""
Independent reference for select.test.ts and threshold.test.ts: plain Python, standard library only, written from
Caruana et al. 2004 (section 2; equals go by the log loss, then by number, but no further member is taken in for an equal score) and from the definition of sensitivity and specificity. Models' probabilities
come from a linear congruential generator that the tests have too. Prints the numbers in the tests:
  python3 test/coordinator/ensemble/expected.py
"""
import math, struct


def generator(seed):
    state = seed
    while True:
        state = (1103515245 * state + 12345) % 2 ** 31
        yield state / 2 ** 31


def single(x):
    return struct.unpack('<f', struct.pack('<f', x))[0]


def models(seed, count, images, classes):
    g = generator(seed)
    labels = [int(next(g) * classes) for _ in range(images)]
    out = []
    for _ in range(count):
        rows = []
        for y in labels:
            raw = [next(g) + (0.2 if c == y else 0.0) for c in range(classes)]
            rows.append([single(v / sum(raw)) for v in raw])
        out.append(rows)
    return labels, out


def auc(rows, labels, classes):
    areas = []
    for c in ([1] if classes == 2 else range(classes)):
        pos = [r[c] for r, y in zip(rows, labels) if y == c]
        neg = [r[c] for r, y in zip(rows, labels) if y != c]
        areas.append(sum((p > n) + 0.5 * (p == n) for p in pos for n in neg) / (len(pos) * len(neg)))
    return sum(areas) / len(areas)


def loss(rows, labels, classes):
    return sum(-math.log(r[y]) for r, y in zip(rows, labels)) / len(labels)


def mean(members):
    return [[single(sum(m[i][c] for m in members) / len(members)) for c in range(len(members[0][0]))] for i in range(len(members[0]))]


def greedy(score, library, limit, rounds=50, patience=10):
    start = max(range(len(library)), key=lambda k: (score(library[k])[0], -k))
    bag, best = [start], (score(library[start]), 1, 1)
    while len(bag) < rounds and len(bag) - best[1] < patience:
        pool = range(len(library)) if len(set(bag)) < limit else sorted(set(bag))
        scored = [(score(mean([library[j] for j in bag + [k]])), -k) for k in pool]
        value, k = max(scored)
        bag.append(-k)
        if value[0] > best[0][0] or (value > best[0] and len(set(bag)) <= best[2]):
            best = (value, len(bag), len(set(bag)))
    chosen = bag[:best[1]]
    return {k: (chosen.count(k), len(chosen)) for k in sorted(set(chosen))}, best[0][0]


def accuracy(rows, labels, classes):
    return sum(max(range(classes), key=lambda c: r[c]) == y for r, y in zip(rows, labels)) / len(labels)


def point(sensitivity, rows, labels):
    options = []
    for t in sorted({r[1] for r in rows} | {2.0}):
        pos = [r[1] for r, y in zip(rows, labels) if y == 1]
        neg = [r[1] for r, y in zip(rows, labels) if y == 0]
        sens = sum(p >= t for p in pos) / len(pos)
        spec = sum(n < t for n in neg) / len(neg)
        if sens >= sensitivity:
            options.append((spec, sens, sum(p < t for p in pos), sum(n >= t for n in neg)))
    return max(options)


for name, seed, classes, metric in (('binary auc', 7, 2, auc), ('three classes accuracy', 5, 3, accuracy), ('four classes auc', 11, 4, auc), ('three classes loss', 5, 3, lambda *a: -loss(*a))):
    labels, library = models(seed, 8, 60, classes)
    for limit in (10, 2):
        print(name, limit, *greedy(lambda rows: (round(metric(rows, labels, classes), 12), -loss(rows, labels, classes)), library, limit))
labels, library = models(7, 8, 60, 2)
rows = library[3]
for sensitivity in (0.5, 0.7, 0.8, 0.9):
    print('point', sensitivity, point(sensitivity, rows, labels))
