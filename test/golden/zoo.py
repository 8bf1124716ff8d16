"""Writes zoo.json: what Keras makes of heads and blocks of the zoo's networks, and of whole ones in small.

Usage: python test/golden/zoo.py > test/golden/zoo.json; needs keras, tensorflow and numpy. Not run by
the tests: they read the numbers.
"""
import platform

from training import ADAM, SGDM, case, chain, write
import keras
import numpy as np
import tensorflow as tf
from keras import layers as L

GRAY, COLOUR = (9, 8, 1), (9, 8, 3)


def sigmoid(value):
    """Of two classes: one unit, binary cross-entropy."""
    return chain(L.Flatten(name="flatten"), L.Dense(6, activation="relu", name="hidden"), L.Dense(1, activation="sigmoid", name="predictions"))(value)


HEADS = [
    case("one unit with a sigmoid", sigmoid, GRAY, SGDM, classes=2),
    case("one unit with a sigmoid, label smoothing, class weights", sigmoid, COLOUR, ADAM, classes=2, lr=0.01, smoothing=0.2, weights=[0.5, 2], seed=5),
    case("GlobalMaxPooling2D", chain(L.Conv2D(6, 3, name="conv"), L.GlobalMaxPooling2D(name="pool"), L.Dense(3, name="logits")), COLOUR, SGDM),
]

write({
    "versions": {"python": platform.python_version(), "keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__},
    "heads": HEADS,
})
