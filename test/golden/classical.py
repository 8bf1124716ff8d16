"""What scikit-learn says of small noisy images: expected probabilities of the classical models.

    python test/golden/classical.py > test/golden/classical.json

Needs numpy and scikit-learn; the file says of which versions it is.
"""
import base64
import json
import sys

import numpy
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC


def noisy(classes, counts, size, seed):
    """uint8 [sum of counts, size]: noise round a mean image of each class, near enough to overlap; the labels in mixed order."""
    random = numpy.random.default_rng(seed)
    means = random.uniform(90, 160, (classes, size))
    labels = random.permutation(numpy.repeat(numpy.arange(classes), counts))
    images = means[labels] + random.normal(0, 45, (len(labels), size))
    return numpy.clip(numpy.round(images), 0, 255).astype(numpy.uint8), labels


def normalised(images, train, kind, channels):
    """As worker/data/normalisation.ts: statistics are those of the training images."""
    values, of = images / 255.0, train / 255.0
    if kind == 'scale':
        return values
    if kind == 'zerocenter':
        return values - of.mean(axis=0)
    mean = of.reshape(-1, channels).mean(axis=0)
    deviation = of.reshape(-1, channels).std(axis=0)
    return ((values.reshape(-1, channels) - mean) / deviation).reshape(values.shape)


def calibrated(**settings):
    return CalibratedClassifierCV(SVC(tol=1e-6, **settings), method='sigmoid', cv=5, ensemble=False)


# A forest of more trees stands nearer to what forests of such settings have in common.
CASES = [
    ('logistic-regression', {'C': 1, 'maxIter': 1000}, None, lambda w: LogisticRegression(C=1, tol=1e-9, max_iter=100000, class_weight=w)),
    ('logistic-regression', {'C': 0.02, 'maxIter': 1000}, 'balanced', lambda w: LogisticRegression(C=0.02, tol=1e-9, max_iter=100000, class_weight=w)),
    ('knn', {'neighbors': 5, 'weights': 'uniform'}, None, lambda w: KNeighborsClassifier(5)),
    ('knn', {'neighbors': 12, 'weights': 'distance'}, None, lambda w: KNeighborsClassifier(12, weights='distance')),
    ('svm', {'C': 1, 'gamma': 'scale'}, None, lambda w: calibrated(class_weight=w)),
    ('svm', {'C': 10, 'gamma': 'auto'}, None, lambda w: calibrated(C=10, gamma='auto', class_weight=w)),
    ('svm', {'C': 3, 'gamma': 0.07}, 'balanced', lambda w: calibrated(C=3, gamma=0.07, class_weight=w)),
    ('random-forest', {'trees': 2000, 'maxDepth': None, 'maxFeatures': 'sqrt', 'minSamplesLeaf': 1}, None, lambda w: RandomForestClassifier(8000, class_weight=w, random_state=0)),
    ('random-forest', {'trees': 2000, 'maxDepth': 4, 'maxFeatures': 0.5, 'minSamplesLeaf': 3}, 'balanced', lambda w: RandomForestClassifier(8000, max_depth=4, max_features=0.5, min_samples_leaf=3, class_weight=w, random_state=0)),
]

# Name, classes, images of each in training and in test, height, width, channels, normalisation.
DATA = [
    ('two', 2, [70, 40], [30, 30], 6, 6, 1, 'scale'),
    ('three', 3, [40, 55, 25], [20, 20, 20], 5, 6, 1, 'zerocenter'),
    ('colour', 2, [50, 50], [30, 30], 4, 4, 3, 'standardise'),
]

sets = []
for number, (name, classes, train, test, height, width, channels, normalisation) in enumerate(DATA):
    size = height * width * channels
    counts = [a + b for a, b in zip(train, test)]
    images, labels = noisy(classes, counts, size, number)
    taken = [0] * classes
    is_train = []
    for label in labels:
        is_train.append(taken[label] < train[label])
        taken[label] += 1
    is_train = numpy.array(is_train)
    x, y = images[is_train], labels[is_train]
    fitted, asked = normalised(x, x, normalisation, channels), normalised(images[~is_train], x, normalisation, channels)
    cases = []
    for model, knobs, weights, make in CASES:
        per_class = None if weights is None else [len(y) / (classes * int((y == label).sum())) for label in range(classes)]
        estimator = make(None if per_class is None else dict(enumerate(per_class)))
        estimator.fit(fitted, y)
        cases.append({'model': model, 'knobs': knobs, 'classWeights': per_class, 'probabilities': [round(float(p), 9) for p in estimator.predict_proba(asked).ravel()]})
    sets.append({
        'name': name, 'classes': classes, 'height': height, 'width': width, 'channels': channels, 'normalisation': normalisation,
        'train': base64.b64encode(x.tobytes()).decode(), 'labels': [int(label) for label in y],
        'test': base64.b64encode(images[~is_train].tobytes()).decode(), 'testLabels': [int(label) for label in labels[~is_train]],
        'cases': cases,
    })
json.dump({'versions': {'scikit-learn': sklearn.__version__, 'numpy': numpy.__version__}, 'sets': sets}, sys.stdout)
sys.stdout.write('\n')
