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
from keras.src.applications.resnet import residual_block_v1

GRAY, COLOUR = (9, 8, 1), (9, 8, 3)


def sigmoid(value):
    """Of two classes: one unit, binary cross-entropy."""
    return chain(L.Flatten(name="flatten"), L.Dense(6, activation="relu", name="hidden"), L.Dense(1, activation="sigmoid", name="predictions"))(value)


def headed(*made):
    return chain(*made, L.Flatten(name="flatten"), L.Dense(3, name="logits"))


HEADS = [
    case("one unit with a sigmoid", sigmoid, GRAY, SGDM, classes=2),
    case("one unit with a sigmoid, label smoothing, class weights", sigmoid, COLOUR, ADAM, classes=2, lr=0.01, smoothing=0.2, weights=[0.5, 2], seed=5),
    case("GlobalMaxPooling2D", chain(L.Conv2D(6, 3, name="conv"), L.GlobalMaxPooling2D(name="pool"), L.Dense(3, name="logits")), COLOUR, SGDM),
]

def vgg_block(value):
    for nth in (1, 2):
        value = L.Conv2D(6, 3, padding="same", activation="relu", name=f"block1_conv{nth}")(value)
    return headed(L.MaxPooling2D(2, strides=2, name="block1_pool"))(value)


def bottleneck(value):
    """As Keras Applications builds it: first one that projects, with stride 2, then one that does not."""
    value = residual_block_v1(L.Conv2D(4, 3, padding="same", name="stem")(value), 3, stride=2, name="conv3_block1")
    return headed()(residual_block_v1(value, 3, conv_shortcut=False, name="conv3_block2"))


def basic_block(value, filters, stride, projects, name):
    """As torchvision's BasicBlock, with its paddings of 1."""
    def convolved(part, x, window, strides):
        x = L.ZeroPadding2D(1)(x) if window == 3 else x
        x = L.Conv2D(filters, window, strides=strides, use_bias=False, name=f"{name}_{part}_conv")(x)
        return L.BatchNormalization(epsilon=1e-5, name=f"{name}_{part}_bn")(x)
    shortcut = convolved(0, value, 1, stride) if projects else value
    inner = convolved(2, L.ReLU()(convolved(1, value, 3, stride)), 3, 1)
    return L.ReLU()(L.Add()([shortcut, inner]))


def basic_blocks(value):
    value = L.Conv2D(4, 3, padding="same", name="stem")(value)
    return headed()(basic_block(basic_block(value, 5, 2, True, "conv3_block1"), 5, 1, False, "conv3_block2"))


BLOCKS = [
    case("VGG block", vgg_block, COLOUR, SGDM),
    case("ResNet bottlenecks", bottleneck, (10, 9, 3), SGDM),
    case("ResNet basic blocks", basic_blocks, (10, 9, 3), SGDM),
]


def vgg16(filters):
    def build(value):
        for block, (count, width) in enumerate(zip((2, 2, 3, 3, 3), filters), 1):
            for nth in range(1, count + 1):
                value = L.Conv2D(width, 3, padding="same", activation="relu", name=f"block{block}_conv{nth}")(value)
            value = L.MaxPooling2D(2, name=f"block{block}_pool")(value)
        value = L.Dense(10, activation="relu", name="hidden_1")(L.GlobalAveragePooling2D()(value))
        return L.Dense(3, name="predictions")(value)
    return build


def resnet(width, stages, stage_of, bias, epsilon):
    def build(value):
        value = L.Conv2D(width, 7, strides=2, use_bias=bias, name="conv1_conv")(L.ZeroPadding2D(3)(value))
        value = L.ReLU()(L.BatchNormalization(epsilon=epsilon, name="conv1_bn")(value))
        value = L.MaxPooling2D(3, strides=2)(L.ZeroPadding2D(1)(value))
        for stage, blocks in enumerate(stages):
            value = stage_of(value, width * 2**stage, blocks, 2 if stage else 1, f"conv{stage + 2}")
        return L.Dense(3, name="predictions")(L.GlobalAveragePooling2D()(value))
    return build


def basic_stage(value, filters, blocks, stride, name):
    for nth in range(1, blocks + 1):
        value = basic_block(value, filters, stride if nth == 1 else 1, nth == 1 and stride == 2, f"{name}_block{nth}")
    return value


def bottleneck_stage(value, filters, blocks, stride, name):
    for nth in range(1, blocks + 1):
        value = residual_block_v1(value, filters, stride=stride if nth == 1 else 1, conv_shortcut=nth == 1, name=f"{name}_block{nth}")
    return value


NO_HIDDEN = {"pooling": "average", "hidden": []}
# Sixteen blocks whose branches all begin as large as what they are added to have gradients of norm 500 and lose
# float32: Keras' own losses in float32 and in float64 are 0.17 % apart after one step at width 2, and 14 % after two.
# With small branches, as trainings are begun (Goyal et al. 2017, 5.1), they are 2e-7 apart after three steps. And
# where one of 200,000 ReLUs takes a value nearer to 0 than rounding, its gradient is a matter of rounding: of the
# seeds from 1 on, 4 is the first whose values all stay 4e-6 away from it in float64.
SMALL_BRANCHES = {"what": "_3_bn/gamma", "by": 0.1}
MODELS = [
    case("vgg16", vgg16((4, 6, 8, 10, 12)), (32, 32, 3), ADAM, lr=0.001,
         zoo={"name": "vgg16", "knobs": {"filters": [4, 6, 8, 10, 12], "inputNorm": False, "pooling": "average", "hidden": [10]}}),
    case("resnet18", resnet(8, (2, 2, 2, 2), basic_stage, False, 1e-5), (64, 64, 3), SGDM, steps=3, lr=0.001, zoo={"name": "resnet18", "knobs": {"width": 8, **NO_HIDDEN}}),
    case("resnet50", resnet(2, (3, 4, 6, 3), bottleneck_stage, True, 1.001e-5), (64, 64, 3), SGDM, steps=3, batch=4, lr=0.001, seed=4,
         zoo={"name": "resnet50", "knobs": {"width": 2, **NO_HIDDEN}}, damped=SMALL_BRANCHES),
]

write({
    "versions": {"python": platform.python_version(), "keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__},
    "heads": HEADS,
    "blocks": BLOCKS,
    "models": MODELS,
})
