"""How expected.py and zoo.py train a model with Keras, and what they write down of it.

Images, labels and initial weights come from the generator below, which golden.ts has as well, so that
neither they nor whole checkpoints must be stored.
"""
import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import numpy as np
import tensorflow as tf
from keras import layers as L

MOST_VALUES = 30  # of one parameter that are written down


def generator(seed):
    state = seed
    while True:
        state = (state * 1664525 + 1013904223) % 2**32
        yield state / 2**32


def images(count, shape, classes, seed):
    draw = generator(seed)
    pixels = np.array([int(next(draw) * 256) for _ in range(count * int(np.prod(shape)))], "uint8").reshape(count, *shape)
    return pixels, np.array([int(next(draw) * classes) for _ in range(count)])


def initial(name, shape, index, damping=1):
    """Kernels with a spread that keeps activations in range; gamma round 1, beta and bias round 0."""
    draw = generator(1000 + index)
    values = np.array([next(draw) for _ in range(int(np.prod(shape)))], "float64").reshape(shape)
    if name == "gamma":
        return (damping * (0.5 + values)).astype("float32")
    if name.endswith("kernel"):
        inputs = np.prod(shape[:2] if name == "depthwise_kernel" else shape[:-1])
        return ((2 * values - 1) * np.sqrt(3 / inputs)).astype("float32")
    return ((2 * values - 1) * 0.1).astype("float32")


def number(value):
    return float(f"{float(value):.9g}")


KEPT = {"name", "filters", "kernel_size", "strides", "padding", "units", "use_bias", "activation", "axis", "epsilon", "center", "scale",
        "depth_multiplier", "pool_size", "rate", "keepdims", "max_value", "batch_shape"}


def topology(model):
    """As Keras 3 writes it, but for what does not reach the numbers."""
    written = json.loads(model.to_json())
    kept = []
    for layer in written["config"]["layers"]:
        config = {key: value for key, value in layer["config"].items() if key in KEPT}
        kept.append({"class_name": layer["class_name"], "config": config, "inbound_nodes": inbound(layer)})
    config = {"name": "golden", "layers": kept, "input_layers": written["config"]["input_layers"], "output_layers": written["config"]["output_layers"]}
    return {"class_name": "Functional", "config": config}


def inbound(layer):
    return [{"args": [history(argument) for argument in node["args"]]} for node in layer["inbound_nodes"]]


def history(value):
    if isinstance(value, list):
        return [history(item) for item in value]
    return {"config": {"keras_history": value["config"]["keras_history"]}}


def recalibrate(model, x):
    """Statistics of inference: mean and biased variance of each batch norm's input, those before it at theirs already."""
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization):
            values = keras.Model(model.inputs, layer.input)(x, training=False).numpy().astype("float64")
            axes = tuple(range(values.ndim - 1))
            layer.moving_mean.assign(values.mean(axes))
            layer.moving_variance.assign(values.var(axes))


def case(name, build, shape, optimizer, steps=4, batch=6, classes=3, seed=1, lr=0.05, rates=None, zoo=None, l2=0, smoothing=0, clip=None, weights=None, mixed=False, ema=None, ordered=False, damped=None):
    inputs = keras.Input(shape, name="image")
    model = keras.Model(inputs, build(inputs))
    depthwise = {id(layer.kernel) for layer in model.layers if isinstance(layer, L.DepthwiseConv2D)}
    for index, weight in enumerate(model.trainable_weights):
        kind = "depthwise_kernel" if id(weight) in depthwise else weight.name
        damping = damped["by"] if damped and weight.path.endswith(damped["what"]) else 1
        weight.assign(initial(kind, tuple(weight.shape), index, damping))
    rates = [lr] * steps if rates is None else rates
    pixels, labels = images(2 * batch, shape, classes, seed)
    x = pixels.astype("float32") / np.float32(255)
    is_single = model.output_shape[-1] == 1  # one unit with a sigmoid, of class 1 of two
    y = labels.astype("float32")[:, None] if is_single else keras.utils.to_categorical(labels, classes)
    made = OPTIMIZERS[optimizer["name"]]({k: v for k, v in optimizer.items() if k != "name"}, lr, clip)
    if is_single:
        loss_of = keras.losses.BinaryCrossentropy(label_smoothing=smoothing, reduction=None)
    else:
        loss_of = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing, reduction=None)
    if ema is not None:
        made.use_ema, made.ema_momentum = True, ema
    share = np.array([1.0] * classes if weights is None else weights, "float32")
    before = [weight.numpy().astype("float64") for weight in model.trainable_weights]
    losses = []
    for step, rate in enumerate(rates):
        first = batch * (step % 2)
        part = slice(first, first + batch)
        made.learning_rate = rate
        with tf.GradientTape() as tape:
            if mixed:
                each = mixed_losses(model, loss_of, x, y, first, batch, None if weights is None else share[labels])
            else:
                each = loss_of(y[part], model(x[part], training=True)) * share[labels[part]]
            loss = tf.reduce_mean(each) + (tf.add_n(model.losses) if l2 else 0.0)
        made.apply_gradients(zip(tape.gradient(loss, model.trainable_weights), model.trainable_weights))
        losses.append(number(loss))
    moves = []
    for weight, start in zip(model.trainable_weights, before):
        move = (weight.numpy().astype("float64") - start).ravel()
        stride = -(-move.size // MOST_VALUES)
        moves.append({"count": int(move.size), "norm": number(np.linalg.norm(move)), "stride": stride, "values": [number(v) for v in move[::stride]]})
    if ema is not None:
        made.finalize_variable_values(model.trainable_variables)
    recalibrate(model, x)
    settings = {"l2": l2, "labelSmoothing": smoothing, "clipNorm": clip, "classWeights": weights, **({"mixed": True} if mixed else {})}
    described = {"zoo": zoo} if zoo else {"topology": topology(model)}
    if zoo and not ordered:  # else our parameters are in Keras' order as they are
        described["parameters"] = [weight.path for weight in model.trainable_weights]
    return {"name": name, **described, "input": list(shape), "classes": classes, "batch": batch, "seed": seed, "optimizer": optimizer,
            "rates": rates, "settings": settings, **({} if ema is None else {"ema": ema}), **({} if damped is None else {"damped": damped}), "losses": losses, "moves": moves,
            "logits": [number(v) for v in logits_of(model(x, training=False).numpy(), is_single).ravel()]}


def mixed_losses(model, loss_of, x, y, first, batch, weights):
    """Each image of a step mixed with the one five places on: on soft labels, or where classes have weights, of both labels by their shares."""
    own = (0.5 + 0.5 * np.arange(batch) / batch).astype("float32")
    part, other = np.arange(first, first + batch), (np.arange(first, first + batch) + 5) % (2 * batch)

    def mixture(values):
        share = own.reshape(-1, *[1] * (values.ndim - 1))
        return (share * values[part] + (1 - share) * values[other]).astype("float32")

    outputs = model(mixture(x), training=True)
    if weights is None:
        return loss_of(mixture(y), outputs)
    return own * weights[part] * loss_of(y[part], outputs) + (1 - own) * weights[other] * loss_of(y[other], outputs)


def logits_of(output, is_single):
    """Of both classes: of class 0 it is 0 where the model ends in a sigmoid."""
    if not is_single:
        return output
    share = output.astype("float64")
    return np.concatenate([np.zeros_like(share), np.log(share / (1 - share))], axis=1)


K = keras.optimizers
OPTIMIZERS = {
    "sgd": lambda o, lr, clip: K.SGD(lr, global_clipnorm=clip),
    "sgdm": lambda o, lr, clip: K.SGD(lr, momentum=o["momentum"], global_clipnorm=clip),
    "nesterov": lambda o, lr, clip: K.SGD(lr, momentum=o["momentum"], nesterov=True, global_clipnorm=clip),
    "rmsprop": lambda o, lr, clip: K.RMSprop(lr, rho=o["rho"], epsilon=o["epsilon"], global_clipnorm=clip),
    "adam": lambda o, lr, clip: K.Adam(lr, beta_1=o["beta1"], beta_2=o["beta2"], epsilon=o["epsilon"], global_clipnorm=clip),
    "adamw": lambda o, lr, clip: K.AdamW(lr, beta_1=o["beta1"], beta_2=o["beta2"], epsilon=o["epsilon"], weight_decay=o["weightDecay"], global_clipnorm=clip),
}
SGD = {"name": "sgd"}
SGDM = {"name": "sgdm", "momentum": 0.9}
ADAM = {"name": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}


def chain(*made):
    def build(value):
        for layer in made:
            value = layer(value)
        return value
    return build


def write(document):
    """Prints the document, a case a line."""
    print("{\n" + ",\n".join(f"{json.dumps(key)}: " + (("[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in value) + "\n]") if isinstance(value, list) else json.dumps(value, separators=(",", ":"))) for key, value in document.items()) + "\n}")
