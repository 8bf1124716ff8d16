/**
 * Support vector machine with a Gaussian kernel: one machine for each pair of classes (LIBSVM's C-SVC).
 * Its values become probabilities as in scikit-learn's CalibratedClassifierCV(SVC(), ensemble=False): five
 * folds, stratified and in the data set's order, give every training image a value from machines that have
 * not seen it, and Platt's sigmoid is fitted to those, one for each class against the rest. Nothing is
 * drawn, where LIBSVM's own probabilities depend on a shuffle.
 */
import { DataError } from '../data/data-error.js';
import { pointBytes, Points } from './distances.js';
import { type Arrays, type ClassicalKind, type Fitted, logitsOf, type Problem, type Pulse } from './fit.js';
import { rowsOf, type FlatImages, type Scaling } from './flat-images.js';
import { kernelBytes, KernelRows } from './kernel-rows.js';
import { fitSigmoid, probabilityOf, type Sigmoid } from './platt.js';
import { solveDual } from './smo.js';

/** scikit-learn's `tol`. */
const TOLERANCE = 1e-3;
const FOLDS = 5;

export const SVM: ClassicalKind = {
  memory: ({ count, size, classes }) => 2 * count * size + 2 * pointBytes(count, size) + kernelBytes(count) + 8 * count * (4 + classes * classes),
  fit,
  open: ({ images, coefficients, rho, sigmoids, gamma }: Arrays, setting) => {
    const [classes, size] = [setting.classes, setting.scaling.scale.length];
    const pairs = pairsOf(classes).length;
    const fits = images instanceof Uint8Array && coefficients instanceof Float32Array && rho instanceof Float64Array && sigmoids instanceof Float64Array && gamma instanceof Float64Array
      && rho.length === pairs && gamma.length === 1 && sigmoids.length === 2 * sigmoidsFor(classes) && images.length * pairs === coefficients.length * size;
    if (!fits) throw new DataError('the checkpoint is of no support vector machine on such images');
    return opened({ images, coefficients, rho, sigmoids, gamma }, setting);
  },
};

interface Machines {
  /** Support vectors of all pairs, uint8 [vectors, size]. */
  readonly images: Uint8Array;
  /** float32 [vectors, pairs] */
  readonly coefficients: Float32Array;
  readonly rho: Float64Array;
  /** Slope and offset of each. */
  readonly sigmoids: Float64Array;
  readonly gamma: Float64Array;
}

/** Of two classes the first one's probability is what the second leaves. */
function sigmoidsFor(classes: number): number {
  return classes === 2 ? 1 : classes;
}

function pairsOf(classes: number): (readonly [number, number])[] {
  return Array.from({ length: classes }, (_, one) => Array.from({ length: classes - one - 1 }, (__, more) => [one, one + more + 1] as const)).flat();
}

interface Trained {
  readonly coefficients: Float64Array;
  readonly rho: number;
}

async function fit(problem: Problem, pulse: Pulse): Promise<Fitted> {
  const { images, labels, classes, scaling } = problem;
  const folds = foldsOf(labels, classes);
  const count = Math.max(...folds) + 1;
  const gamma = gammaOf(problem);
  const kernel = new KernelRows(new Points(images, scaling), gamma);
  const of = (count + 1) * pairsOf(classes).length;
  let done = 0;
  const machines = async (takes: (image: number) => boolean): Promise<Trained[]> => {
    const trained: Trained[] = [];
    for (const pair of pairsOf(classes)) {
      trained.push(await trainPair(problem, kernel, pair, takes, () => pulse.beat(done, of)));
      done += 1;
    }
    return trained;
  };
  const held = Array.from({ length: sigmoidsFor(classes) }, () => new Float64Array(images.count));
  for (let fold = 0; fold < count; fold++) {
    const own = Array.from(folds.keys()).filter((image) => folds[image] === fold);
    const values = await heldOutValues(await machines((image) => folds[image] !== fold), kernel, own, () => pulse.beat(done, of));
    own.forEach((image, place) => classValues(values.subarray(place * values.length / own.length, (place + 1) * values.length / own.length), classes).forEach((value, each) => { held[each]![image] = value; }));
  }
  const whole = await machines(() => true);
  const sigmoids = held.flatMap((values, each) => {
    const { slope, offset } = fitSigmoid(values, (image) => labels[image] === (classes === 2 ? 1 : each));
    return [slope, offset];
  });
  const vectors = Array.from(labels.keys()).filter((image) => whole.some(({ coefficients }) => coefficients[image] !== 0));
  return opened({
    images: rowsOf(images, vectors).bytes,
    coefficients: Float32Array.from(vectors.flatMap((image) => whole.map(({ coefficients }) => coefficients[image]!))),
    rho: Float64Array.from(whole, ({ rho }) => rho),
    sigmoids: Float64Array.from(sigmoids),
    gamma: Float64Array.of(gamma),
  }, problem);
}

/** Which fold each image is held out in, as scikit-learn's StratifiedKFold without shuffling. */
function foldsOf(labels: Uint16Array, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]! += 1;
  const least = Math.min(...counts);
  if (least < 2) throw new DataError(`svm: found a class with ${least === 0 ? 'no training image' : 'one training image'}, expected at least 2 of each`);
  const folds = Math.min(FOLDS, least);
  // Labels in order are dealt out to the folds; how many of a class a fold got is how many of its images are held out there, one fold after another.
  const sorted = labels.slice().sort();
  const shares = Array.from({ length: classes }, () => new Int32Array(folds));
  sorted.forEach((label, index) => (shares[label]![index % folds]! += 1));
  const next = new Int32Array(classes);
  return Int32Array.from(labels, (label) => {
    const own = shares[label]!;
    while (own[next[label]!] === 0) next[label]! += 1;
    own[next[label]!]! -= 1;
    return next[label]!;
  });
}

/** scikit-learn's `scale` and `auto`. */
function gammaOf({ images, scaling, knobs }: Problem): number {
  if (typeof knobs.gamma === 'number') return knobs.gamma;
  const variance = knobs.gamma === 'auto' ? 1 : varianceOf(images, scaling);
  return variance === 0 ? 1 : 1 / (images.size * variance);
}

/** Over all values of all images, normalised. */
function varianceOf({ count, size, bytes }: FlatImages, { scale, offset }: Scaling): number {
  const sums = new Float64Array(size);
  const squares = new Float64Array(size);
  for (let at = 0, element = 0; at < bytes.length; at++, element = element + 1 === size ? 0 : element + 1) {
    const value = bytes[at]!;
    sums[element]! += value;
    squares[element]! += value * value;
  }
  let mean = 0;
  for (let element = 0; element < size; element++) mean += (scale[element]! * sums[element]!) / count + offset[element]!;
  mean /= size;
  let sum = 0;
  for (let element = 0; element < size; element++) {
    const own = sums[element]! / count;
    const apart = scale[element]! * own + offset[element]! - mean;
    sum += scale[element]! ** 2 * (squares[element]! / count - own * own) + apart * apart;
  }
  return sum / size;
}

/** Of two classes among the images that `takes` lets through: values above 0 mean the first of the pair, as in LIBSVM. */
async function trainPair({ labels, classWeights, knobs }: Problem, kernel: KernelRows, [one, other]: readonly [number, number], takes: (image: number) => boolean, pulse: () => Promise<void> | void): Promise<Trained> {
  const chosen = Int32Array.from(Array.from(labels.keys()).filter((image) => takes(image) && (labels[image] === one || labels[image] === other)));
  const whole = chosen.length === labels.length;
  const bound = (label: number): number => Number(knobs.C) * (classWeights?.[label] ?? 1);
  const { coefficients, rho } = await solveDual({
    count: chosen.length,
    signs: Int8Array.from(chosen, (image) => (labels[image] === one ? 1 : -1)),
    bounds: Float64Array.from(chosen, (image) => bound(labels[image]!)),
    row: (image) => {
      const row = kernel.row(chosen[image]!);
      return whole ? row : Float32Array.from(chosen, (each) => row[each]!);
    },
  }, TOLERANCE, pulse);
  const all = new Float64Array(labels.length);
  chosen.forEach((image, place) => { all[image] = coefficients[place]!; });
  return { coefficients: all, rho };
}

/** Values of images of the training part, float64 [own.length, pairs]. */
async function heldOutValues(machines: readonly Trained[], kernel: KernelRows, own: readonly number[], pulse: () => Promise<void> | void): Promise<Float64Array> {
  const values = new Float64Array(own.length * machines.length);
  const [first] = machines;
  for (let vector = 0; vector < (first?.coefficients.length ?? 0); vector++) {
    if (machines.every(({ coefficients }) => coefficients[vector] === 0)) continue;
    await pulse();
    const row = kernel.row(vector);
    machines.forEach(({ coefficients }, pair) => own.forEach((image, place) => { values[place * machines.length + pair]! += coefficients[vector]! * row[image]!; }));
  }
  return values.map((value, index) => value - machines[index % machines.length]!.rho);
}

/**
 * From the values of pairs to one for each class (of two classes, for the second): votes, and how sure they
 * were squeezed below a vote, as scikit-learn's one-versus-rest decision function.
 */
function classValues(pairs: Float64Array, classes: number): Float64Array {
  if (classes === 2) return Float64Array.of(-pairs[0]!);
  const votes = new Float64Array(classes);
  const sureness = new Float64Array(classes);
  pairsOf(classes).forEach(([one, other], pair) => {
    const value = pairs[pair]!;
    votes[value < 0 ? other : one]! += 1;
    sureness[one]! += value;
    sureness[other]! -= value;
  });
  return votes.map((count, label) => count + sureness[label]! / (3 * (Math.abs(sureness[label]!) + 1)));
}

function opened(arrays: Machines, { classes, scaling }: Pick<Problem, 'classes' | 'scaling'>): Fitted {
  const { images, coefficients, rho, sigmoids, gamma: [gamma = 1] } = arrays;
  const size = scaling.scale.length;
  const vectors = new Points({ count: images.length / size, size, bytes: images }, scaling);
  const pairs = rho.length;
  const calibrated: readonly Sigmoid[] = Array.from({ length: sigmoids.length / 2 }, (_, each) => ({ slope: sigmoids[2 * each]!, offset: sigmoids[2 * each + 1]! }));
  const kernels = new Float64Array(vectors.count);
  return {
    params: images.length + coefficients.length + rho.length + sigmoids.length,
    arrays: { ...arrays },
    predict: (asked) => {
      const points = new Points(asked, scaling);
      const probabilities = new Float64Array(points.count * classes);
      for (let point = 0; point < points.count; point++) {
        points.distances(point, vectors, kernels);
        const values = rho.map((value) => -value);
        for (let vector = 0; vector < kernels.length; vector++) {
          const kernel = Math.exp(-gamma * kernels[vector]!);
          for (let pair = 0; pair < pairs; pair++) values[pair]! += coefficients[vector * pairs + pair]! * kernel;
        }
        probabilities.set(sharesOf(classValues(values, classes), calibrated), point * classes);
      }
      return logitsOf(probabilities);
    },
  };
}

/** Probabilities of the classes: each by its sigmoid, made to sum to 1. */
function sharesOf(values: Float64Array, sigmoids: readonly Sigmoid[]): Float64Array {
  const each = values.map((value, index) => probabilityOf(sigmoids[index]!, value));
  if (each.length === 1) return Float64Array.of(1 - each[0]!, each[0]!);
  const total = each.reduce((sum, probability) => sum + probability, 0);
  return each.map((probability) => (total === 0 ? 1 / each.length : probability / total));
}
