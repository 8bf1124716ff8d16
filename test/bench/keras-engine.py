"""One model of the bench `engine` in Keras, on one thread: python keras-engine.py MODEL PIXELS.

The counterpart of engine-child.ts: takes a step and says so; then answers `step`, `epoch` (1,000 images
by `fit`, with 200 for validation) and `peak` on stdin, one JSON line each. The models are those of
engine-models.ts: change both. The images are bytes, as ours are, and become numbers in the model.
"""
import json
import os
import resource
import sys
import time

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", OMP_NUM_THREADS="1", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
import numpy as np  # noqa: E402  (the settings above must be in force first)
import tensorflow as tf  # noqa: E402
import keras  # noqa: E402
from keras import layers  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
IMAGES, VALIDATION, RATE = 1000, 200, 1e-4


def images(shape):
    return layers.Input(shape, dtype="uint8"), layers.Rescaling(1 / 255)


def garth(size):
    return keras.Sequential([
        *images((size, size, 1)),
        layers.Conv2D(8, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.5), layers.MaxPooling2D(2),
        layers.Conv2D(16, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(2),
        layers.Conv2D(49, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(),
        layers.Flatten(), layers.Dense(100), layers.Dense(2),
    ])


def cnn_d():
    blocks = [layer for filters in (32, 64, 128) for layer in (layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D(2))]
    return keras.Sequential([*images((128, 128, 3)), *blocks, layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(64, activation="relu"), layers.Dense(2)])


def resnet18():
    def conv(filters, kernel, strides, padding, value):
        return layers.BatchNormalization()(layers.Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False)(value))

    image, scaled = images((64, 64, 3))
    value = layers.ReLU()(conv(64, 7, 2, "valid", layers.ZeroPadding2D(3)(scaled(image))))
    value = layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(value))
    for stage, filters in enumerate((64, 128, 256, 512)):
        for block in (0, 1):
            strides = 2 if block == 0 and stage > 0 else 1
            shortcut = value if strides == 1 else conv(filters, 1, strides, "valid", value)
            first = layers.ReLU()(conv(filters, 3, strides, "same", value))
            value = layers.ReLU()(layers.Add()([conv(filters, 3, 1, "same", first), shortcut]))
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(value)))


def vgg16():
    image, scaled = images((64, 64, 3))
    value = scaled(image)
    for filters, convolutions in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(convolutions):
            value = layers.Conv2D(filters, 3, padding="same", activation="relu")(value)
        value = layers.MaxPooling2D(2)(value)
    return keras.Model(image, layers.Dense(2)(layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(value))))


def frozen(model):
    for layer in model.layers[:-1]:
        layer.trainable = False
    return model


def inverted_residuals(groups):
    """MobileNetV2 and EfficientNet-Lite0: expansion, repeats, stride, kernel, filters of each group."""
    normed = lambda layer, value: layers.BatchNormalization()(layer(value))
    relu6 = lambda value: layers.ReLU(max_value=6)(value)
    image, scaled = images((224, 224, 3))
    value, channels = relu6(normed(layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False), scaled(image))), 32
    for expansion, repeats, group_strides, kernel, filters in groups:
        for repeat in range(repeats):
            strides, before = group_strides if repeat == 0 else 1, value
            if expansion > 1:
                value = relu6(normed(layers.Conv2D(expansion * channels, 1, use_bias=False), value))
            value = relu6(normed(layers.DepthwiseConv2D(kernel, strides=strides, padding="same", use_bias=False), value))
            value = normed(layers.Conv2D(filters, 1, use_bias=False), value)
            if strides == 1 and filters == channels:
                value = layers.Add()([value, before])
            channels = filters
    value = layers.GlobalAveragePooling2D()(relu6(normed(layers.Conv2D(1280, 1, use_bias=False), value)))
    return keras.Model(image, layers.Dense(2)(value))


MOBILENET = [(1, 1, 1, 3, 16), (6, 2, 2, 3, 24), (6, 3, 2, 3, 32), (6, 4, 2, 3, 64), (6, 3, 1, 3, 96), (6, 3, 2, 3, 160), (6, 1, 1, 3, 320)]
LITE0 = [(1, 1, 1, 3, 16), (6, 2, 2, 3, 24), (6, 2, 2, 5, 40), (6, 3, 2, 3, 80), (6, 3, 1, 5, 112), (6, 4, 2, 5, 192), (6, 1, 1, 3, 320)]
MODELS = {
    "garth-cnn-28": (lambda: garth(28), (28, 28, 1), 30, True), "garth-cnn-64": (lambda: garth(64), (64, 64, 1), 30, True),
    "garth-cnn-100": (lambda: garth(100), (100, 100, 1), 30, True), "cnn-d-128": (cnn_d, (128, 128, 3), 44, False),
    "resnet18-64": (resnet18, (64, 64, 3), 32, True),
    "vgg16-64": (vgg16, (64, 64, 3), 32, True),
    "mobilenetv2-224": (lambda: inverted_residuals(MOBILENET), (224, 224, 3), 8, True),
    "efficientnet-lite0-224": (lambda: inverted_residuals(LITE0), (224, 224, 3), 8, True),
    "efficientnet-lite0-224-frozen": (lambda: frozen(inverted_residuals(LITE0)), (224, 224, 3), 8, True),
}
build, shape, batch, momentum = MODELS[sys.argv[1]]
model = build()
optimizer = keras.optimizers.SGD(RATE, momentum=0.9) if momentum else keras.optimizers.Adam(RATE)
model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
y = np.arange(IMAGES) % 2
x = np.fromfile(sys.argv[2], "uint8").reshape(IMAGES, *shape)


@tf.function(jit_compile=False)
def step(a, b):
    with tf.GradientTape() as tape:
        loss = model.compute_loss(a, b, model(a, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    model.optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


def epoch(images=IMAGES):
    model.fit(x[:images], y[:images], batch_size=batch, epochs=1, verbose=0, validation_data=(x[:VALIDATION], y[:VALIDATION]), validation_batch_size=64)


def timed(work):
    started = time.perf_counter()
    work()
    return {"ms": (time.perf_counter() - started) * 1000}


traced = False
a, b = tf.constant(x[:batch]), tf.constant(y[:batch])
step(a, b).numpy()
print(json.dumps({"ready": f"keras {keras.__version__} on TensorFlow {tf.__version__}"}), flush=True)
for line in sys.stdin:
    asked = line.strip()
    if asked == "step":
        answer = timed(lambda: step(a, b).numpy())
    elif asked == "epoch":
        if not traced:  # building fit's functions is no part of an epoch
            epoch(batch)
            traced = True
        answer = timed(epoch)
    else:
        answer = {"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    print(json.dumps(answer), flush=True)
