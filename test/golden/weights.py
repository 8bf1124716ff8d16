"""Writes one small model's weights as each Keras has written them, and what the model makes of two images.

Usage: python test/golden/weights.py; needs keras, tensorflow, h5py and numpy.
Not run by the tests: they read the files in test/golden/weights.
"""
import json
import pathlib

import h5py
import keras
import numpy as np
from keras import layers as L

out = pathlib.Path(__file__).parent / "weights"
keras.utils.set_random_seed(3)
image = keras.Input((6, 6, 3))
x = L.Conv2D(4, 3, padding="same", name="stem_conv", use_bias=False)(image)
x = L.BatchNormalization(name="stem_bn")(x)
x = L.ReLU(name="relu")(x)
x = L.DepthwiseConv2D(3, padding="same", name="dw", use_bias=False)(x)
x = L.SeparableConv2D(5, 3, padding="same", name="sep")(x)
x = L.Flatten(name="flatten")(x)
model = keras.Model(image, L.Dense(3, name="fc")(x))
draws = np.random.default_rng(1)
for layer in model.layers:
    layer.set_weights([(draws.random(w.shape) * 0.5 + 0.25).astype("float32") for w in layer.get_weights()])

model.save_weights(out / "keras3.weights.h5")
model.save(out / "whole.h5")

# Keras 1 and 2: a :0 behind each name, W and b in older files.
OLD = {
    "stem_conv": ["stem_conv_W_1:0"],
    "stem_bn": ["stem_bn_gamma_1:0", "stem_bn_beta_1:0", "stem_bn_running_mean_1:0", "stem_bn_running_std_1:0"],
    "dw": ["dw/depthwise_kernel:0"],
    "sep": ["sep/depthwise_kernel:0", "sep/pointwise_kernel:0", "sep/bias:0"],
    "fc": ["fc/kernel:0", "fc/bias:0"],
}
with h5py.File(out / "keras1.h5", "w") as file:
    file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
    for layer in model.layers:
        group = file.create_group(layer.name)
        names = OLD.get(layer.name, [])
        group.attrs["weight_names"] = [name.encode() for name in names]
        for name, values in zip(names, layer.get_weights()):
            group.create_dataset(name, data=values)

pixels = draws.integers(0, 256, (2, 6, 6, 3)).astype("uint8")
logits = model.predict(pixels.astype("float32") / 255, verbose=0)
made = f"keras {keras.__version__}, h5py {h5py.__version__}"
(out / "logits.json").write_text(json.dumps({"made with": made, "pixels": pixels.ravel().tolist(), "logits": logits.ravel().astype(float).round(6).tolist()}))
