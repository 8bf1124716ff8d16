"""Time of a training step and of an epoch of 1,000 images of garth-cnn in Keras, on one thread.

Usage: python keras-garth-cnn.py SIZE; prints {"step", "epoch" (ms), "version", "runs"}.
The bench `engine --against PYTHON` runs it beside our own figures.
"""
import json
import os
import statistics
import sys
import time

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", OMP_NUM_THREADS="1", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
import numpy as np  # noqa: E402  (the settings above must be in force first)
import tensorflow as tf  # noqa: E402
import keras  # noqa: E402
from keras import layers  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

size, batch, images, steps, epochs = int(sys.argv[1]), 30, 1000, 20, 5
model = keras.Sequential([
    layers.Input((size, size, 1)),
    layers.Conv2D(8, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.5), layers.MaxPooling2D(2),
    layers.Conv2D(16, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(2),
    layers.Conv2D(49, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(),
    layers.Flatten(), layers.Dense(100), layers.Dense(2),
])
model.compile(keras.optimizers.SGD(1e-4, momentum=0.9), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
random = np.random.default_rng(0)
y = np.arange(images) % 2
x = (random.random((images, size, size, 1)) * 0.5 + 0.25 * y[:, None, None, None]).astype("float32")


@tf.function(jit_compile=False)
def step(a, b):
    with tf.GradientTape() as tape:
        loss = model.compute_loss(a, b, model(a, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    model.optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


def timed(work):
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


a, b = tf.constant(x[:batch]), tf.constant(y[:batch])
for _ in range(5):
    step(a, b).numpy()
step_ms = [timed(lambda: step(a, b).numpy()) for _ in range(steps)]
model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
epoch_ms = [timed(lambda: model.fit(x, y, batch_size=batch, epochs=1, verbose=0)) for _ in range(epochs)]
print(json.dumps({"step": statistics.median(step_ms), "epoch": statistics.median(epoch_ms), "version": keras.__version__, "runs": steps}))
