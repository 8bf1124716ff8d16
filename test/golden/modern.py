"""Writes modern.json: what Keras makes of separable convolutions, of one block of each of the zoo's modern networks, and of two whole ones in small.

Usage: python test/golden/modern.py > test/golden/modern.json; needs keras, tensorflow and numpy. Not run
by the tests: they read the numbers.
"""
import platform

from training import SGDM, case, chain, write
import keras
import numpy as np
import tensorflow as tf
from keras import layers as L

COLOUR = (10, 8, 3)


def normed(value, *made):
    return chain(*made, L.BatchNormalization())(value)


def pooled(value):
    return L.Dense(3, name="logits")(L.GlobalAveragePooling2D(name="avg_pool")(value))


def inverted_residual(value, filters, kernel, strides, expansion=6):
    """Sandler et al. 2018, figure 4, with TensorFlow's padding."""
    channels = value.shape[-1]
    made = L.ReLU(max_value=6)(normed(value, L.Conv2D(expansion * channels, 1, use_bias=False))) if expansion > 1 else value
    made = L.ReLU(max_value=6)(normed(made, L.DepthwiseConv2D(kernel, strides=strides, padding="same", use_bias=False)))
    made = normed(made, L.Conv2D(filters, 1, use_bias=False))
    return L.Add()([value, made]) if strides == 1 and filters == channels else made


def separable(value, filters):
    return normed(value, L.SeparableConv2D(filters, 3, padding="same", use_bias=False))


def xception_block(value, filters):
    """Chollet 2017, figure 5: the second block of the entry flow, and one of the middle flow with two convolutions."""
    shortcut = normed(value, L.Conv2D(filters, 1, strides=2, padding="same", use_bias=False))
    for _ in range(2):
        value = separable(L.ReLU()(value), filters)
    value = L.Add()([L.MaxPooling2D(3, strides=2, padding="same")(value), shortcut])
    before = value
    for _ in range(2):
        value = separable(L.ReLU()(value), filters)
    return L.Add()([value, before])


def inception_block(value):
    """Szegedy et al. 2015, figure 2b."""
    conv = lambda filters, window: L.Conv2D(filters, window, padding="same", activation="relu")
    branches = [conv(4, 1)(value), conv(5, 3)(conv(3, 1)(value)), conv(3, 5)(conv(2, 1)(value)), conv(2, 1)(L.MaxPooling2D(3, strides=1, padding="same")(value))]
    return L.Concatenate()(branches)


def lite0(value):
    """EfficientNet-Lite0, written anew from Tan and Le 2019, table 1."""
    value = L.ReLU(max_value=6)(normed(value, L.Conv2D(32, 3, strides=2, padding="same", use_bias=False)))
    for expansion, repeats, strides, kernel, filters in [(1, 1, 1, 3, 16), (6, 2, 2, 3, 24), (6, 2, 2, 5, 40), (6, 3, 2, 3, 80), (6, 3, 1, 5, 112), (6, 4, 2, 5, 192), (6, 1, 1, 3, 320)]:
        for repeat in range(repeats):
            value = inverted_residual(value, filters, kernel, strides if repeat == 0 else 1, expansion)
    return pooled(L.ReLU(max_value=6)(normed(value, L.Conv2D(1280, 1, use_bias=False))))


def mobilenet(value):
    return pooled(keras.applications.MobileNetV2(input_tensor=value, include_top=False, weights=None).output)


probe = L.Conv2D
LAYERS = [
    case("DepthwiseConv2D", chain(probe(4, 1, name="probe"), L.DepthwiseConv2D(3, padding="same", name="depthwise"), L.DepthwiseConv2D(3, strides=2, activation="relu6", name="depthwise2"), L.Flatten(name="flatten"), L.Dense(3, name="logits")), COLOUR, SGDM),
    case("DepthwiseConv2D strided, same, even", chain(probe(4, 1, name="probe"), L.DepthwiseConv2D(3, strides=2, padding="same", name="depthwise"), L.Flatten(name="flatten"), L.Dense(3, name="logits")), COLOUR, SGDM),
    case("SeparableConv2D", chain(probe(4, 1, name="probe"), L.SeparableConv2D(6, 3, padding="same", activation="relu", name="separable"), L.SeparableConv2D(5, 3, strides=2, name="separable2"), L.Flatten(name="flatten"), L.Dense(3, name="logits")), COLOUR, SGDM),
]
BLOCKS = [
    case("inverted residual, stride 2 and kernel 5, then stride 1", lambda v: pooled(inverted_residual(inverted_residual(probe(4, 3, padding="same")(v), 6, 5, 2), 6, 3, 1)), COLOUR, SGDM),
    case("xception, with a pool and without", lambda v: pooled(xception_block(probe(4, 3, padding="same")(v), 6)), COLOUR, SGDM),
    case("inception", lambda v: pooled(inception_block(probe(4, 3, padding="same")(v))), COLOUR, SGDM),
]
HEAD = {"pooling": "average", "hidden": []}
# At a rate of 0: losses in training and logits in inference. Of a million values that a ReLU cuts off some lie
# within rounding of its corners, and each of them moves gradients by a part in a thousand.
MODELS = [
    case("mobilenetv2 (Keras Applications) at 48 px", mobilenet, (48, 48, 3), SGDM, batch=8, rates=[0.0, 0.0], ordered=True, zoo={"name": "mobilenetv2", "knobs": {"alpha": 1, **HEAD}}),
    case("efficientnet-lite0 at 40 px", lite0, (40, 40, 3), SGDM, batch=8, rates=[0.0, 0.0], ordered=True, zoo={"name": "efficientnet-lite0", "knobs": HEAD}),
]

write({
    "versions": {"python": platform.python_version(), "keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__},
    "layers": LAYERS,
    "blocks": BLOCKS,
    "models": MODELS,
})
