/**
 * Random forest (Breiman 2001), as scikit-learn's RandomForestClassifier: each tree is grown on a bootstrap
 * of the images, at each node the best of a few elements drawn anew, by Gini impurity, and the forest gives
 * the mean of its leaves' shares. A pixel is one of 256 values, so counting these finds the best of all
 * thresholds; normalisation does not move the order of values and is left out.
 */
import { DataError } from '../data/data-error.js';
import { PURPOSE, RandomStream } from '../../proto/random.js';
import { type Arrays, type ClassicalKind, type Fitted, imageWeights, logitsOf, type Problem, type Pulse } from './fit.js';
import type { FlatImages } from './flat-images.js';
import { type GrownTree, growTree, type TreeRules } from './tree.js';

export const RANDOM_FOREST: ClassicalKind = {
  // A tree has less than two nodes for each image.
  memory: ({ count, size, classes, knobs }) => 2 * count * size + Number(knobs.trees) * count * 2 * (13 + 4 * classes) + 16 * count,
  fit,
  open: ({ roots, elements, thresholds, children, shares }: Arrays, { classes }) => {
    const fits = roots instanceof Int32Array && elements instanceof Int32Array && thresholds instanceof Uint8Array && children instanceof Int32Array && shares instanceof Float32Array
      && elements.length === thresholds.length && elements.length === children.length && shares.length === elements.length * classes;
    if (!fits) throw new DataError('the checkpoint is of no random forest of such classes');
    return opened({ roots, elements, thresholds, children, shares }, classes);
  },
};

interface Forest {
  /** The first node of each tree. */
  readonly roots: Int32Array;
  /** Of each node the element that it looks at; -1 for a leaf. */
  readonly elements: Int32Array;
  /** Values up to it go to the first child. */
  readonly thresholds: Uint8Array;
  /** The first child; the second follows it. */
  readonly children: Int32Array;
  /** float32 [nodes, classes]: of a leaf, the classes' shares. */
  readonly shares: Float32Array;
}

async function fit(problem: Problem, pulse: Pulse): Promise<Fitted> {
  const { images, labels, classes, knobs, seed, replicate } = problem;
  const trees = Number(knobs.trees);
  const columns = transposed(images);
  const draw = drawOf(problem);
  const rules: TreeRules = { maxDepth: knobs.maxDepth === null ? Infinity : Number(knobs.maxDepth), minSamplesLeaf: Number(knobs.minSamplesLeaf), tried: triedOf(knobs.maxFeatures, images.size) };
  const grown: GrownTree[] = [];
  for (let tree = 0; tree < trees; tree++) {
    const random = new RandomStream(PURPOSE.forest, seed, replicate, tree);
    const weights = new Float64Array(images.count);
    for (let drawn = 0; drawn < images.count; drawn++) weights[draw(random)]! += 1;
    grown.push(await growTree({ columns, labels, weights, classes, size: images.size }, rules, random, () => pulse.beat(tree, trees)));
  }
  return opened(joined(grown), classes);
}

/** One image of a bootstrap, the more often the more its class counts. */
function drawOf({ images, labels, classWeights }: Problem): (random: RandomStream) => number {
  if (classWeights === null) return (random) => random.below(images.count);
  let total = 0;
  const sums = imageWeights({ labels, classWeights }).map((weight) => (total += weight));
  return (random) => {
    const at = random.uniform() * total;
    let [low, high] = [0, images.count - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** How many elements a node looks at. */
function triedOf(maxFeatures: Problem['knobs'][string] | undefined, size: number): number {
  const tried = maxFeatures === 'sqrt' ? Math.sqrt(size) : maxFeatures === 'log2' ? Math.log2(size) : Number(maxFeatures) * size;
  return Math.max(1, Math.floor(tried));
}

/** uint8 [size, count]: an element of all images lies together. */
function transposed({ count, size, bytes }: FlatImages): Uint8Array {
  const columns = new Uint8Array(bytes.length);
  for (let image = 0; image < count; image++) for (let element = 0; element < size; element++) columns[element * count + image] = bytes[image * size + element]!;
  return columns;
}

function joined(trees: readonly GrownTree[]): Forest {
  const roots = new Int32Array(trees.length);
  let nodes = 0;
  trees.forEach((tree, index) => {
    roots[index] = nodes;
    nodes += tree.elements.length;
  });
  return {
    roots,
    elements: Int32Array.from(trees.flatMap((tree) => tree.elements)),
    thresholds: Uint8Array.from(trees.flatMap((tree) => tree.thresholds)),
    children: Int32Array.from(trees.flatMap((tree, index) => tree.children.map((child) => (child < 0 ? child : child + roots[index]!)))),
    shares: Float32Array.from(trees.flatMap((tree) => tree.shares)),
  };
}

function opened(arrays: Forest, classes: number): Fitted {
  const { roots, elements, thresholds, children, shares } = arrays;
  return {
    params: 3 * elements.length + shares.length,
    arrays: { ...arrays },
    predict: ({ count, size, bytes }) => {
      const probabilities = new Float64Array(count * classes);
      for (let image = 0; image < count; image++) {
        for (const root of roots) {
          let node = root;
          while (elements[node]! >= 0) node = children[node]! + (bytes[image * size + elements[node]!]! <= thresholds[node]! ? 0 : 1);
          for (let label = 0; label < classes; label++) probabilities[image * classes + label]! += shares[node * classes + label]! / roots.length;
        }
      }
      return logitsOf(probabilities);
    },
  };
}
