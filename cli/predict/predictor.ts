/** A bundle in memory, ready to say what images are. */
import { decide, meanProbabilities, type WeightedMember } from '../../coordinator/ensemble/combine.js';
import type { Box } from '../../proto/work.js';
import { decodeImage } from '../../worker/data/decode.js';
import { flatImages } from '../../worker/classical/flat-images.js';
import { openClassical } from '../../worker/classical/open.js';
import { shapeOf } from '../../worker/data/raster.js';
import { type Engine, type ImageSource, type Normalisation, UnsupportedLayerError } from '../../worker/engine/engine.js';
import { softmaxOf } from '../../worker/evaluate/metrics.js';
import type { Topology } from '../../worker/model/topology.js';
import type { Bundle } from '../bundle/read.js';
import { eagerHint } from '../engine/eager-text.js';
import { BadBundle, type BundleInput } from '../bundle/format.js';

/** Another decoder, or another engine, may move the last digits; this much is another model. */
export const SELF_CHECK_TOLERANCE = 1e-3;

/** Images that are decoded and predicted together. */
export const PREDICTION_BATCH = 32;

/** An image as each of the bundle's inputs sees it: uint8 [height, width, channels]. */
export type DecodedImage = readonly Uint8Array[];

export interface Prediction {
  readonly class: string;
  /** By label index; float32. */
  readonly probabilities: readonly number[];
}

interface Model {
  readonly weight: number;
  /** Logits float32 [indices.length, classes] of the images that its input shows. */
  readonly predict: (indices: Int32Array) => Float32Array;
}

/** Not safe for concurrent use. */
export class Predictor {
  readonly classes: readonly string[];
  /** Of the masks that say what of an image is seen; null where none do. */
  readonly masks: { readonly margin: number } | null;
  readonly #bundle: Bundle;
  readonly #sources: readonly BatchSource[];
  readonly #models: readonly Model[];

  private constructor(bundle: Bundle, sources: readonly BatchSource[], models: readonly Model[]) {
    this.classes = bundle.manifest.classes;
    // Of one sweep, whose models see the same of an image.
    const { crop } = bundle.manifest.inputs[0] ?? {};
    this.masks = crop !== undefined && 'masks' in crop ? crop.masks : null;
    this.#bundle = bundle;
    this.#sources = sources;
    this.#models = models;
  }

  /** Throws BadBundle where topology and weights do not fit together. */
  static async load(bundle: Bundle, engine: Engine): Promise<Predictor> {
    const sources = bundle.manifest.inputs.map((input) => new BatchSource(input));
    const models: Model[] = [];
    for (const { input, weight, topology, weights } of bundle.manifest.members) {
      const source = sources[input];
      const shape = bundle.manifest.inputs[input];
      if (source === undefined || shape === undefined) throw new BadBundle(bundle.folder, `it has no input ${input}; pull it again`);
      const normalisation = { mean: floats(bundle, shape.mean), deviation: floats(bundle, shape.deviation) };
      const network = topology === undefined ? null : (JSON.parse(Buffer.from(bundle.file(topology)).toString('utf8')) as Topology);
      try {
        models.push({ weight, predict: network === null ? classical(bundle, weights, normalisation, source) : await compiled(bundle, { network, weights }, normalisation, engine, source) });
      } catch (error) {
        const hint = network !== null && error instanceof UnsupportedLayerError && !engine.numerics.startsWith('eager:') ? await eagerHint(network, false) : '';
        throw new BadBundle(bundle.folder, `${weights} cannot be loaded: ${error instanceof Error ? error.message : String(error)}${hint}`, { cause: error });
      }
    }
    return new Predictor(bundle, sources, models);
  }

  /** `box`: what its mask leaves of the image, where masks say it. Throws UnreadableImageError. */
  decode(bytes: Uint8Array, box?: Box): Promise<DecodedImage> {
    return Promise.all(
      this.#bundle.manifest.inputs.map((input) => {
        const shape = shapeOf(input, box);
        if (shape === null) throw new BadBundle(this.#bundle.folder, 'it sees what masks leave of an image, and an image comes without one; pull it again');
        return decodeImage(bytes, shape);
      }),
    );
  }

  /** At most PREDICTION_BATCH images. */
  predict(images: readonly DecodedImage[]): Prediction[] {
    if (images.length === 0) return [];
    const { rule, threshold, positive } = this.#bundle.manifest;
    const classes = this.classes.length;
    this.#sources.forEach((source, input) => source.show(images.map((image) => image[input] ?? new Uint8Array())));
    const indices = Int32Array.from(images, (_, index) => index);
    const members: WeightedMember[] = this.#models.map(({ weight, predict }) => ({ weight, probabilities: softmaxOf(predict(indices), classes) }));
    const mean = meanProbabilities(members);
    const decided = decide(members, mean, { rule, classes, positive: positive === null ? 1 : this.classes.indexOf(positive), threshold });
    return images.map((_, index) => ({ class: this.classes[decided[index] ?? 0] ?? '', probabilities: [...mean.subarray(index * classes, (index + 1) * classes)] }));
  }

  /** The largest difference between what is predicted here for the bundle's own images and what was recorded; Infinity where one is no number, null where the bundle has none. */
  async selfCheck(): Promise<number | null> {
    const { reference } = this.#bundle.manifest;
    if (reference.length === 0) return null;
    const decoded = await Promise.all(reference.map(async ({ file, box }) => this.decode(this.#bundle.file(file), box)));
    let largest = 0;
    this.predict(decoded).forEach(({ probabilities }, index) => {
      probabilities.forEach((probability, label) => (largest = larger(largest, Math.abs(probability - (reference[index]?.probabilities[label] ?? NaN)))));
    });
    return largest;
  }
}

async function compiled(bundle: Bundle, { network, weights }: { readonly network: Topology; readonly weights: string }, normalisation: Normalisation, engine: Engine, source: ImageSource): Promise<Model['predict']> {
  const training = {
    // Nothing is trained: the smallest optimizer, and no room for what only steps need.
    ...{ optimizer: { name: 'sgd' } as const, clips: false, augments: false, initSeed: 0, replicate: 0 },
    ...{ classes: bundle.manifest.classes.length, maxBatch: PREDICTION_BATCH, accumulate: 1, memoryBytes: null },
    normalisation,
  };
  const executable = await engine.compile(network, training, source);
  executable.load(bundle.file(weights));
  return (indices) => executable.predict(indices);
}

function classical(bundle: Bundle, weights: string, normalisation: Normalisation, source: ImageSource): Model['predict'] {
  const size = source.height * source.width * source.channels;
  const fitted = openClassical(bundle.file(weights), { classes: bundle.manifest.classes.length, size, normalisation });
  return (indices) => fitted.predict(flatImages(source, indices));
}

function floats(bundle: Bundle, name: string | null): Float32Array | null {
  if (name === null) return null;
  const bytes = bundle.file(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(4 * index, true));
}

/** Infinity where one is no number: what cannot be compared is not equal. */
function larger(a: number, b: number): number {
  return Number.isNaN(b) ? Infinity : Math.max(a, b);
}

/** The images of the batch in hand, as an engine asks for them. */
class BatchSource implements ImageSource {
  readonly count = PREDICTION_BATCH;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly labels = new Uint16Array(PREDICTION_BATCH);
  #images: readonly Uint8Array[] = [];

  constructor({ height, width, channels }: BundleInput) {
    this.height = height;
    this.width = width;
    this.channels = channels;
  }

  show(images: readonly Uint8Array[]): void {
    this.#images = images;
  }

  read(indices: Int32Array, into: Uint8Array): void {
    const size = this.height * this.width * this.channels;
    indices.forEach((index, position) => {
      const image = this.#images[index];
      if (image?.length !== size) throw new RangeError(`image ${index} of ${this.#images.length}`);
      into.set(image, position * size);
    });
  }
}
