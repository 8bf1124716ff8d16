/**
 * A trial as a short Keras 3 script: the same layers, settings and rates, for those who must check. Its
 * random numbers are its own, so its results agree as two seeds of one training do, and no closer.
 */
import type { PlanView } from '../../coordinator/api/trial-views.js';
import type { BoxRegion, ImageEpochSettings, ImageTrajectory, Json, PlateauRule } from '../../proto/work.js';
import { layerGraph } from '../../worker/engine/layer-graph.js';
import { GLOROT_UNIFORM, readInitializer } from '../../worker/engine/initializer.js';
import type { LayerConfig, Topology } from '../../worker/model/topology.js';

/** `title` names the trial. The settings that may change from epoch to epoch are the rates alone. */
export function kerasScript(title: string, plan: PlanView, trajectory: ImageTrajectory, topology: Topology, classes: readonly string[]): string {
  const runs = plan.epochs.map(({ count, settings }) => ({ count, settings: settings as ImageEpochSettings }));
  const settings = runs[0]?.settings;
  if (settings === undefined) throw new RangeError(`${title} has no epochs`);
  const rates = runs.map((run) => `[(${shortest(run.settings.lrFrom)}, ${shortest(run.settings.lr)})] * ${run.count}`).join(' + ');
  return [
    `"""${title.replaceAll('\\', '\\\\').replaceAll('"', '\\"')} as a Keras 3 script, written by trawl.\n\nUsage: python SCRIPT FOLDER\nFOLDER has one folder per class, or train and val (validation, valid, dev) folders of them.\n\nIt is not the trial itself: one folder per class is split anew, 15 % of each class at random to\nvalidate, without a test part and without keeping groups together; it trains all of the epochs,\nwithout early stopping, and ends with the last one, not the best.\n"""`,
    IMPORTS,
    `CLASSES = ${python([...classes])}`,
    `HEIGHT, WIDTH, CHANNELS = ${trajectory.input.height}, ${trajectory.input.width}, ${trajectory.input.channels}`,
    `RESIZE, NORMALISATION = ${python(trajectory.input.resize)}, ${python(trajectory.input.normalisation)}`,
    `BATCH, SEED, TRAIN_FRACTION = ${settings.batch}, ${settings.dataSeed}, ${settings.trainFraction}`,
    `RATES = ${rates}  # per epoch: before its first step, at its last`,
    '',
    loading(boxRegion(trajectory)),
    DATA,
    ...modelLines(topology, settings),
    `optimizer = ${optimizerOf(trajectory, settings)}`,
    `model.compile(optimizer, keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=${settings.labelSmoothing}), metrics=["accuracy"])`,
    'print("parameters:", model.count_params())',
    '',
    ...augmentationLines(settings),
    ...trainingLines(settings, trajectory, plateauOf(runs)),
  ].join('\n');
}

const IMPORTS = `import pathlib
import sys

import keras
import numpy as np
from PIL import Image, ImageOps
`;

/** Masks are not at hand where the script runs: no trial that has them comes here. */
function boxRegion({ input: { crop } }: ImageTrajectory): BoxRegion | undefined {
  if (crop !== undefined && 'masks' in crop) throw new Error('a script has no masks');
  return crop;
}

/** The region is cut out of the image, bounds to the nearest pixel. */
function loading(crop: BoxRegion | undefined): string {
  const opened = 'def load(path):\n    image = ImageOps.exif_transpose(Image.open(path)).convert("L" if CHANNELS == 1 else "RGB")';
  if (crop === undefined) return opened;
  const [x, y, width, height] = crop.box;
  return `${opened}\n    image = image.crop(tuple(int(share * side + 0.5) for share, side in zip((${x}, ${y}, ${x} + ${width}, ${y} + ${height}), image.size * 2)))`;
}

const DATA = `    if RESIZE == "pad":
        image = ImageOps.pad(image, (WIDTH, HEIGHT))
    elif RESIZE == "crop":
        image = ImageOps.fit(image, (WIDTH, HEIGHT))
    else:
        image = image.resize((WIDTH, HEIGHT), Image.BICUBIC)
    return np.asarray(image, "float32").reshape(HEIGHT, WIDTH, CHANNELS)


def read(folder):
    images, labels = [], []
    for label, name in enumerate(CLASSES):
        for path in sorted((folder / name).iterdir()):
            try:
                images.append(load(path))
                labels.append(label)
            except OSError as error:
                print(f"skipped {path}: {error}", file=sys.stderr)
    return np.stack(images), np.array(labels)


def part(folder, *names):
    return next((path for path in sorted(folder.iterdir()) if path.is_dir() and path.name.lower() in names), None)


def shares(labels, fraction, rng):
    """Indices of a share of each class, at least one image, and of the rest."""
    chosen = np.concatenate([rng.permutation(np.flatnonzero(labels == label))[: max(1, round(fraction * np.sum(labels == label)))] for label in range(len(CLASSES))])
    return chosen, np.setdiff1d(np.arange(len(labels)), chosen)


rng = np.random.default_rng(SEED)
keras.utils.set_random_seed(SEED)
folder = pathlib.Path(sys.argv[1])
train_folder, val_folder = part(folder, "train", "training"), part(folder, "val", "valid", "validation", "dev")
if train_folder is not None and val_folder is not None:
    (x, y), (x_val, y_val) = read(train_folder), read(val_folder)
elif train_folder is not None:
    images, labels = read(train_folder)
    val, train = shares(labels, 0.15, rng)
    x, y, x_val, y_val = images[train], labels[train], images[val], labels[val]
else:
    images, labels = read(folder)
    val, train = shares(labels, 0.15, rng)
    x, y, x_val, y_val = images[train], labels[train], images[val], labels[val]
mean = x.mean(axis=0) if NORMALISATION == "zerocenter" else x.mean(axis=(0, 1, 2)) if NORMALISATION == "standardise" else 0.0
deviation = x.std(axis=(0, 1, 2)) if NORMALISATION == "standardise" else 255.0
kept, _ = shares(y, TRAIN_FRACTION, rng)
x, y = x[kept], keras.utils.to_categorical(y[kept], len(CLASSES))
x_val, y_val = (x_val - mean) / deviation, keras.utils.to_categorical(y_val, len(CLASSES))
`;

/** From the one logit of class 1 to the logits of both classes: that of class 0 is 0. */
const TWO_LOGITS = ['layers.Reshape((1, 1))', 'layers.ZeroPadding1D((1, 0))', 'layers.Flatten()'];

function modelLines(written: Topology, settings: ImageEpochSettings): string[] {
  const { topology, isSingle } = withoutSigmoid(written);
  const regularizer = settings.l2 === 0 ? '' : `, kernel_regularizer=keras.regularizers.L2(${settings.l2})`;
  if (topology.class_name !== 'Sequential') return graphLines(topology, settings.dropout, regularizer, isSingle);
  const layers = topology.config.layers.flatMap((layer) => layerLine(layer, settings.dropout, regularizer));
  return ['layers = keras.layers', 'model = keras.Sequential([', '    keras.Input((HEIGHT, WIDTH, CHANNELS)),', ...[...layers, ...(isSingle ? TWO_LOGITS : [])].map((line) => `    ${line},`), '])'];
}

/** Each layer's value is a variable of its name. */
function graphLines(topology: Topology, dropout: number, regularizer: string, isSingle: boolean): string[] {
  const values = new Map<string, string>();
  let [image, output] = ['', ''];
  const lines = layerGraph(topology, 'keras').flatMap(({ config: layer, inputs }) => {
    const { name } = layer.config;
    const [first, ...others] = inputs.map((input) => values.get(input) ?? input);
    const [line] = first === undefined ? ['keras.Input((HEIGHT, WIDTH, CHANNELS))'] : layerLine(layer, dropout, regularizer);
    output = line === undefined ? (first ?? '') : name;
    values.set(name, output);
    if (first === undefined) image = name;
    if (line === undefined) return [];
    return [`${name} = ${line}${first === undefined ? '' : others.length === 0 ? `(${first})` : `([${[first, ...others].join(', ')}])`}`];
  });
  const logits = isSingle ? TWO_LOGITS.reduce((value, layer) => `${layer}(${value})`, output) : output;
  return ['layers = keras.layers', ...lines, `model = keras.Model(${image}, ${logits})`];
}

/** `isSingle`: whether the model ended in one unit with a sigmoid, which is left out as a softmax is. */
function withoutSigmoid(topology: Topology): { readonly topology: Topology; readonly isSingle: boolean } {
  const { layers } = topology.config;
  const last = layers.at(-1);
  if (last?.config.activation !== 'sigmoid' || layers.findLast((layer) => layer.class_name === 'Dense')?.config.units !== 1) return { topology, isSingle: false };
  const plain = { ...last, config: { ...last.config, activation: 'linear' } };
  return { topology: { ...topology, config: { ...topology.config, layers: [...layers.slice(0, -1), plain] } }, isSingle: true };
}

/** What a module of one's own may leave out and the zoo never does. */
function off(option: string, value: Json | undefined): string {
  return value === false ? `, ${option}=False` : '';
}

/** Keras' own default is not said. */
function initializer(value: Json | undefined, field = 'kernel_initializer'): string {
  const read = readInitializer(value) ?? GLOROT_UNIFORM;
  const isDefault = read.scale === GLOROT_UNIFORM.scale && read.mode === GLOROT_UNIFORM.mode && read.distribution === GLOROT_UNIFORM.distribution;
  return isDefault ? '' : `, ${field}=keras.initializers.VarianceScaling(${read.scale}, ${python(read.mode)}, ${python(read.distribution)})`;
}

/** None for the softmax at the end: the loss is on logits. */
function layerLine({ class_name: className, config }: LayerConfig, dropout: number, regularizer: string): string[] {
  const named = `name=${python(config.name)}`;
  const activation = config.activation === undefined || config.activation === 'linear' || config.activation === 'softmax' ? '' : `, activation=${python(config.activation)}`;
  const window = `${python(config.pool_size ?? null)}, strides=${python(config.strides ?? null)}, padding=${python(config.padding ?? null)}`;
  const convolution = `${python(config.kernel_size ?? null)}, strides=${python(config.strides ?? [1, 1])}, padding=${python(config.padding ?? 'valid')}${activation}${off('use_bias', config.use_bias)}`;
  const depthwise = `${initializer(config.depthwise_initializer, 'depthwise_initializer')}${regularizer.replace('kernel', 'depthwise')}`;
  switch (className) {
    case 'DepthwiseConv2D':
      return [`layers.DepthwiseConv2D(${convolution}${depthwise}, ${named})`];
    case 'SeparableConv2D':
      return [`layers.SeparableConv2D(${python(config.filters ?? null)}, ${convolution}${depthwise}${initializer(config.pointwise_initializer, 'pointwise_initializer')}${regularizer.replace('kernel', 'pointwise')}, ${named})`];
    case 'Conv2D':
      return [`layers.Conv2D(${python(config.filters ?? null)}, ${convolution}${initializer(config.kernel_initializer)}${regularizer}, ${named})`];
    case 'Dense':
      return [`layers.Dense(${python(config.units ?? null)}${activation}${off('use_bias', config.use_bias)}${initializer(config.kernel_initializer)}${regularizer}, ${named})`];
    case 'Activation':
      return config.activation === 'softmax' ? [] : [`layers.Activation(${python(config.activation ?? null)}, ${named})`];
    case 'BatchNormalization':
      return [`layers.BatchNormalization(momentum=${python(config.momentum ?? 0.99)}, epsilon=${python(config.epsilon ?? 0.001)}${off('center', config.center)}${off('scale', config.scale)}, ${named})`];
    case 'Dropout':
      return [`layers.Dropout(${dropout}, ${named})`];
    case 'MaxPooling2D':
    case 'AveragePooling2D':
      return [`layers.${className}(${window}, ${named})`];
    case 'ReLU':
      return [`layers.ReLU(${config.max_value === undefined || config.max_value === null ? '' : `max_value=${python(config.max_value)}, `}${named})`];
    case 'ZeroPadding2D':
      return [`layers.ZeroPadding2D(${python(config.padding ?? 1)}, ${named})`];
    case 'Softmax':
      return [];
    default:
      return [`layers.${className}(${named})`];
  }
}

function optimizerOf({ optimizer }: ImageTrajectory, { clipNorm }: ImageEpochSettings): string {
  const clip = `global_clipnorm=${clipNorm ?? 'None'}${optimizer.ema === undefined ? '' : `, use_ema=True, ema_momentum=${optimizer.ema}`}`;
  const made = (name: string, parameters: string): string => `keras.optimizers.${name}(RATES[0][1], ${parameters}${clip})`;
  switch (optimizer.name) {
    case 'sgd':
      return made('SGD', '');
    case 'sgdm':
      return made('SGD', `momentum=${optimizer.momentum}, `);
    case 'nesterov':
      return made('SGD', `momentum=${optimizer.momentum}, nesterov=True, `);
    case 'rmsprop':
      return made('RMSprop', `rho=${optimizer.rho}, epsilon=${optimizer.epsilon}, `);
    case 'adam':
      return made('Adam', momentsOf(optimizer));
    case 'adamw':
      return made('AdamW', `weight_decay=${optimizer.weightDecay}, ${momentsOf(optimizer)}`);
  }
}

function momentsOf({ beta1, beta2, epsilon }: { readonly beta1: number; readonly beta2: number; readonly epsilon: number }): string {
  return `beta_1=${beta1}, beta_2=${beta2}, epsilon=${epsilon}, `;
}

function augmentationLines({ augment }: ImageEpochSettings): string[] {
  if (augment === null) return [];
  const { rotation, shiftHorizontal, shiftVertical, shear, zoom, flip, brightness, contrast, crop, noise = 0, cutout = 0, mixup = 0, fill } = augment;
  const flag = (...flips: readonly string[]): string => (flips.includes(flip) ? 'True' : 'False');
  const missing = Object.entries({ contrast, crop, noise, cutout, mixup }).flatMap(([name, amount]) => (amount === 0 ? [] : [`${name} ${amount}`]));
  return [
    'from keras.src.legacy.preprocessing.image import ImageDataGenerator  # needs scipy',
    ...(missing.length === 0 ? [] : [`# Not done here, as ImageDataGenerator has none: ${missing.join(', ')}.`]),
    'generator = ImageDataGenerator(',
    `    rotation_range=${rotation}, width_shift_range=${shiftHorizontal}, height_shift_range=${shiftVertical}, shear_range=${shear}, zoom_range=${zoom},`,
    `    horizontal_flip=${flag('horizontal', 'both')}, vertical_flip=${flag('vertical', 'both')}, fill_mode=${python(fill)},`,
    `    brightness_range=${brightness === 0 ? 'None' : `(${1 - brightness}, ${1 + brightness})`},`,
    ')',
    '',
  ];
}

const SWAP = [
  'def swap():',
  '    """Averages in the place of weights, or back."""',
  '    for weight, average in zip(model.trainable_variables, optimizer._model_variables_moving_average):',
  '        held = weight.numpy()',
  '        weight.assign(average)',
  '        average.assign(held)',
  '',
  '',
];

interface Reduced {
  readonly rule: PlateauRule;
  /** The first epoch that it counts. */
  readonly from: number;
}

function plateauOf(runs: readonly { readonly count: number; readonly settings: ImageEpochSettings }[]): Reduced | null {
  const at = runs.findIndex(({ settings }) => settings.plateau !== undefined);
  const rule = runs[at]?.settings.plateau;
  return rule === undefined ? null : { rule, from: runs.slice(0, at).reduce((sum, { count }) => sum + count, 0) };
}

/** After each epoch, what Keras' ReduceLROnPlateau does; here by hand, as every epoch is a fit of its own. */
function plateauLines({ rule: { monitor, factor, patience, minDelta, cooldown, final }, from }: Reduced): string[] {
  const [part, metric] = monitor.split('.');
  if (metric === 'auc') return ['    # The learning rate was reduced by val.auc, which this script does not measure: it stays as it is.'];
  const value = part === 'train' ? `history["${metric}"][0]` : metric ?? '';
  const [best, better] = metric === 'loss' ? ['inf', `value < best - ${minDelta}`] : ['-inf', `value > best + ${minDelta}`];
  return [
    `    if epoch < ${from}:`,
    '        continue',
    `    value, best = ${value}, best if epoch > ${from} else float("${best}")`,
    '    if cooling > 0:',
    '        cooling, wait = cooling - 1, 0',
    `    if ${better}:`,
    '        best, wait = value, 0',
    '    elif cooling == 0:',
    '        wait += 1',
    `        if wait >= ${patience} and RATES[epoch][1] > ${final}:`,
    `            RATES[epoch + 1 :] = [[max(RATES[epoch][1] * ${factor}, ${final})] * 2] * (len(RATES) - epoch - 1)`,
    `            cooling, wait = ${cooldown}, 0`,
  ];
}

function trainingLines({ classWeights, augment, accumulate }: ImageEpochSettings, { optimizer }: ImageTrajectory, plateau: Reduced | null): string[] {
  const weights = classWeights === null ? 'None' : `{${classWeights.map((weight, label) => `${label}: ${weight}`).join(', ')}}`;
  const images = augment === null ? 'x' : 'np.stack([generator.random_transform(image) for image in x])';
  const caution = optimizer.name === 'sgdm' || optimizer.name === 'nesterov' ? ['# Keras keeps the rate inside the momentum: after a change of rate it follows a few steps later than trawl.'] : [];
  return [
    'class Rate(keras.callbacks.Callback):',
    '    def on_train_batch_begin(self, batch, logs=None):',
    '        first, last = RATES[epoch]',
    '        self.model.optimizer.learning_rate = first + (last - first) * (batch + 1) / self.params["steps"]',
    '',
    '',
    'def recalibrate(images):',
    '    """Batch-norm statistics over a fixed set of images, from one pass in batches, in the place of moving averages."""',
    '    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]',
    '    moments = {layer.name: [] for layer in norms}',
    '    for values in np.array_split(images, -(-len(images) // BATCH)):',
    '        count = len(values)',
    '        for layer in model.layers:',
    '            if layer in norms:',
    '                axes = tuple(range(values.ndim - 1))',
    '                moments[layer.name].append((count / len(images), values.mean(axes), values.var(axes)))',
    '            values = keras.ops.convert_to_numpy(layer(values, training=layer in norms))',
    '    for layer in norms:',
    '        mean = sum(share * m for share, m, _ in moments[layer.name])',
    '        layer.moving_mean.assign(mean)',
    '        layer.moving_variance.assign(sum(share * (v + (m - mean) ** 2) for share, m, v in moments[layer.name]))',
    '',
    '',
    ...(optimizer.ema === undefined ? [] : SWAP),
    'fixed = (x[rng.permutation(len(x))[:512]] - mean) / deviation',
    ...caution,
    ...(accumulate === 1 ? [] : [`# trawl sums gradients over ${accumulate} parts of each batch; here it is whole, so that batch norm sees the whole batch.`]),
    ...(plateau === null || plateau.rule.monitor === 'val.auc' ? [] : ['cooling, wait, best = 0, 0, 0.0']),
    'for epoch in range(len(RATES)):',
    `    seen = (${images} - mean) / deviation`,
    `    history = model.fit(seen, y, batch_size=BATCH, class_weight=${weights}, callbacks=[Rate()], verbose=0).history`,
    ...(optimizer.ema === undefined ? [] : ['    swap()']),
    '    recalibrate(fixed)',
    '    loss, accuracy = model.evaluate(x_val, y_val, verbose=0)[:2]',
    '    print(f"epoch {epoch}: train loss {history[\'loss\'][0]:.4f}, val loss {loss:.4f}, val accuracy {accuracy:.4f}")',
    ...(optimizer.ema === undefined ? [] : ['    swap()']),
    ...(plateau === null ? [] : plateauLines(plateau)),
    '',
  ];
}

/** JSON is Python but for three words. */
function python(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(python).join(', ')}]`;
  return JSON.stringify(value);
}

/** The shortest decimal that is this float32, as rates are. */
function shortest(rate: number): string {
  for (let digits = 1; digits < 9; digits += 1) {
    const text = Number(rate.toPrecision(digits));
    if (Math.fround(text) === Math.fround(rate)) return String(text);
  }
  return String(rate);
}
