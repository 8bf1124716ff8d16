# Prints the numbers of knobs.test.ts: one and two steps of Keras with l2, label smoothing and clipping.
import numpy as np, keras
x = np.array([[0, 51, 102], [255, 204, 0], [153, 51, 255], [102, 102, 102]], 'float32') / 255
y = keras.utils.to_categorical([0, 1, 2, 1], 3)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.05))])
model.layers[0].set_weights([np.array([[0.5, -0.2, 0.1], [0.3, 0.8, -0.6], [-0.4, 0.1, 0.9]], 'float32'), np.array([0.1, 0, -0.1], 'float32')])
for clip in [None, 0.25]:
    m = keras.models.clone_model(model); m.set_weights(model.get_weights())
    m.compile(optimizer=keras.optimizers.SGD(0.5, momentum=0.9, global_clipnorm=clip),
              loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2))
    losses = [float(m.train_on_batch(x, y)) for _ in range(1)]
    print(clip, losses, [round(float(v), 6) for v in m.layers[0].get_weights()[0].ravel()], [round(float(v), 6) for v in m.layers[0].get_weights()[1]])
    m.train_on_batch(x, y)
    print('  second', [round(float(v), 6) for v in m.layers[0].get_weights()[0].ravel()])
