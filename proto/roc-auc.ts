/** The area under the ROC curve, for whoever measures a model: workers their trials, the coordinator its ensembles. */

/**
 * Two classes: the chance that an image of class 1 gets a higher probability of class 1 than one of
 * class 0, ties counting half (Mann-Whitney; Hanley and McNeil 1982). More: the unweighted mean of each
 * class against the rest, as scikit-learn's roc_auc_score(multi_class='ovr', average='macro').
 *
 * A class that is absent, or alone, has no curve and is left out of the mean, where scikit-learn gives
 * NaN or refuses. Where no class has one, and where probabilities are not numbers, the answer is 0.5,
 * what a model that knows nothing gets: a result holds numbers only, and such a part ranks nothing.
 *
 * `scores` is float32 [images, classes].
 */
export function rocAuc(scores: Float32Array, labels: ArrayLike<number>, classes: number): number {
  const images = labels.length;
  const room: Room = { keys: new Uint32Array(images), order: new Uint32Array(images), spare: new Uint32Array(images), starts: new Uint32Array(DIGITS * RADIX) };
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  for (let index = 0; index < bits.length; index += 1) if (((bits[index] ?? 0) & 0x7fffffff) > INFINITY_BITS) return 0.5;
  let sum = 0;
  let curves = 0;
  // Of two classes the curves are mirror images: the second speaks for both.
  for (let label = classes === 2 ? 1 : 0; label < classes; label += 1) {
    for (let image = 0; image < images; image += 1) room.keys[image] = ascending(bits[image * classes + label] ?? 0);
    const area = oneAgainstRest(room, labels, label);
    if (area === null) continue;
    sum += area;
    curves += 1;
  }
  return curves === 0 ? 0.5 : sum / curves;
}

/** Of the magnitude of a float32; what is above is not a number. */
const INFINITY_BITS = 0x7f800000;
const DIGIT_BITS = 11;
const RADIX = 2 ** DIGIT_BITS;
/** Eleven bits at a time make 32 in three. */
const DIGITS = 3;

/** Buffers for one call: a search for an ensemble makes tens of thousands. */
interface Room {
  /** By image. */
  readonly keys: Uint32Array;
  /** Images by key, once sorted. */
  readonly order: Uint32Array;
  readonly spare: Uint32Array;
  /** Where the images of each value of each digit begin. */
  readonly starts: Uint32Array;
}

/** An integer below 2^32 that grows with the score: the order of IEEE 754 numbers is that of their bits, once the negative ones are turned round. */
function ascending(bits: number): number {
  // -0 and 0 are equal scores.
  if (bits === 0x80000000) return 0x80000000;
  return (bits >= 0x80000000 ? ~bits : bits | 0x80000000) >>> 0;
}

/**
 * A radix sort, because a search for an ensemble ranks every candidate anew in each round: for 5,000
 * images it takes a tenth of the time of a typed array's own sort, which compares.
 * Ranks and their sums are halves of integers, so the result does not depend on the order within ties.
 */
function oneAgainstRest(room: Room, labels: ArrayLike<number>, label: number): number | null {
  const { keys } = room;
  const images = labels.length;
  const order = sorted(room);
  let positives = 0;
  let rankSum = 0;
  for (let from = 0; from < images; ) {
    const key = keys[order[from] ?? 0];
    let to = from;
    let tied = 0;
    for (; to < images && keys[order[to] ?? 0] === key; to += 1) if (labels[order[to] ?? 0] === label) tied += 1;
    // Ranks count from 1; equal scores share the mean of theirs.
    rankSum += (tied * (from + 1 + to)) / 2;
    positives += tied;
    from = to;
  }
  const negatives = images - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Images in order of their keys. */
function sorted({ keys, order, spare, starts }: Room): Uint32Array {
  const images = keys.length;
  starts.fill(0);
  for (let image = 0; image < images; image += 1) {
    const key = keys[image] ?? 0;
    for (let digit = 0; digit < DIGITS; digit += 1) {
      const at = digit * RADIX + ((key >>> (digit * DIGIT_BITS)) & (RADIX - 1));
      starts[at] = (starts[at] ?? 0) + 1;
    }
    order[image] = image;
  }
  let [from, to] = [order, spare];
  for (let digit = 0; digit < DIGITS; digit += 1) {
    const base = digit * RADIX;
    for (let value = 0, start = 0; value < RADIX; value += 1) {
      const count = starts[base + value] ?? 0;
      starts[base + value] = start;
      start += count;
    }
    const shift = digit * DIGIT_BITS;
    for (let place = 0; place < images; place += 1) {
      const image = from[place] ?? 0;
      const at = base + (((keys[image] ?? 0) >>> shift) & (RADIX - 1));
      const goal = starts[at] ?? 0;
      to[goal] = image;
      starts[at] = goal + 1;
    }
    [from, to] = [to, from];
  }
  return from;
}
