/** One classification tree over bytes. */
import type { RandomStream } from '../../proto/random.js';

export interface TreeData {
  /** uint8 [size, labels.length] */
  readonly columns: Uint8Array;
  readonly labels: Uint16Array;
  /** Of each image; one of weight 0 is not there. */
  readonly weights: Float64Array;
  readonly classes: number;
  readonly size: number;
}

export interface TreeRules {
  readonly maxDepth: number;
  /** Images that each side of a split must have. */
  readonly minSamplesLeaf: number;
  /** Elements that a node looks at, and further ones until one of them splits its images. */
  readonly tried: number;
}

/** Node by node: the element and its threshold, the first child, and the classes' shares; -1 and zeros where there are none. */
export interface GrownTree {
  readonly elements: number[];
  readonly thresholds: number[];
  readonly children: number[];
  readonly shares: number[];
}

interface Split {
  readonly element: number;
  readonly threshold: number;
  readonly gain: number;
}

const LEVELS = 256;

export async function growTree(data: TreeData, rules: TreeRules, random: RandomStream, pulse: () => Promise<void> | void): Promise<GrownTree> {
  const tree: GrownTree = { elements: [], thresholds: [], children: [], shares: [] };
  const finder = new SplitFinder(data, rules, random);
  const add = (): number => {
    for (let label = 0; label < data.classes; label++) tree.shares.push(0);
    tree.thresholds.push(0);
    tree.children.push(-1);
    return tree.elements.push(-1) - 1;
  };
  const all = Int32Array.from(Array.from(data.weights.keys()).filter((image) => data.weights[image]! > 0));
  const open = [{ node: add(), images: all, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    await pulse();
    const { node, images, depth } = next;
    const totals = classTotals(data, images);
    const split = depth < rules.maxDepth && totals.filter((total) => total > 0).length > 1 ? finder.best(images, totals) : null;
    if (split === null) {
      const sum = totals.reduce((all, total) => all + total, 0);
      totals.forEach((total, label) => { tree.shares[node * data.classes + label] = total / sum; });
      continue;
    }
    tree.elements[node] = split.element;
    tree.thresholds[node] = split.threshold;
    const [first, second] = [add(), add()];
    tree.children[node] = first;
    const goesFirst = (image: number): boolean => data.columns[split.element * data.labels.length + image]! <= split.threshold;
    open.push({ node: second, images: images.filter((image) => !goesFirst(image)), depth: depth + 1 }, { node: first, images: images.filter(goesFirst), depth: depth + 1 });
  }
  return tree;
}

function classTotals({ labels, weights, classes }: TreeData, images: Int32Array): Float64Array {
  const totals = new Float64Array(classes);
  for (const image of images) totals[labels[image]!]! += weights[image]!;
  return totals;
}

class SplitFinder {
  readonly #data: TreeData;
  readonly #rules: TreeRules;
  readonly #random: RandomStream;
  /** The elements in an order that is drawn on from node to node. */
  readonly #order: Int32Array;
  readonly #weights: Float64Array;
  readonly #counts = new Int32Array(LEVELS);

  constructor(data: TreeData, rules: TreeRules, random: RandomStream) {
    this.#data = data;
    this.#rules = rules;
    this.#random = random;
    this.#order = Int32Array.from({ length: data.size }, (_, element) => element);
    this.#weights = new Float64Array(LEVELS * data.classes);
  }

  /** Null where no element tells the images apart, or leaves enough of them on both sides. */
  best(images: Int32Array, totals: Float64Array): Split | null {
    let best: Split | null = null;
    for (let drawn = 0; drawn < this.#data.size && (drawn < this.#rules.tried || best === null); drawn++) {
      const split = this.#splitBy(this.#draw(drawn), images, totals);
      if (split !== null && split.gain > (best?.gain ?? -Infinity)) best = split;
    }
    return best;
  }

  /** Of those that were not drawn for this node. */
  #draw(drawn: number): number {
    const order = this.#order;
    const at = drawn + this.#random.below(order.length - drawn);
    const element = order[at]!;
    order[at] = order[drawn]!;
    order[drawn] = element;
    return element;
  }

  /** The best threshold: the largest sum over both sides of squared class weights over the side's weight, which is the least Gini impurity. */
  #splitBy(element: number, images: Int32Array, totals: Float64Array): Split | null {
    const { classes } = this.#data;
    const [least, most] = this.#count(element, images);
    let best: Split | null = null;
    const first = new Float64Array(classes);
    let [images0, previous] = [0, least];
    for (let level = least; level <= most; level++) {
      if (this.#counts[level] === 0) continue;
      if (level > least && images0 >= this.#rules.minSamplesLeaf && images.length - images0 >= this.#rules.minSamplesLeaf) {
        const gain = purity(first, totals);
        if (gain > (best?.gain ?? -Infinity)) best = { element, threshold: Math.floor((previous + level) / 2), gain };
      }
      for (let label = 0; label < classes; label++) first[label]! += this.#weights[level * classes + label]!;
      images0 += this.#counts[level]!;
      previous = level;
    }
    this.#weights.fill(0, least * classes, (most + 1) * classes);
    this.#counts.fill(0, least, most + 1);
    return best;
  }

  /** Weights of each class and numbers of images by level; returns the smallest and the largest level. */
  #count(element: number, images: Int32Array): readonly [number, number] {
    const { columns, labels, weights, classes } = this.#data;
    const from = element * labels.length;
    let [least, most] = [LEVELS, -1];
    for (const image of images) {
      const level = columns[from + image]!;
      if (level < least) least = level;
      if (level > most) most = level;
      this.#weights[level * classes + labels[image]!]! += weights[image]!;
      this.#counts[level]! += 1;
    }
    return [least, most];
  }
}

function purity(first: Float64Array, totals: Float64Array): number {
  let [weight0, squares0, weight1, squares1] = [0, 0, 0, 0];
  for (let label = 0; label < first.length; label++) {
    const own = first[label]!;
    const rest = totals[label]! - own;
    weight0 += own;
    squares0 += own * own;
    weight1 += rest;
    squares1 += rest * rest;
  }
  return squares0 / weight0 + squares1 / weight1;
}
