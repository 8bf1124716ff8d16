"""Writes expected.json: what Keras and scipy make of models, optimizers, schedules and augmentation.

Usage: python test/golden/expected.py > test/golden/expected.json; needs keras, tensorflow, scipy, pillow and numpy.
Not run by the tests: they read the numbers.
"""
import platform

from training import ADAM, SGD, SGDM, case, chain, images, number, write
import keras
import numpy as np
import PIL
import scipy
import tensorflow as tf
from keras import layers as L
from keras.src.legacy.preprocessing.image import apply_affine_transform, apply_brightness_shift


def headed(*made):
    return chain(*made, L.Flatten(name="flatten"), L.Dense(3, name="logits"))


def residual(value):
    first = L.Conv2D(4, 3, padding="same", name="first")(value)
    second = L.Conv2D(4, 3, padding="same", activation="relu", name="second")(first)
    return headed()(L.ReLU(name="relu")(L.Add(name="sum")([first, second])))


SHAPE = (9, 8, 1)
COLOUR = (9, 8, 3)
LAYERS = {
    "Dense": (lambda v: chain(L.Flatten(name="flatten"), L.Dense(7, activation="relu", name="hidden"), L.Dense(3, name="logits"))(v), SHAPE),
    "Dense without bias": (lambda v: chain(L.Flatten(name="flatten"), L.Dense(3, use_bias=False, name="logits"))(v), SHAPE),
    "Conv2D valid": (lambda v: headed(L.Conv2D(5, 3, padding="valid", name="conv"))(v), COLOUR),
    "Conv2D same": (lambda v: headed(L.Conv2D(5, (3, 2), padding="same", name="conv"), L.Conv2D(4, 3, padding="same", name="conv2"))(v), COLOUR),
    "Conv2D strided, valid": (lambda v: headed(L.Conv2D(6, 3, name="conv"), L.Conv2D(5, 3, strides=2, padding="valid", name="conv2"))(v), SHAPE),
    "Conv2D strided, same": (lambda v: headed(L.Conv2D(6, 3, padding="same", name="conv"), L.Conv2D(5, 3, strides=2, padding="same", name="conv2"))(v), COLOUR),
    "BatchNormalization after a convolution": (lambda v: headed(L.Conv2D(5, 3, name="conv"), L.BatchNormalization(name="norm"))(v), SHAPE),
    "BatchNormalization of a vector": (lambda v: chain(L.Flatten(name="flatten"), L.Dense(6, name="hidden"), L.BatchNormalization(epsilon=0.01, name="norm"), L.Dense(3, name="logits"))(v), SHAPE),
    "MaxPooling2D": (lambda v: headed(L.Conv2D(4, 3, name="conv"), L.MaxPooling2D(2, name="pool"))(v), SHAPE),
    "MaxPooling2D strided, same": (lambda v: headed(L.Conv2D(4, 3, padding="same", name="conv"), L.MaxPooling2D(3, strides=2, padding="same", name="pool"))(v), SHAPE),
    "AveragePooling2D": (lambda v: headed(L.Conv2D(4, 3, name="conv"), L.AveragePooling2D(2, name="pool"))(v), SHAPE),
    "AveragePooling2D strided, same": (lambda v: headed(L.Conv2D(4, 3, padding="same", name="conv"), L.AveragePooling2D(3, strides=2, padding="same", name="pool"))(v), SHAPE),
    "GlobalAveragePooling2D": (lambda v: chain(L.Conv2D(6, 3, name="conv"), L.GlobalAveragePooling2D(name="pool"), L.Dense(3, name="logits"))(v), COLOUR),
    "Dropout": (lambda v: headed(L.Conv2D(4, 3, name="conv"), L.Dropout(0.5, name="dropout"))(v), SHAPE),
    "Add": (residual, COLOUR),
    "ZeroPadding2D": (lambda v: headed(L.Conv2D(4, 3, name="conv"), L.ZeroPadding2D(((1, 2), (0, 3)), name="pad"), L.Conv2D(3, 3, name="conv2"))(v), SHAPE),
    **{activation: (lambda v, a=activation: headed(L.Conv2D(4, 3, name="conv"), L.Activation(a, name="act"))(v), SHAPE) for activation in ["relu", "elu", "tanh", "sigmoid"]},
}


def garth(filters, width):
    def build(v):
        for index, count in enumerate(filters):
            v = L.ReLU()(L.BatchNormalization()(L.Conv2D(count, 3, padding="same")(v)))
            if index < 2:
                v = L.MaxPooling2D(2)(v)
        return L.Dense(2)(L.Dense(width)(L.Flatten()(v)))
    return build


def lenet(width):
    return chain(L.Conv2D(6, 5, padding="same", activation="relu"), L.MaxPooling2D(2), L.Conv2D(16, 5, activation="relu"), L.MaxPooling2D(2),
                 L.Flatten(), L.Dense(width, activation="relu"), L.Dense(84, activation="relu"), L.Dense(3))


def cnn():
    return chain(*[layer for count in (4, 8) for layer in (L.Conv2D(count, 3, padding="same"), L.BatchNormalization(), L.Activation("elu"), L.AveragePooling2D(2))],
                 L.Flatten(), L.Dense(12), L.Activation("elu"), L.Dense(3))


CNN = {"blocks": 2, "filters": 4, "kernel": 3, "pooling": "average", "activation": "elu", "batchNorm": True, "fcWidth": 12}
MODELS = [
    case("garth-cnn", garth([8, 16, 49], 20), (20, 20, 1), SGDM, classes=2, lr=0.01, zoo={"name": "garth-cnn", "knobs": {"filters": [8, 16, 49], "fcWidth": 20}}),
    case("lenet5", lenet(30), (16, 16, 1), ADAM, lr=0.001, zoo={"name": "lenet5", "knobs": {"fcWidth": 30}}),
    case("cnn", cnn(), (12, 12, 3), {"name": "rmsprop", "rho": 0.9, "epsilon": 1e-7}, lr=0.001, zoo={"name": "cnn", "knobs": CNN}),
]


def small(l2=0.0):
    penalty = keras.regularizers.L2(l2) if l2 else None
    return chain(L.Flatten(name="flatten"), L.Dense(8, activation="tanh", kernel_regularizer=penalty, name="hidden"), L.Dense(3, kernel_regularizer=penalty, name="logits"))


CHOICES = [SGD, SGDM, {"name": "nesterov", "momentum": 0.8}, {"name": "rmsprop", "rho": 0.85, "epsilon": 1e-5}, {"name": "adam", "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-5},
           {"name": "adamw", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7, "weightDecay": 0.3}]
S = keras.optimizers.schedules
EPOCHS = 8
SCHEDULES = {
    "constant": ({"constant": 0.1}, lambda e: 0.1),
    "piecewise": ({"piecewise": {"initial": 0.2, "factor": 0.5, "every": 3}}, S.ExponentialDecay(0.2, 3, 0.5, staircase=True)),
    "cosine": ({"cosine": {"initial": 0.2, "epochs": 6, "final": 0.02}}, S.CosineDecay(0.2, 6, alpha=0.1)),
    "cosine with restarts": ({"cosineRestarts": {"initial": 0.2, "every": 2, "lengthen": 2, "factor": 0.7, "final": 0.02}}, S.CosineDecayRestarts(0.2, 2, t_mul=2.0, m_mul=0.7, alpha=0.1)),
    "cosine with restarts of one length": ({"cosineRestarts": {"initial": 0.2, "every": 3}}, S.CosineDecayRestarts(0.2, 3, t_mul=1.0)),
    "steps": ({"steps": [[0, 0.2], [3, 0.05], [6, 0.1]]}, S.PiecewiseConstantDecay([2, 5], [0.2, 0.05, 0.1])),
    "exponential": ({"exponential": {"initial": 0.2, "factor": 0.8}}, S.ExponentialDecay(0.2, 1, 0.8)),
    "inverseTime": ({"inverseTime": {"initial": 0.2, "decay": 0.5}}, S.InverseTimeDecay(0.2, 1, 0.5)),
    # One step per epoch: Keras' rate before its step is ours at its end.
    "warmup": ({"warmup": {"epochs": 3, "to": {"cosine": {"initial": 0.2, "epochs": 5}}}},
               lambda e, s=S.CosineDecay(0.0, 5, warmup_target=0.2, warmup_steps=3): s(e + 1 if e < 3 else e)),
}


def schedule(name, written, rate_of):
    rates = [number(np.float32(rate_of(epoch))) for epoch in range(EPOCHS)]
    return {"schedule": written, **case(name, small(), SHAPE, SGD, rates=rates, seed=4)}


PICTURE = 6
image = images(1, (PICTURE, PICTURE, 1), 2, 9)[0][0].astype("float32")
FILLS = ["constant", "nearest", "reflect", "wrap"]


def affine(name, fill, draw, **keras_draw):
    value = apply_affine_transform(image, row_axis=0, col_axis=1, channel_axis=2, fill_mode=fill, **keras_draw)
    return {"name": f"{name}, {fill}", "fill": fill, "draw": draw, "pixels": [number(round(float(v), 4)) for v in value.ravel()], "tolerance": 0.02}


def plain(name, draw, value, tolerance=0.02):
    return {"name": name, "fill": "nearest", "draw": draw, "pixels": [number(round(float(v), 4)) for v in np.asarray(value).ravel()], "tolerance": tolerance}


def crop(window, row, column):
    """The window's pixels, enlarged to the image's size: edges of pixels stay on the edges of the image."""
    side = PICTURE * window
    at = lambda free: (np.arange(PICTURE) + 0.5) * window - 0.5 + free * (PICTURE - side)
    return scipy.ndimage.map_coordinates(image[:, :, 0], np.meshgrid(at(row), at(column), indexing="ij"), order=1, mode="nearest")


def contrast(factor):
    made = L.RandomContrast(0.5, value_range=(0, 255))
    return made.transform_images(image[None], {"contrast_factor": np.full((1, 1, 1, 1), factor, "float32")}, training=True)


def erased(top, bottom, left, right):
    copy = image.copy()
    copy[top:bottom, left:right] = 0
    return copy


# Noise by hand: MurmurHash3's finaliser of (element, two seeds), its four bytes summed.
def noise(deviation, seed, seed2):
    h = np.arange(PICTURE * PICTURE, dtype="uint32") * np.uint32(0x9E3779B1)
    h = (h ^ (h >> 16) ^ np.uint32(seed)) * np.uint32(0x85EBCA6B)
    h = ((h ^ (h >> 13)) + np.uint32(seed2)) * np.uint32(0xC2B2AE35)
    h ^= h >> 16
    drawn = (np.sum([(h >> shift) & 255 for shift in (0, 8, 16, 24)], 0).astype("float64") - 510) / np.sqrt(4 * (256**2 - 1) / 12)
    return np.clip(image + deviation * drawn.reshape(image.shape), 0, 255)


AUGMENTATION = [
    *[transform for fill in FILLS for transform in [
        affine("rotation", fill, {"rotation": 20}, theta=20),
        affine("shift", fill, {"shiftRows": -1.3, "shiftColumns": 0.7}, tx=0.7, ty=-1.3),
        affine("shear", fill, {"shear": 12}, shear=12),
        affine("zoom", fill, {"zoomRows": 0.8, "zoomColumns": 1.25}, zy=0.8, zx=1.25),
        affine("all four", fill, {"rotation": 20, "shiftRows": -1.3, "shiftColumns": 0.7, "shear": 12, "zoomRows": 0.8, "zoomColumns": 1.25}, theta=20, ty=-1.3, tx=0.7, shear=12, zy=0.8, zx=1.25),
    ]],
    plain("flip, horizontal", {"flipColumns": True}, np.flip(image, 1)),
    plain("flip, vertical", {"flipRows": True}, np.flip(image, 0)),
    plain("contrast (keras.layers.RandomContrast)", {"contrast": 1.4}, contrast(1.4)),
    # Pillow rounds to whole grey levels.
    plain("brightness", {"brightness": 1.3}, apply_brightness_shift(image, 1.3, scale=False), 1.01),
    plain("crop (scipy.ndimage.map_coordinates)", {"window": 0.6, "windowRow": 0.25, "windowColumn": 1}, crop(0.6, 0.25, 1)),
    {**plain("a hole", {}, erased(1, 4, 2, 6)), "cutout": {"top": 1, "bottom": 4, "left": 2, "right": 6}},
    {**plain("noise", {}, noise(40, 123456789, 4000000000)), "noise": {"deviation": 40, "seed": 123456789, "seed2": 4000000000}},
]

TRICKS = [
    case("l2 and label smoothing", small(0.05), SHAPE, SGDM, l2=0.05, smoothing=0.2),
    case("clipping, the penalty's gradient with the others", small(0.05), SHAPE, SGDM, l2=0.05, smoothing=0.2, clip=0.25),
    case("class weights", small(), SHAPE, SGDM, weights=[0.5, 2, 1.25]),
    case("averaged weights (use_ema)", small(), SHAPE, SGDM, steps=6, ema=0.7),
    case("averaged weights behind batch norm", headed(L.Conv2D(5, 3, name="conv"), L.BatchNormalization(name="norm")), COLOUR, SGDM, steps=5, ema=0.9),
    case("mixup, on soft labels", small(), SHAPE, SGDM, smoothing=0.2, mixed=True),
    case("mixup with class weights", small(), SHAPE, SGDM, smoothing=0.2, weights=[0.5, 2, 1.25], mixed=True),
]
document = {
    "versions": {"python": platform.python_version(), "keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__, "scipy": scipy.__version__, "pillow": PIL.__version__},
    "layers": [case(name, build, shape, SGDM, steps=0 if name == "Dropout" else 4) for name, (build, shape) in LAYERS.items()],
    "tricks": TRICKS,
    "optimizers": [case(choice["name"], small(), SHAPE, choice, steps=5, lr=0.02, seed=3) for choice in CHOICES],
    "schedules": [schedule(name, written, rate_of) for name, (written, rate_of) in SCHEDULES.items()],
    "models": MODELS,
    "augmentation": {"size": PICTURE, "seed": 9, "transforms": AUGMENTATION},
}
write(document)
